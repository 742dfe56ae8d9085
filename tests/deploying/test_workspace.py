"""The workspace template on the local cloud, from its creation to its deletion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import smtemplates
from deploying.local_aws import Aws

TRANSFORM = "/aws/sagemaker/TransformJobs"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "workspace.yaml"
    path.write_text(smtemplates.render(smtemplates.build()))
    return path


def deploy(aws: Aws, template: Path, name: str, *settings: str) -> dict[str, str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    arguments = ["--yes", "--json", "--create-staging-bucket", "--allow-destructive", *sets]
    done = aws.run("deploy", name, *arguments, template=template)
    assert done.returncode == 0, done.stderr
    outputs: dict[str, str] = json.loads(done.stdout)["outputs"]
    return outputs


def test_workspace_is_created_updated_and_destroyed(aws: Aws, template: Path, name: str) -> None:
    """A workspace has its folders, features can be enabled and disabled, and destroy --delete-data deletes buckets."""
    outputs = deploy(aws, template, name)
    found = aws.client("s3").list_objects_v2(Bucket=outputs["InputBucketName"])["Contents"]
    assert {item["Key"] for item in found} == {"training/", "validation/", "test/"}
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    assert {item["logGroupName"]: item.get("retentionInDays") for item in groups}[outputs["TrainingLogGroupName"]] == 30
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    network = [f"VpcId={vpc}", f"SubnetIds={subnet}"]
    outputs = deploy(aws, template, name, "CreateNotebook=true", "CreateDomain=true", *network)
    sagemaker = aws.client("sagemaker")
    notebook = sagemaker.describe_notebook_instance(NotebookInstanceName=outputs["NotebookInstanceName"])
    assert notebook["SubnetId"] == subnet
    assert sagemaker.describe_domain(DomainId=outputs["DomainId"])["VpcId"] == vpc
    outputs = deploy(aws, template, name, "CreateMlflow=true")
    app = sagemaker.describe_mlflow_app(Arn=outputs["MlflowAppArn"])
    assert app["ArtifactStoreUri"] == f"s3://{outputs['ModelBucketName']}/mlflow/"
    deploy(aws, template, name, "Environment=stg", "EndpointErrorThreshold=3")
    alarms = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    errors = [alarm["Threshold"] for alarm in alarms if f"{name}-EndpointErrorsAlarm" in alarm["AlarmName"]]
    assert errors == [3]
    outputs = deploy(aws, template, name, "CreateNotebook=false")
    assert "NotebookInstanceName" not in outputs
    destroyed = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert (destroyed.returncode, aws.status(name)) == (0, None), destroyed.stderr
    names = [item["Name"] for item in aws.client("s3").list_buckets()["Buckets"]]
    assert not [bucket for bucket in names if bucket.startswith(name.lower())]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.yaml"
    path.write_text(smtemplates.render(smtemplates.build(without=smtemplates.FEATURES)))
    return path


def test_workspaces_do_not_change_the_retention_that_others_set(aws: Aws, small: Path, name: str) -> None:
    """Each workspace of an account changes only the shared log groups that it created, unless a parameter allows more.

    destroy lists the log groups that the stack manages, and none if it manages none.
    """
    account = Aws(aws.url, ("222233334444", "test"))
    logs = account.client("logs")
    logs.create_log_group(logGroupName=TRANSFORM)
    retentions = []
    for stack, setting in (
        (f"{name}-a", "LogRetentionDays=365"),
        (f"{name}-b", "LogRetentionDays=14"),
        (f"{name}-b", "ChangeExistingLogGroups=true"),
        (f"{name}-a", "LogRetentionDays=90"),
    ):
        deploy(account, small, stack, setting)
        groups = logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
        found = {group["logGroupName"]: group.get("retentionInDays") for group in groups}
        retentions.append((found.pop(TRANSFORM), *set(found.values())))
    assert retentions == [(None, 365), (None, 365), (14, 365), (14, 90)]
    deploy(account, small, f"{name}-b", "ManageLogGroups=false")
    for stack, log_groups in ((f"{name}-a", sorted([*found, TRANSFORM])), (f"{name}-b", [])):
        done = account.run("destroy", stack, "--confirm", stack, "--delete-data")
        retained = sorted(line[4:] for line in done.stderr.splitlines() if line.startswith("  = /aws/"))
        assert (done.returncode, retained) == (0, log_groups), done.stderr
    assert len(logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]) == len(groups)


def test_mlflow_is_rejected_in_a_region_without_it(aws: Aws, template: Path, name: str) -> None:
    """A feature that the Region lacks is rejected before any resource is created."""
    done = aws.run("plan", name, "--region", "eu-south-1", "--set", "CreateMlflow=true", template=template)
    assert (done.returncode, "MLflow apps are not available in this Region" in done.stderr) == (2, True), done.stderr
    assert aws.status(name) is None
