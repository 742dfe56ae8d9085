"""Which resources and outputs a choice of parameters makes, over all choices."""

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

# Values of the parameters that conditions take apart; all others' follow from the template.
UP_TO_FIVE = ("UserProfileNames", "PrincipalArns", "PrincipalPatterns", "ShareAccountIds", "TagOptionValues")
LISTS = {
    **{name: ["", ",b", "a", "a,b", "a,b,c", "a,b,c,d", "a,b,c,d,e"] for name in UP_TO_FIVE},
    "TrainingInstanceType": ["ml.m5.large", "ml.g5.xlarge", "ml.p4d.24xlarge", "ml.inf2.xlarge"],
}


def test_every_condition_can_be_true_and_can_be_false(default_template: dict[str, Any]) -> None:
    """No condition is decided before anybody chooses: over all parameters and Regions each takes both values."""
    values = {**LISTS, "AWS::Region": list(default_template.get("Mappings", {}).get("ImageRegistries", REGIONS))}
    decided = {name: truths for name, truths in possible(default_template, values).items() if truths != {True, False}}
    assert decided == {}


def test_nothing_refers_to_a_resource_that_is_not_made(any_template: dict[str, Any]) -> None:
    """For no combination of parameters that the Rules admit does anything refer to an absent resource."""
    assert dangling(any_template, LISTS) == []


def test_every_parameter_reaches_something(template: dict[str, Any]) -> None:
    """Changing any one parameter changes resources or outputs, in some deployment where it matters."""
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
    idle = [name for name in template["Parameters"] if not _matters(template, name, others.get(name, ""), contexts)]
    assert idle == []


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


# What each resource is there for, written from the promises in the parameters' descriptions.
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
    told = choice.get("NotifyOfEvents") != "false"
    made |= {"JobFailures"} if told else set()
    if "ModelImageUri" in choice:
        made |= {"Model", "EndpointConfig", "Endpoint"}
        made |= {"EndpointScaling", "EndpointScalingPolicy"} if choice.get("EndpointServing") == "Instances" else set()
    if "CreateMlflow" in on:
        made |= {"MlflowApp"} | ({"TrackingPolicy"} if least else set())
    if "CreateModelPackageGroup" in on:
        made |= {"ModelPackageGroup"} | ({"RegistryPolicy"} if least else set())
        made |= {"ModelApprovals"} if told else set()
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
def test_what_exists_is_what_the_parameters_say(template: dict[str, Any], world: Choice) -> None:
    """For all 512 positions of the nine switches, in each world, exactly the promised resources exist."""
    for positions in itertools.product(("true", "false"), repeat=len(SWITCHES)):
        choice = {**world, **dict(zip(SWITCHES, positions, strict=True)), "UserProfileNames": "ana,bo"}
        stack = Stack(template, choice)
        if stack.rules():
            continue
        assert {name for name in template["Resources"] if stack.exists(name)} == _expected(choice), choice


def test_a_stack_without_any_parameter_breaks_no_rule(default_template: dict[str, Any]) -> None:
    """Every parameter has a default, and the defaults go together."""
    assert all("Default" in declared for declared in default_template["Parameters"].values())
    assert Stack(default_template).rules() == []


def test_an_output_exists_exactly_where_its_resource_does(template: dict[str, Any]) -> None:
    """An output that is about an optional resource comes and goes with it; those promised always are always there."""
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


REFUSED = [
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


@pytest.mark.parametrize(("choice", "sentence"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_combination_that_cannot_work_is_refused_in_words(
    template: dict[str, Any], choice: Choice, sentence: str
) -> None:
    """Before anything is made, a Rule says what to do instead."""
    assert any(sentence in said for said in Stack(template, choice).rules())


@pytest.mark.parametrize(
    "choice",
    [samples.EVERYTHING, samples.NO_BUCKETS, samples.ROLE, samples.KEY, samples.VPC | samples.GROUPS, samples.TOPIC],
    ids=["everything", "buckets", "role", "key", "groups", "topic"],
)
def test_a_combination_that_works_is_not_refused(template: dict[str, Any], choice: Choice) -> None:
    """Rules refuse nothing that works."""
    assert Stack(template, choice).rules() == []
