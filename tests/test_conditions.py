"""Resources and outputs of a stack, for all combinations of parameters."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS

from smtemplates.evaluate import Stack, dangling, possible

Choice = dict[str, str]

# Values of the parameters that conditions decompose. The values of all others are in the template.
UP_TO_FIVE = ("UserProfileNames", "PrincipalArns", "PrincipalPatterns", "ShareAccountIds", "TagOptionValues")
LISTS = {
    **{name: ["", ",b", "a", "a,b", "a,b,c", "a,b,c,d", "a,b,c,d,e"] for name in UP_TO_FIVE},
    "TrainingInstanceType": ["ml.m5.large", "ml.g5.xlarge", "ml.p4d.24xlarge", "ml.inf2.xlarge"],
}


def test_every_condition_can_be_true_and_can_be_false(default_template: dict[str, Any]) -> None:
    """Over all parameters and Regions, each condition can be true and can be false."""
    values = {**LISTS, "AWS::Region": list(default_template.get("Mappings", {}).get("ImageRegistries", REGIONS))}
    decided = {name: truths for name, truths in possible(default_template, values).items() if truths != {True, False}}
    assert decided == {}


def test_no_reference_is_to_a_resource_that_does_not_exist(any_template: dict[str, Any]) -> None:
    """References are to existing resources for all combinations of parameters that the Rules allow."""
    assert dangling(any_template, LISTS) == []


def test_every_parameter_has_an_effect(template: dict[str, Any]) -> None:
    """A change of any parameter changes resources or outputs of a deployment in which it matters."""
    others = {
        **{name: "77" for name, declared in template["Parameters"].items() if declared["Type"] == "Number"},
        **{name: value for choice in WORLDS for name, value in choice.items()},
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
    on_instances = {**samples.ENDPOINT, "EndpointServing": "Instances"}
    contexts = [{}, samples.EVERYTHING, samples.NO_BUCKETS, samples.ENDPOINT, on_instances]
    unused = [name for name in template["Parameters"] if not _matters(template, name, others.get(name, ""), contexts)]
    assert unused == []


def _matters(template: dict[str, Any], name: str, other: str, contexts: list[Choice]) -> bool:
    values = set(map(str, template["Parameters"][name].get("AllowedValues", (other, ""))))
    return any(len({_result(template, {**context, name: value}) for value in values}) > 1 for context in contexts)


def _result(template: dict[str, Any], choice: Choice) -> str:
    stack = Stack(template, choice)
    return json.dumps([stack.resources, stack.outputs], sort_keys=True)


def _on(name: str) -> Callable[[Choice], bool]:
    return lambda choice: choice.get(name) == "true"


def _bucket(existing: str) -> Callable[[Choice], bool]:
    return lambda choice: choice.get("CreateBuckets", "true") == "true" and existing not in choice


# The resources that the descriptions of the parameters promise.
def _expected(choice: Choice) -> set[str]:
    on = {name for name in choice if choice[name] == "true"}
    vpc = "VpcId" in choice
    role = "ExistingRoleArn" not in choice
    least = role and choice.get("AccessLevel") != "FullAccess"
    folders, groups = "CreateFolders" in on, "ManageLogGroups" in on
    made = {"EndpointErrorsAlarm", "EndpointLatencyAlarm"}
    if "CreateBuckets" in on:
        for which in ("Input", "Output", "Model"):
            if f"Existing{which}BucketName" not in choice:
                made |= {f"{which}Bucket", f"{which}BucketPolicy"}
    made |= {"EncryptionKey"} if "CreateKmsKey" in on else set()
    made |= {"ExecutionRole", "DataPolicy"} if role else set()
    made |= {"JobsPolicy", "HostingPolicy", "WorkflowPolicy"} if least else set()
    made |= {"NetworkPolicy"} if least and vpc else set()
    made |= {"AlarmTopic", "AlarmTopicPolicy"}
    made |= {"Dashboard"} if "CreateDashboard" in on else set()
    made |= {"Folders"} if folders else set()
    made |= {"LogGroups"} if groups else set()
    made |= {"Initializer", "InitializerRole", "InitializerLogGroup"} if folders or groups else set()
    if vpc:
        made |= {"SecurityGroup", "SecurityGroupFromMembers", "SecurityGroupToMembers"}
    if "CreateNotebook" in on:
        made |= {"Notebook", "NotebookLifecycle"} | ({"NotebookPolicy"} if role else set())
    if "CreateDomain" in on and vpc:
        made |= {"Domain", "UserProfile1", "UserProfile2"} | ({"StudioPolicy"} if role else set())
        made |= {"StudioSettings", "StudioLabLifecycle", "StudioCodeEditorLifecycle"}
    notified = choice.get("NotifyOfEvents") != "false"
    made |= {"JobFailures"} if notified else set()
    if "ModelImageUri" in choice:
        made |= {"Model", "EndpointConfig", "Endpoint"}
        made |= {"EndpointScaling", "EndpointScalingPolicy"} if choice.get("EndpointServing") == "Instances" else set()
    if "CreateMlflow" in on:
        made |= {"MlflowApp"} | ({"TrackingPolicy"} if least else set())
    if "CreateModelPackageGroup" in on:
        made |= {"ModelPackageGroup"} | ({"RegistryPolicy"} if least else set())
        made |= {"ModelApprovals"} if notified else set()
    return made


SWITCHES = (
    "CreateBuckets",
    "CreateFolders",
    "CreateKmsKey",
    "CreateNotebook",
    "CreateDomain",
    "CreateMlflow",
    "CreateModelPackageGroup",
    "CreateDashboard",
    "ManageLogGroups",
)
WORLDS: list[Choice] = [
    world | level
    for world in (
        samples.BUCKETS,
        {},
        samples.ENDPOINT,
        samples.VPC | samples.ENDPOINT | {"EndpointServing": "Instances"},
        samples.VPC,
        samples.ROLE,
        samples.VPC | samples.ROLE,
        {"NotifyOfEvents": "false"},
    )
    for level in ({}, {"AccessLevel": "FullAccess"})
    if not ("ExistingRoleArn" in world and level)
]


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: "+".join(world) or "plain")
def test_exactly_the_described_resources_exist(template: dict[str, Any], world: Choice) -> None:
    """For all 512 combinations of the nine switches, in each world, exactly the promised resources exist."""
    for positions in itertools.product(("true", "false"), repeat=len(SWITCHES)):
        choice = {**world, **dict(zip(SWITCHES, positions, strict=True)), "UserProfileNames": "ana,bo"}
        stack = Stack(template, choice)
        if stack.rules():
            continue
        assert {name for name in template["Resources"] if stack.exists(name)} == _expected(choice), choice


def test_the_defaults_satisfy_the_rules(default_template: dict[str, Any]) -> None:
    """Every parameter has a default, and the defaults satisfy the Rules."""
    assert all("Default" in declared for declared in default_template["Parameters"].values())
    assert Stack(default_template).rules() == []


def test_an_output_exists_exactly_if_its_resource_does(template: dict[str, Any]) -> None:
    """An output about an optional resource exists only with the resource. All other promised outputs always exist."""
    always = {
        *(f"{which}Bucket{what}" for which in ("Input", "Output", "Model") for what in ("Name", "Arn")),
        *("ExecutionRoleArn", "TrainingLogGroupName", "ProcessingLogGroupName", "EndpointLogGroupName"),
        *("UploadTrainingDataCommand", "CreateTrainingJobCommand", "CreateProcessingJobCommand", "CreateModelCommand"),
        *("CreateEndpointConfigCommand", "CreateEndpointCommand", "InvokeEndpointCommand", "ViewTrainingLogsCommand"),
        *("CreateNotebookCommand", "SageMakerSdkConfig", "PyTorchTrainingImage", "TensorFlowTrainingImage"),
    }
    barest = {**samples.NO_BUCKETS, **samples.ROLE, "CreateDashboard": "false"}
    outside = {"AWS::Region": "eu-isoe-west-1"}
    assert set(Stack(template, barest, pseudo=outside).outputs) == always
    studio = {"DomainId", "DomainArn", "DomainUrl", "StudioUrlCommand"}
    notebook = {"NotebookInstanceName", "NotebookInstanceArn", "NotebookUrlCommand"}
    registry = {"ModelPackageGroupName", "ModelPackageGroupArn"}
    mlflow = {"MlflowAppArn", "MlflowUrlCommand"}
    endpoint = {"ServedEndpointName", "ServedEndpointArn"}
    for feature, outputs in (
        ("endpoint", endpoint),
        ("studio", studio),
        ("notebook", notebook),
        ("mlflow", mlflow),
        ("registry", registry),
    ):
        found = set(Stack(template, {**barest, **samples.FEATURES[feature]}, pseudo=outside).outputs)
        assert found == always | outputs, feature
    # presigned addresses are for IAM only
    sso = {**samples.FEATURES["studio"], "DomainAuthMode": "SSO", "UserProfileNames": ""}
    assert set(Stack(template, {**barest, **sso}, pseudo=outside).outputs) == always | studio - {"StudioUrlCommand"}


REJECTED = [
    ({"CreateBuckets": "false"}, "ExistingInputBucketName"),
    ({**samples.KEY, **samples.MADE_KEY}, "not both"),
    ({"CreateDomain": "true"}, "CreateDomain requires VpcId and SubnetIds"),
    ({**samples.FEATURES["studio"], "DomainAuthMode": "SSO"}, "UserProfileNames empty"),
    ({"NotebookDirectInternetAccess": "Disabled"}, "requires VpcId and SubnetIds"),
    ({"VpcId": samples.VPC["VpcId"]}, "both VpcId and SubnetIds"),
    ({"SubnetIds": samples.VPC["SubnetIds"]}, "both VpcId and SubnetIds"),
    (samples.GROUPS, "SecurityGroupIds requires"),
    ({**samples.ROLE, **samples.POLICIES}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "AccessLevel": "FullAccess"}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "MaxJobRuntimeSeconds": "3600"}, "With ExistingRoleArn, keep"),
    ({**samples.ROLE, "AllowedInstanceTypes": "ml.m5.*"}, "With ExistingRoleArn, keep"),
    ({**samples.TOPIC, "AlarmEmail": "team@example.com"}, "not both"),
    ({"ModelDataUrl": samples.ENDPOINT["ModelDataUrl"]}, "requires ModelImageUri"),
    ({**samples.ENDPOINT, **samples.VPC}, "cannot run in a VPC"),
    ({**samples.ENDPOINT, "EndpointName": "churn"}, "leave EndpointName empty"),
]


@pytest.mark.parametrize(("choice", "sentence"), REJECTED, ids=lambda value: str(value)[:60])
def test_invalid_combinations_are_rejected_with_a_clear_message(
    template: dict[str, Any], choice: Choice, sentence: str
) -> None:
    """A Rule rejects the combination before any resource is created, and describes the solution."""
    assert any(sentence in said for said in Stack(template, choice).rules())


@pytest.mark.parametrize(
    "choice",
    [samples.EVERYTHING, samples.NO_BUCKETS, samples.ROLE, samples.KEY, samples.VPC | samples.GROUPS, samples.TOPIC],
    ids=["everything", "buckets", "role", "key", "groups", "topic"],
)
def test_valid_combinations_are_accepted(template: dict[str, Any], choice: Choice) -> None:
    """Rules accept all valid combinations."""
    assert Stack(template, choice).rules() == []
