"""Check which resources and outputs exist, for all combinations of parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from conditional import parameters_of, switches
from expectations import expectations, problems

from smtemplates.evaluate import Stack, dangling, possible
from smtemplates.evaluate.domains import unlisted

Choice = dict[str, str]


def test_values_of_split_parameters_are_known(any_template: dict[str, Any]) -> None:
    """The proofs below need values of the parameters of which conditions read a part."""
    missing = [name for name in unlisted(any_template) if name not in samples.VALUES]
    assert not missing, (
        f"tests/samples.py: conditions read a part of {', '.join(missing)}. Add values that differ in that part to "
        f'VALUES, for example: "{missing[0]}": ["", "a", "a,b"]'
    )


def test_every_condition_can_be_true_and_false(default_template: dict[str, Any]) -> None:
    """Over all parameters and Regions, each condition has both values."""
    values = {
        **samples.VALUES,
        "AWS::Region": list(default_template.get("Mappings", {}).get("ImageRegistries", REGIONS)),
    }
    decided = {name: truths for name, truths in possible(default_template, values).items() if truths != {True, False}}
    assert decided == {}


def test_no_reference_is_dangling(any_template: dict[str, Any]) -> None:
    """In all combinations of parameters that the Rules accept, every reference is to an existing resource."""
    assert dangling(any_template, samples.VALUES) == []


@pytest.mark.slow
def test_every_parameter_has_an_effect(template: dict[str, Any]) -> None:
    """A change of any parameter changes resources or outputs, in at least one of some deployments."""
    others = {
        **{name: "77" for name, declared in template["Parameters"].items() if declared["Type"] == "Number"},
        **samples.ROLE,
        **samples.BUCKETS,
        **{name: value for name, value in samples.EVERYTHING.items() if name in template["Parameters"]},
        **samples.KEY,
        **samples.TOPIC,
        **samples.GROUPS,
        "ProjectName": "churn",
        "NotebookInstanceType": "ml.t3.large",
        "NotebookPackages": "polars",
        "TrainingInstanceType": "ml.m5.xlarge",
        "ProcessingInstanceType": "ml.m5.xlarge",
        "ModelPackageGroupDescription": "Churn models",
        **samples.ENDPOINT,
        "EndpointInstanceType": "ml.m5.xlarge",
    }
    encrypted = {**samples.INSTANCES, **samples.MADE_KEY}
    contexts = [{}, samples.EVERYTHING, samples.NO_BUCKETS, samples.ENDPOINT, samples.INSTANCES, encrypted]
    unused = [
        name for name in template["Parameters"] if not _has_effect(template, name, others.get(name, "sample"), contexts)
    ]
    assert unused == []


def _has_effect(template: dict[str, Any], name: str, other: str, contexts: list[Choice]) -> bool:
    values = set(map(str, template["Parameters"][name].get("AllowedValues", (other, ""))))
    return any(_differ(_result(template, {**context, name: value}) for value in values) for context in contexts)


def _differ(results: Iterator[str]) -> bool:
    first = next(results)
    return any(result != first for result in results)


def _result(template: dict[str, Any], choice: Choice) -> str:
    stack = Stack(template, choice)
    return json.dumps([stack.resources, stack.outputs], sort_keys=True)


@pytest.mark.parametrize("section", ["Resources", "Outputs"])
def test_resources_and_outputs_exist_as_expected(template: dict[str, Any], section: str) -> None:
    """Each resource and each optional output exists with exactly the parameters that tests/constructs states.

    All combinations of the parameters that can make a difference are tested. A new switch is one of them.
    """
    names = [name for name, body in template[section].items() if section == "Resources" or _is_optional(template, body)]
    found = [problem for name in names for problem in problems(template, section, name)]
    assert not found, "\n".join(found)


def _is_optional(template: dict[str, Any], body: dict[str, Any]) -> bool:
    """Return whether an output depends on a parameter. Other outputs exist always, or depend on the Region only."""
    return "Condition" in body and bool(parameters_of(template, body["Condition"]))


def test_every_expectation_is_of_the_template(template: dict[str, Any]) -> None:
    """No module in tests/constructs states when a resource or an output exists that the template does not have."""
    names = {f"{section}.{name}" for section in ("Resources", "Outputs") for name in template[section]}
    assert set(expectations()) - names == set()


@pytest.mark.slow
def test_removed_and_inverted_conditions_are_problems(template: dict[str, Any]) -> None:
    """Without its condition, and with the opposite condition, no resource exists as expected."""
    opposites = {f"Not{name}": {"Fn::Not": [{"Condition": name}]} for name in template["Conditions"]}
    conditions = {**template["Conditions"], **opposites}
    for name, body in template["Resources"].items():
        if "Condition" in body:
            for changed in ({"Type": body["Type"]}, {**body, "Condition": f"Not{body['Condition']}"}):
                resources = {**template["Resources"], name: changed}
                whole = {**template, "Conditions": conditions, "Resources": resources}
                assert problems(whole, "Resources", name), changed


def test_switches_are_parameters_that_decide_about_resources(template: dict[str, Any]) -> None:
    """A Boolean parameter that only changes a property is not a switch, and no switch is missing."""
    assert switches(template) == samples.SWITCHES
    assert {"CreateBuckets", "CreateNotebook", "NotifyOfEvents"} <= set(samples.SWITCHES)
    assert {"BucketVersioning", "AllowModelApproval"}.isdisjoint(samples.SWITCHES)


def test_new_resource_without_expectation_is_a_problem(template: dict[str, Any]) -> None:
    """The sentence contains the place of the expectation and an example."""
    resources = {**template["Resources"], "Added": {"Type": "AWS::SNS::Topic", "Condition": "CreateNotebook"}}
    (sentence,) = problems({**template, "Resources": resources}, "Resources", "Added")
    assert sentence.endswith('for example: "Added": lambda choice: choice.is_true("CreateNotebook")')
    assert "EXPECTATION" in sentence


def test_defaults_satisfy_the_rules(default_template: dict[str, Any]) -> None:
    """Every parameter has a default, and the Rules accept the combination of all defaults."""
    assert all("Default" in declared for declared in default_template["Parameters"].values())
    assert Stack(default_template).rules() == []


def test_promised_outputs_exist_always(template: dict[str, Any]) -> None:
    """The outputs that the documentation promises exist in every Region and without optional resources."""
    promised = {
        *(f"{which}Bucket{what}" for which in ("Input", "Output", "Model") for what in ("Name", "Arn")),
        *("ExecutionRoleArn", "TrainingLogGroupName", "ProcessingLogGroupName", "EndpointLogGroupName"),
        *("UploadTrainingDataCommand", "CreateTrainingJobCommand", "CreateProcessingJobCommand", "CreateModelCommand"),
        *("CreateEndpointConfigCommand", "CreateEndpointCommand", "InvokeEndpointCommand", "ViewTrainingLogsCommand"),
        *("CreateNotebookCommand", "SageMakerSdkConfig", "PyTorchTrainingImage", "TensorFlowTrainingImage"),
    }
    smallest = {**samples.NO_BUCKETS, **samples.ROLE, **dict.fromkeys(samples.SWITCHES, "false")}
    assert promised <= set(Stack(template, smallest, pseudo={"AWS::Region": "eu-isoe-west-1"}).outputs)


REJECTED = [
    ({"CreateBuckets": "false"}, "ExistingInputBucketName"),
    ({**samples.KEY, **samples.MADE_KEY}, "not both"),
    ({"CreateDomain": "true"}, "CreateDomain requires VpcId and SubnetIds"),
    ({**samples.FEATURES["studio"], "DomainAuthMode": "SSO"}, "UserProfileNames empty"),
    ({"StudioDockerTrustedAccountIds": samples.ACCOUNT}, "requires StudioDockerAccess"),
    ({"ExistingModelPackageGroupName": "churn", "CreateModelPackageGroup": "true"}, "but not both"),
    ({"ExistingModelPackageGroupName": "churn", "RegistryReaderAccountIds": samples.ACCOUNT}, "leave RegistryReader"),
    *(
        ({"IntelligentTieringDays": tiering, "ObjectExpirationDays": expiration}, "before they are deleted")
        for tiering, expiration in (("1", "1"), ("90", "90"), ("90", "1"), ("1", "90"))
    ),
    ({"NotebookDirectInternetAccess": "Disabled"}, "requires VpcId and SubnetIds"),
    ({"VpcId": samples.VPC["VpcId"]}, "both VpcId and SubnetIds"),
    ({"SubnetIds": samples.VPC["SubnetIds"]}, "both VpcId and SubnetIds"),
    (samples.GROUPS, "SecurityGroupIds requires"),
    ({**samples.ROLE, **samples.POLICIES}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "AccessLevel": "FullAccess"}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "MaxJobRuntimeSeconds": "3600"}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "AllowedInstanceTypes": "ml.m5.*"}, "With ExistingRoleArn, keep"),
    ({**samples.TOPIC, "AlarmEmail": "team@example.com"}, "not both"),
    ({"ModelDataUrl": samples.ENDPOINT["ModelDataUrl"]}, "require ModelImageUri"),
    (samples.UNCOMPRESSED, "require ModelImageUri"),
    ({**samples.ENDPOINT, **samples.UNCOMPRESSED}, "ModelDataUrl or ModelDataPrefix, but not both"),
    ({**samples.IMAGE, **samples.UNCOMPRESSED}, "cannot serve an uncompressed model"),
    ({**samples.IMAGE, **samples.PACKAGE}, "ModelPackageArn or ModelImageUri, but not both"),
    ({"ContainerEnvironment": "HF_TASK=text-generation"}, "requires ModelImageUri or ModelPackageArn"),
    ({**samples.ENDPOINT, "DataCapturePercentage": "20"}, "captures no data"),
    ({**samples.ENDPOINT, **samples.KEY, "EncryptEndpointVolumes": "true"}, "has no volumes"),
    ({**samples.PRD, **samples.INSTANCES, "EndpointInstanceType": "ml.g5.xlarge"}, "only if AllowedInstanceTypes"),
    (
        {**samples.PRD, "CreateNotebook": "true", "NotebookInstanceType": "ml.p3.2xlarge"},
        "only if AllowedInstanceTypes",
    ),
    ({**samples.ENDPOINT, **samples.VPC}, "cannot run in a VPC"),
    ({**samples.ENDPOINT, "EndpointName": "churn"}, "leave EndpointName empty"),
    ({**samples.PACKAGE, "EndpointName": "churn"}, "leave EndpointName empty"),
]


@pytest.mark.parametrize(("choice", "sentence"), REJECTED, ids=lambda value: str(value)[:60])
def test_invalid_combinations_are_rejected_with_a_message(
    template: dict[str, Any], choice: Choice, sentence: str
) -> None:
    """The message of a Rule describes how to correct the combination."""
    assert any(sentence in message for message in Stack(template, choice).rules())


ACCEPTED = {
    "everything": samples.EVERYTHING,
    "buckets": samples.NO_BUCKETS,
    "role": samples.ROLE,
    "key": samples.KEY,
    "groups": samples.VPC | samples.GROUPS,
    "topic": samples.TOPIC,
    "later expiration": {"IntelligentTieringDays": "90", "ObjectExpirationDays": "91"},
    "no expiration": {"IntelligentTieringDays": "90"},
    "package": samples.PACKAGE,
    "uncompressed": {**samples.IMAGE, **samples.UNCOMPRESSED, "EndpointServing": "Instances"},
    "accelerator in dev": {**samples.INSTANCES, "EndpointInstanceType": "ml.g5.xlarge"},
    "accelerator in the list": {
        **samples.PRD,
        **samples.INSTANCES,
        "EndpointInstanceType": "ml.g5.xlarge",
        "AllowedInstanceTypes": "ml.g5.*",
    },
    "accelerator with an existing role": {
        **samples.PRD,
        **samples.ROLE,
        **samples.INSTANCES,
        "EndpointInstanceType": "ml.g5.xlarge",
    },
    "accelerator that is not used": {**samples.PRD, **samples.ENDPOINT, "EndpointInstanceType": "ml.g5.xlarge"},
}


@pytest.mark.parametrize("choice", ACCEPTED.values(), ids=ACCEPTED)
def test_valid_combinations_are_accepted(template: dict[str, Any], choice: Choice) -> None:
    """The Rules accept combinations that users need."""
    assert Stack(template, choice).rules() == []
