"""Class the resources of states, choose those that the stack uses, and release them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adopting.test_state import SECRET, one, resource, state
from smtemplates.adopt.adoption import Adoption, adopt
from smtemplates.adopt.kinds import KINDS, Outcome
from smtemplates.adopt.release import release
from smtemplates.adopt.report import Report, as_json, files
from smtemplates.adopt.stack_table import places, stack_table
from smtemplates.adopt.state import Instance, parse_state, read_state
from smtemplates.errors import UsageError

WORKSPACE = Path(__file__).with_name("states") / "workspace.tfstate"
TRUST = json.dumps({"Statement": [{"Principal": {"Service": "sagemaker.amazonaws.com"}}]})
REUSE, RECREATE, KEEP, COPY = Outcome.REUSE, Outcome.RECREATE, Outcome.KEEP, Outcome.COPY


@pytest.fixture(scope="module")
def instances() -> list[Instance]:
    return read_state(WORKSPACE)


def adopted(*resources: dict[str, Any], **options: Any) -> Adoption:
    return adopt(parse_state(state(*resources), "a.tfstate"), **options)


def outcomes(found: Adoption) -> dict[str, Outcome]:
    return {each.instance.label: each.outcome for each in found.decisions}


def bucket(name: str, label: str = "", **extra: Any) -> dict[str, Any]:
    return resource("aws_s3_bucket", label or name, one(bucket=name, id=name, arn=f"arn:aws:s3:::{name}"), **extra)


def test_state_that_terraform_wrote(instances: list[Instance]) -> None:
    """Buckets, role, key, topic, group, and all that belongs to them are used. The others are named."""
    found = outcomes(adopt(instances))
    assert Counter(found.values()) == {REUSE: 28, KEEP: 8, RECREATE: 4, COPY: 2}
    owned = {name for name, outcome in found.items() if outcome is REUSE}
    assert {name.partition(".")[0] for name in owned} == {
        "aws_cloudwatch_log_group", "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy",
        "aws_iam_role_policy_attachment", "aws_kms_alias", "aws_kms_key", "aws_s3_bucket",
        "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_logging", "aws_s3_bucket_policy",
        "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration",
        "aws_s3_bucket_versioning", "aws_s3_object", "aws_sagemaker_model_package_group", "aws_sns_topic",
        "aws_sns_topic_subscription",
    }  # fmt: skip
    assert {name for name, outcome in found.items() if outcome is COPY} == {
        "aws_sagemaker_domain.main", "aws_sagemaker_notebook_instance.main[0]",
    }  # fmt: skip
    assert found["aws_s3_bucket.logs"] is found["module.extra.aws_s3_bucket.this"] is KEEP
    assert found["aws_cloudwatch_log_group.training"] is RECREATE


def test_parameters_of_the_stack(instances: list[Instance]) -> None:
    values = adopt(instances, variables={"project_name": "churn", "training_instance_type": "ml.m5.xlarge"})
    assert values.settings.notes == []
    found = values.settings.values
    arns = {"ExistingRoleArn": r"arn:aws:iam::\d+:role/churn-dev-execution", "KmsKeyArn": r"arn:aws:kms:.*:key/.*",
            "AlarmTopicArn": r"arn:aws:sns:.*:churn-dev-alarms", "VpcId": "vpc-.*", "SubnetIds": "subnet-.*,subnet-.*",
            "SecurityGroupIds": "sg-.*"}  # fmt: skip
    assert all(re.fullmatch(pattern, found.pop(name)) for name, pattern in arns.items())
    assert found == {
        "ProjectName": "churn",
        "TrainingInstanceType": "ml.m5.xlarge",
        "ExistingInputBucketName": "churn-dev-input",
        "ExistingOutputBucketName": "churn-dev-output",
        "ExistingModelBucketName": "churn-dev-models",
        "ExistingModelPackageGroupName": "churn-dev-models",
        "CreateNotebook": "true",
        "NotebookInstanceType": "ml.t3.large",
        "NotebookVolumeSizeGb": "50",
        "NotebookDirectInternetAccess": "Enabled",
        "NotebookRootAccess": "Enabled",
        "NotebookGitRepository": "https://github.com/example/churn.git",
        "CreateDomain": "true",
        "LogRetentionDays": "14",
        "EndpointErrorThreshold": "5",
    }
    assert places(instances) == ("us-east-1", "000000000000")
    assert (
        stack_table("a", "", "", {"X": 'q"'})
        == '[stack.a]\ntemplate = "workspace"\n\n[stack.a.parameters]\nX = "q\\""\n'
    )


def test_variables_and_attributes_that_do_not_fit_are_named() -> None:
    """A value that its parameter does not accept, or that differs from the state, is named with its origin."""
    log_group = resource("aws_cloudwatch_log_group", "a", one(name="/aws/sagemaker/TrainingJobs", retention_in_days=14))
    variables = {"environment": "production", "project_name": "Not Valid", "log_retention_days": 30, "other": {"a": 1},
                 "database_password": SECRET, "MORE": "x"}  # fmt: skip
    settings = adopted(log_group, variables=variables).settings
    assert settings.values == {"Environment": "prd", "LogRetentionDays": "14"}
    joined = "\n".join(settings.notes)
    assert "variable project_name was not used for ProjectName, which must" in joined
    assert (
        "variable log_retention_days has another value for LogRetentionDays than aws_cloudwatch_log_group.a" in joined
    )
    assert "Variables without a counterpart: MORE, database_password, other." in joined
    assert SECRET not in joined
    assert "Not Valid" not in joined


def test_two_candidates_need_a_decision() -> None:
    """The message names all candidates of all roles, with the option that decides."""
    resources = [bucket("raw-a"), bucket("raw-b"),
                 resource("aws_iam_role", "x", one(name="x", assume_role_policy=TRUST)),
                 resource("aws_iam_role", "y", one(name="y", assume_role_policy=TRUST))]  # fmt: skip
    with pytest.raises(UsageError) as raised:
        adopted(*resources)
    first, second = str(raised.value).splitlines()
    assert first.startswith("aws_s3_bucket.raw-a (raw-a) and aws_s3_bucket.raw-b (raw-b) can be the input bucket.")
    assert "--input-bucket NAME" in first
    assert "aws_iam_role.x (x) and aws_iam_role.y (y) can be the execution role. Specify --role NAME" in second
    found = adopted(*resources, wanted={"input": "raw-b", "role": "aws_iam_role.x"})
    assert [name for name, outcome in outcomes(found).items() if outcome is REUSE] == [
        "aws_s3_bucket.raw-b", "aws_iam_role.x",
    ]  # fmt: skip
    assert found.settings.values == {"ExistingInputBucketName": "raw-b"}
    none = adopted(*resources, wanted={"input": "none", "role": "none"})
    assert {*outcomes(none).values()} == {KEEP}
    with pytest.raises(
        UsageError, match=r"--input-bucket raw-c: the state contains no aws_s3_bucket.* Did you mean raw"
    ):
        adopted(*resources, wanted={"input": "raw-c", "role": "none"})


def test_roles_are_decided_by_the_strongest_evidence() -> None:
    """Folders decide before names, and the role of the notebook instance before a role that trusts SageMaker."""
    resources = [
        bucket("archive"),
        bucket("training-data"),
        resource("aws_s3_object", "f", {"index_key": "training/", **one(bucket="archive", key="training/")}),
        resource("aws_iam_role", "x", one(name="x", arn="arn:x", assume_role_policy=TRUST)),
        resource("aws_iam_role", "y", one(name="y", arn="arn:y", assume_role_policy=TRUST)),
        resource("aws_sagemaker_notebook_instance", "n", one(name="n", role_arn="arn:y")),
    ]
    roles = adopted(*resources).roles
    assert (roles["input"].name, roles["role"].name) == ("archive", "y")


def test_modules_count_providers_and_unknown_types_are_named() -> None:
    """Each instance occurs once, with the reason why it stays."""
    found = adopted(
        resource(
            "aws_s3_bucket", "data", {"index_key": "input", **one(bucket="in")}, {"index_key": "x", **one(bucket="x")}
        ),
        resource("aws_rds_cluster", "db", {"index_key": 0, **one()}, {"index_key": 1, **one()}),
        resource("random_id", "r", one(), provider='provider["registry.terraform.io/hashicorp/random"]'),
        resource("aws_iam_role", "r", one(name="r", assume_role_policy=TRUST), module='module.m["a"]'),
        wanted={"input": "in"},
    )
    assert outcomes(found) == {
        'aws_s3_bucket.data["input"]': REUSE,
        'aws_s3_bucket.data["x"]': KEEP,
        "aws_rds_cluster.db[0]": KEEP,
        "aws_rds_cluster.db[1]": KEEP,
        "random_id.r": KEEP,
        'module.m["a"].aws_iam_role.r': REUSE,
    }
    reasons = {each.instance.label: each.reason for each in found.decisions}
    assert reasons["aws_rds_cluster.db[0]"] == "smtemplates has no counterpart for aws_rds_cluster."
    assert reasons["random_id.r"] == "It belongs to the provider registry.terraform.io/hashicorp/random."
    released = release([each.instance for each in found.decisions], found.handed_over)
    # a block cannot name one instance of for_each
    assert released.partial == ("aws_s3_bucket.data",)
    assert re.findall(r"from = (.*)", released.removed) == ["module.m.aws_iam_role.r"]
    assert released.commands == (
        "terraform state rm 'aws_s3_bucket.data[\"input\"]'", "terraform state rm 'module.m[\"a\"].aws_iam_role.r'",
    )  # fmt: skip
    assert 'to = module.m["a"].aws_iam_role.r\n  id = "r"' in released.imports


def test_references_to_released_resources_are_named() -> None:
    """A resource that stays in the configuration refers to one whose block is deleted."""
    alarm = {
        **one(namespace="AWS/SageMaker", alarm_actions=["arn:t"]),
        "dependencies": ["aws_sns_topic.t", "aws_vpc.v"],
    }
    found = adopted(
        resource("aws_sns_topic", "t", one(name="t", arn="arn:t")), resource("aws_cloudwatch_metric_alarm", "a", alarm)
    )
    assert found.decisions[1].reason.endswith("In its block, replace references to aws_sns_topic.t with values.")


def test_data_is_lost_unless_it_was_copied() -> None:
    """Notebook instances, domains, user profiles and spaces are copied first. An option confirms the copy."""
    resources = [
        resource("aws_sagemaker_notebook_instance", "n", one(name="it's")),
        resource("aws_sagemaker_domain", "d", one(id="d-1")),
        resource("aws_sagemaker_user_profile", "u", one(domain_id="d-1", user_profile_name="ada")),
        resource("aws_sagemaker_space", "s", one(domain_id="d-1", space_name="lab")),
        resource("aws_sagemaker_notebook_instance", "old", {"deposed": "0123abcd", **one(name="old")}),
    ]
    found = adopted(*resources)
    assert {*outcomes(found).values()} == {COPY}
    assert found.loses_data
    assert found.settings.values["UserProfileNames"] == "ada"
    assert all(each.commands for each in found.decisions)
    assert "s3://YOUR-BUCKET/notebook/it" in found.decisions[0].commands[0]
    copied = [each.instance.label for each in found.decisions]
    assert not adopted(*resources, copied=copied).loses_data
    with pytest.raises(UsageError, match=r"--copied aws_vpc.a: the state has no resource"):
        adopted(*resources, copied=["aws_vpc.a"])


def test_log_groups_are_classed_by_who_writes_to_them() -> None:
    names = {"/aws/sagemaker/TrainingJobs": REUSE, "/aws/sagemaker/Endpoints/churn": REUSE,
             "/aws/sagemaker/TrainingJobs/churn": RECREATE, "/ecs/web": KEEP}  # fmt: skip
    groups = [resource("aws_cloudwatch_log_group", f"g{n}", one(name=name)) for n, name in enumerate(names)]
    assert [*outcomes(adopted(*groups)).values()] == [*names.values()]


def test_every_released_type_can_be_imported_again(instances: list[Instance]) -> None:
    """The import blocks contain an ID for each resource that Terraform wrote, and the table one for each type."""
    found = adopt(instances)
    released = release(instances, found.handed_over)
    assert released.imports.count("import {") == len(found.handed_over) == len(released.commands)
    assert not released.partial
    assert all(kind.import_id for kind in KINDS.values() if kind.outcome is REUSE)


def test_secrets_are_never_written(instances: list[Instance]) -> None:
    """The files of the result do not contain sensitive values, or values that look like credentials."""
    secrets = ["hush-this-is-secret", "IyEvYmluL2Jhc2gKZXhwb3J0", SECRET]
    role = resource("aws_iam_role", "r", one(name=SECRET, arn=SECRET, assume_role_policy=TRUST))
    notebook = {**one(name="n", instance_type="ml.t3.large", default_code_repository=f"https://u:{SECRET}@host/x"),
                "sensitive_attributes": [[{"type": "get_attr", "value": "instance_type"}]]}  # fmt: skip
    hidden = parse_state(
        state(role, bucket(SECRET, "input"), resource("aws_sagemaker_notebook_instance", "n", notebook)), ""
    )
    for each in (instances, hidden):
        found = adopt(each, variables={"alarm_email": SECRET})
        released = release(each, found.handed_over)
        report = Report(stack="a", table=stack_table("a", "", "", found.settings.values), adoption=found, buckets=[],
                        release=released)  # fmt: skip
        text = "\n".join([*files(report).values(), as_json(report)])
        assert not [secret for secret in secrets if secret in text]
    assert "NotebookInstanceType" not in found.settings.values
