"""Check the parameters, outputs and exports that users see in the CloudFormation console."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import samples
from troposphere import Parameter

from smtemplates.core.assemble import assemble
from smtemplates.core.construct import Construct
from smtemplates.evaluate import check_parameters

# The released logical IDs with their types. A rename would replace the resource.
# The released parameters with their defaults. Scripts of users depend on both.
RELEASED_DEFAULTS = {
    "ProjectName": "sagemaker",
    "Environment": "dev",
    "CreateBuckets": "true",
    "BucketVersioning": "true",
    "ObjectExpirationDays": 0,
    "NoncurrentVersionExpirationDays": 90,
    "CreateFolders": "true",
    "CreateKmsKey": "false",
    "AccessLevel": "LeastPrivilege",
    "MaxJobRuntimeSeconds": 0,
    "CreateNotebook": "false",
    "NotebookInstanceType": "ml.t3.medium",
    "NotebookVolumeSizeGb": 20,
    "NotebookDirectInternetAccess": "Auto",
    "NotebookRootAccess": "Disabled",
    "NotebookIdleMinutes": 60,
    "CreateDomain": "false",
    "DomainAuthMode": "IAM",
    "StudioIdleMinutes": 60,
    "CreateMlflow": "false",
    "NotifyOfEvents": "true",
    "EndpointServing": "Serverless",
    "ServerlessMemoryMb": "2048",
    "ServerlessMaxConcurrency": 5,
    "EndpointInstanceType": "ml.m5.large",
    "EndpointInstances": "1-2",
    "EndpointRequestsPerInstance": 600,
    "CreateModelPackageGroup": "false",
    "AllowModelApproval": "false",
    "CreateDashboard": "true",
    "ManageLogGroups": "true",
    "LogRetentionDays": 30,
    "EndpointErrorThreshold": 10,
    "EndpointLatencyThresholdMs": 5000,
    "TrainingInstanceType": "ml.m5.large",
    "TrainingInstanceCount": 1,
    "TrainingVolumeSizeGb": 50,
    "TrainingMaxRuntimeSeconds": 86400,
    "ProcessingInstanceType": "ml.m5.large",
    "ProcessingInstanceCount": 1,
    "ProcessingVolumeSizeGb": 50,
    "ModelPackageGroupDescription": "Models of this workspace",
    "NotebookPackages": "numpy pandas scipy scikit-learn xgboost matplotlib seaborn sagemaker",
}
RELEASED_EMPTY = [
    "ExistingInputBucketName",
    "ExistingOutputBucketName",
    "ExistingModelBucketName",
    "AccessLogBucketName",
    "KmsKeyArn",
    "ExistingRoleArn",
    "AdditionalPolicyArns",
    "PermissionsBoundaryArn",
    "AllowedInstanceTypes",
    "VpcId",
    "SubnetIds",
    "SecurityGroupIds",
    "NotebookGitRepository",
    "ModelImageUri",
    "ModelDataUrl",
    "UserProfileNames",
    "RegistryReaderAccountIds",
    "EndpointName",
    "AlarmEmail",
    "AlarmTopicArn",
]


MOST_IN_A_GROUP = 9


def test_released_parameters_keep_their_defaults(template: dict[str, Any]) -> None:
    """No released parameter is removed, and no default changes, so an update of a stack without parameters is safe."""
    defaults = {name: declared["Default"] for name, declared in template["Parameters"].items()}
    released = RELEASED_DEFAULTS | dict.fromkeys(RELEASED_EMPTY, "")
    assert {name: defaults.get(name) for name in released} == released


def test_every_parameter_has_one_group_and_one_label(any_template: dict[str, Any]) -> None:
    """The console shows every parameter once, under a title, with a label."""
    interface = any_template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(any_template["Parameters"])
    assert set(interface["ParameterLabels"]) == set(any_template["Parameters"])
    titles = [group["Label"]["default"] for group in interface["ParameterGroups"]]
    assert len(titles) == len(set(titles))
    assert all(len(group["Parameters"]) <= MOST_IN_A_GROUP for group in interface["ParameterGroups"])


def test_the_form_asks_first_what_to_create(template: dict[str, Any]) -> None:
    """The group after the project decides about every part. The groups that follow contain the details of the parts."""
    first, second, *others = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert first == {"Label": {"default": "Project"}, "Parameters": ["ProjectName", "Environment"]}
    assert second["Label"] == {"default": "What to create"}
    details = [name for group in others for name in group["Parameters"]]
    in_buckets, for_images = "CreateFolders", "CreateStudioRepository"
    assert [name for name in details if name.startswith("Create")] == [in_buckets, for_images]


def test_what_to_create_follows_the_project(any_template: dict[str, Any]) -> None:
    """In each template with this group, it follows the name and stage of the project."""
    groups = any_template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    titles = [group["Label"]["default"] for group in groups]
    assert [before for before, title in itertools.pairwise(titles) if title == "What to create"] in ([], ["Project"])


def test_the_switches_follow_the_construct_that_precedes_them() -> None:
    """The group of the switches follows the construct that precedes them, though the first switch is declared later."""
    first, second, third = ({name: Parameter(name, Type="String")} for name in ("First", "Second", "Third"))
    constructs = [
        Construct(title="First", source=__name__, parameters=first, precedes_switches=True),
        Construct(title="Second", source=__name__, parameters=second),
        Construct(title="Third", source=__name__, switches=third),
    ]
    metadata = assemble("A template", constructs).to_dict()["Metadata"]["AWS::CloudFormation::Interface"]
    titles = [group["Label"]["default"] for group in metadata["ParameterGroups"]]
    assert titles == ["First", "What to create", "Second"]


# How a description explains its default, or that the parameter has no default that applies to all users.
DEFAULT = re.compile(
    r"Default: |The default contains|Leave empty|If false, |Enter 0 |Auto means|LeastPrivilege allows|Account: all|"
    r"It is required|Changing this replaces|To change this later|cannot be changed"
)


def test_every_parameter_is_described_and_constrained(any_template: dict[str, Any]) -> None:
    """Each parameter has a description with the meaning of its default, and its allowed values in words."""
    for name, declared in any_template["Parameters"].items():
        assert len(declared["Description"]) > 40, name
        assert declared["ConstraintDescription"], name
        bounded = {"MinValue", "MaxValue"} if declared["Type"] == "Number" else {"AllowedPattern", "MaxLength"}
        assert "AllowedValues" in declared or bounded <= set(declared), name
        assert DEFAULT.search(declared["Description"]), f"{name} does not describe its default"


def test_descriptions_are_within_the_limits_of_cloudformation(any_template: dict[str, Any]) -> None:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""
    assert len(any_template["Description"].encode()) <= 1024
    for section in ("Parameters", "Outputs"):
        assert all(len(body["Description"].encode()) <= 1024 for body in any_template[section].values())
    assert len(any_template["Parameters"]) <= 200
    assert all(
        len(attributes) <= 200
        for mapping in any_template.get("Mappings", {}).values()
        for attributes in mapping.values()
    )


def test_exports_are_few_and_named_after_the_stack(template: dict[str, Any]) -> None:
    """Only bucket names, the role and the domain are exported."""
    exported = {name: output["Export"]["Name"] for name, output in template["Outputs"].items() if "Export" in output}
    names = ("InputBucketName", "OutputBucketName", "ModelBucketName", "ExecutionRoleArn", "DomainId")
    assert exported == {name: {"Fn::Sub": f"${{AWS::StackName}}-{name}"} for name in names}


GOOD = [samples.EVERYTHING, samples.NO_BUCKETS, samples.ROLE, samples.KEY, samples.VPC | samples.GROUPS, samples.TOPIC]


@pytest.mark.parametrize("choice", GOOD, ids=lambda choice: "+".join(choice)[:40])
def test_real_values_are_accepted(template: dict[str, Any], choice: dict[str, str]) -> None:
    """Patterns accept values that users have."""
    assert check_parameters(template, choice) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ProjectName", "Churn"),
        ("ProjectName", "churn-"),
        ("KmsKeyArn", "alias/churn"),
        ("SubnetIds", "subnet-0123456789abcdef0, subnet-0123456789abcdef1"),
        ("UserProfileNames", "a,b,c,d,e,f"),
        ("UserProfileNames", "a, b"),
        ("UserProfileNames", "ana,,bo,ana"),
        ("AdditionalPolicyArns", ",".join([samples.BOUNDARY["PermissionsBoundaryArn"]] * 2)),
        ("NotebookGitRepository", "https://user:secret@git.example.com/a"),
        ("NotebookGitRepository", "git@example.com:team/a.git"),
        ("NotebookPackages", "pandas; touch PWN"),
        ("NotebookPackages", "$(touch PWN)"),
        ("NotebookVolumeSizeGb", "1"),
        ("RegistryReaderAccountIds", "1234"),
        ("EndpointName", 'x" or "'),
        ("AlarmEmail", "nobody"),
        ("LogRetentionDays", "31"),
        ("AllowedInstanceTypes", "m5.large"),
    ],
)
def test_invalid_values_are_rejected(template: dict[str, Any], name: str, value: str) -> None:
    """Patterns reject values that would fail later or cause damage."""
    assert check_parameters(template, {name: value}) != []
