"""Sample values of parameters, and names of resources. Each group of values is valid and enables something."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from conditional import switches

import smtemplates
from smtemplates.evaluate import Stack
from smtemplates.templates.network.endpoint_services import SERVICES

ACCOUNT = "111122223333"
VPC = {
    "VpcId": "vpc-0123456789abcdef0",
    "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
}
GROUPS = {"SecurityGroupIds": "sg-0123456789abcdef0,sg-0123456789abcdef1"}
KEY = {"KmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"}
MADE_KEY = {"CreateKmsKey": "true"}
ROLE = {"ExistingRoleArn": f"arn:aws:iam::{ACCOUNT}:role/team/sagemaker"}
# Every character that IAM lets into a path or name.
AWKWARD_ROLE = {"ExistingRoleArn": f"arn:aws:iam::{ACCOUNT}:role/team/a+b=c,d.e@f_g-h"}
POLICIES = {
    "AdditionalPolicyArns": "arn:aws:iam::aws:policy/ReadOnlyAccess,arn:aws:iam::aws:policy/AWSLambda_FullAccess"
}
BOUNDARY = {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess"}
BUCKETS = {
    "ExistingInputBucketName": "team-input",
    "ExistingOutputBucketName": "team-output",
    "ExistingModelBucketName": "team-models",
}
NO_BUCKETS = {"CreateBuckets": "false", **BUCKETS}
TOPIC = {"AlarmTopicArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:team"}
JOBS = {
    "TrainingInstanceType": "ml.g5.2xlarge",
    "TrainingInstanceCount": "3",
    "TrainingVolumeSizeGb": "77",
    "TrainingMaxRuntimeSeconds": "7200",
    "ProcessingInstanceType": "ml.m5.4xlarge",
    "ProcessingInstanceCount": "2",
    "ProcessingVolumeSizeGb": "88",
}
PROFILES = {"UserProfileNames": "ana,bo,cy,di,ed"}
IMAGE = {"ModelImageUri": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.6.0-cpu-py312"}
ENDPOINT = {**IMAGE, "ModelDataUrl": "s3://team-models/churn/model.tar.gz"}
INSTANCES = {**ENDPOINT, "EndpointServing": "Instances"}
UNCOMPRESSED = {"ModelDataPrefix": "s3://team-models/llm/"}
PACKAGE = {"ModelPackageArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/churn/3"}
PRD = {"Environment": "prd"}
# All packs, except those for the Studio domain and its repository.
PACKS = {
    "WorkflowPacks": "JumpStart,FeatureStore,ModelMonitor,Autopilot,Bedrock,DataLake,LogsInsights",
    "BedrockModelIds": "amazon.nova-lite-v1:0,us.amazon.nova-pro-v1:0",
    "AthenaWorkgroupNames": "science",
    "GlueDatabaseNames": "sales,features",
}
STUDIO_IMAGES = {
    f"Studio{app}ImageUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/studio:{app.lower()}-1"
    for app in ("JupyterLab", "CodeEditor")
}
FEATURES: dict[str, dict[str, str]] = {
    "notebook": {"CreateNotebook": "true"},
    "studio": {"CreateDomain": "true", **VPC, **PROFILES, **STUDIO_IMAGES},
    "endpoint": ENDPOINT,
    "mlflow": {"CreateMlflow": "true"},
    "budget": {"MonthlyBudgetUsd": "500"},
    "registry": {"CreateModelPackageGroup": "true", "RegistryReaderAccountIds": "444455556666,001234567012"},
}


# The switches of all features, including new ones.
SWITCHES = switches(smtemplates.build().to_dict())
EVERYTHING = {
    **dict.fromkeys(SWITCHES, "true"),
    **VPC,
    **PROFILES,
    **STUDIO_IMAGES,
    "StudioSpaceSizeGb": "5-16384",
    "StudioDockerAccess": "true",
    "StudioDockerTrustedAccountIds": "763104351884,001234567012",
    **FEATURES["registry"],
    **FEATURES["budget"],
    "RegistryAccess": "Deploy",
    **POLICIES,
    **BOUNDARY,
    **PACKS,
    "WorkflowPacks": f"{PACKS['WorkflowPacks']},SharedSpaces,RemoteIde,DockerBuild",
    "AccessLogBucketName": "team-logs",
    "ObjectExpirationDays": "365",
    "IntelligentTieringDays": "30",
    "AllowedInstanceTypes": "ml.m5.*,ml.g5.xlarge",
    "MaxJobRuntimeSeconds": "86400",
    "Isolation": "Project",
    "NotebookGitRepository": "https://git.example.com/team/repository.git",
    "EndpointName": "churn",
    "AlarmEmail": "team@example.com",
}

# Parameters of a launch role. An existing permissions boundary cannot be combined with buckets.
LAUNCH = {
    "BringableBucketArns": "arn:aws:s3:::team-input,arn:aws:s3:::team-o*,arn:aws:s3:::team-models",
    "PassableRoleArns": ROLE["ExistingRoleArn"],
    "NotificationTopicArn": TOPIC["AlarmTopicArn"],
    "LaunchRegions": "us-east-1,eu-west-1",
    "LaunchWorkflowPacks": "FeatureStore,Bedrock,LogsInsights",
    "LaunchTopicArns": TOPIC["AlarmTopicArn"],
}

OWN_BOUNDARY = {**BOUNDARY, "BringableBucketArns": "", "LaunchWorkflowPacks": "", "LaunchTopicArns": ""}

CATALOG = {
    **LAUNCH,
    "TemplateUrl": f"https://staging.s3.us-east-1.amazonaws.com/smtemplates/{'0123456789abcdef' * 4}.template",
    "SupportEmail": "platform@example.com",
    "PrincipalArns": f"arn:aws:iam::{ACCOUNT}:role/team/scientist,arn:aws:iam::{ACCOUNT}:group/scientists",
    "PrincipalPatterns": "arn:aws:iam:::role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Science_*",
    "ShareAccountIds": "444455556666,001234567012",
    "TagOptionValues": "research,churn team",
}
# A network with everything, and one with pinned zones and without flow logs.
NETWORK = {
    "VpcCidr": "10.20.16.0/20",
    "NumberOfZones": "3",
    "InterfaceEndpoints": ",".join(service.name for service in SERVICES),
    "TrustedAccountIds": "444455556666,001234567012",
    "NatGateways": "OnePerZone",
    "CreateFlowLogs": "true",
    "FlowLogRetentionDays": "365",
    "FlowLogKmsKeyArn": KEY["KmsKeyArn"],
}
PINNED = {"AvailabilityZones": "us-east-1b,us-east-1d", "NatGateways": "One", "CreateFlowLogs": "false"}
# The other templates without required parameters, with parameters for their smallest and their largest stacks.
OTHERS: dict[str, list[dict[str, str]]] = {
    "network": [{}, NETWORK, {**NETWORK, **PINNED}, {"InterfaceEndpoints": "none"}],
    "launch-role": [{}, LAUNCH, {**LAUNCH, **OWN_BOUNDARY}],
    "service-catalog": [{}, CATALOG, {**CATALOG, **OWN_BOUNDARY}, {**CATALOG, "CreateLaunchRole": "false"}],
}

# Texts with the maximum length of their parameters.
LONGEST = {
    **VPC,
    "SubnetIds": ",".join(["subnet-0123456789abcdef0"] * 16),
    "SecurityGroupIds": ",".join(["sg-0123456789abcdef0"] * 5),
    **{f"Existing{which}BucketName": which.lower() * 12 for which in ("Input", "Output", "Model")},
    "ExistingRoleArn": f"arn:aws-us-gov:iam::{ACCOUNT}:role/".ljust(640, "r"),
    "KmsKeyArn": f"arn:aws-us-gov:kms:us-gov-west-1:{ACCOUNT}:key/".ljust(128, "k"),
    "CreateNotebook": "true",
    "NotebookIdleMinutes": "525600",
    "NotebookPackages": "p" * 1000,
    "NotebookGitRepository": "https://git.example.com/".ljust(255, "g"),
    "TrainingInstanceType": "ml.trn1n.32xlarge",
    "ProcessingInstanceType": "ml.m5.24xlarge",
    "WorkflowPacks": EVERYTHING["WorkflowPacks"],
    "BedrockModelIds": ",".join(f"{number}".rjust(64, "m") for number in range(4)),
    "AthenaWorkgroupNames": "w" * 64,
    "GlueDatabaseNames": "d" * 64,
    "AllowedInstanceTypes": ",".join(f"{number}".rjust(30, "x").join(("ml.", "")) for number in range(10, 30)),
    "CreateStudioRepository": "true",
    "CreateDomain": "true",
}

# All combinations of network, key, role, buckets and features. The last features are all that no other option enables.
COMBINATIONS = [
    {key: value for choice in choices for key, value in choice.items()}
    for choices in itertools.product(
        ({}, VPC, VPC | GROUPS),
        ({}, KEY, MADE_KEY),
        ({}, ROLE, {"AccessLevel": "FullAccess", **POLICIES}),
        ({}, NO_BUCKETS),
        (
            {},
            {**FEATURES["notebook"], **FEATURES["registry"]},
            {**FEATURES["studio"], **{name: "true" for name in SWITCHES if name not in MADE_KEY | NO_BUCKETS}},
        ),
    )
]


# Values of the parameters of which conditions read a part. The values of all other parameters follow from the template.
VALUES = {
    "MonthlyBudgetUsd": ["0", "500"],
    **{
        name: ["", *EVERYTHING["WorkflowPacks"].split(","), EVERYTHING["WorkflowPacks"]]
        for name in ("WorkflowPacks", "LaunchWorkflowPacks")
    },
    **{
        name: ["", ",b", "a", "a,b", "a,b,c", "a,b,c,d", "a,b,c,d,e"]
        for name in ("UserProfileNames", "PrincipalArns", "PrincipalPatterns", "ShareAccountIds", "TagOptionValues")
    },
    "AvailabilityZones": ["", "us-east-1a,us-east-1b", "us-east-1a,us-east-1b,us-east-1c"],
    "InterfaceEndpoints": ["none", NETWORK["InterfaceEndpoints"], *(service.name for service in SERVICES)],
    "VpcCidr": ["10.0.0.0/16", "10.0.0.0/20", "10.0.0.0/24"],
    "TrainingInstanceType": ["ml.m5.large", "ml.g5.xlarge", "ml.p4d.24xlarge", "ml.inf2.xlarge"],
}


def values(name: str, declared: Mapping[str, Any]) -> Sequence[str]:
    """Return values of a parameter that include the values between which conditions distinguish.

    Conditions compare a parameter with its allowed values, or test whether a text is empty.
    """
    if name in VALUES:
        return VALUES[name]
    return [str(value) for value in declared.get("AllowedValues", ("", declared["Default"] or "sample"))]


def physical(logical_id: str, attribute: str | None) -> str:
    """Return a physical ID or an attribute of a resource, from which complete names, ARNs and policies result."""
    name = f"demo-{logical_id.lower()}-1abcdefghijkl"
    arns = {
        "ExecutionRole": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "NotificationRole": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "InitializerRole": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "EncryptionKey": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/99999999-2222-3333-4444-555555555555",
        "Initializer": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
        **dict.fromkeys(("InputBucket", "OutputBucket", "ModelBucket"), f"arn:aws:s3:::{name}"),
        "StudioRepository": f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/{name}",
        "InitializerLogGroup": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}:*",
    }
    known = {
        ("Domain", None): "d-abcdefghijkl",
        ("Domain", "DomainArn"): f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:domain/d-abcdefghijkl",
        ("SecurityGroup", "GroupId"): "sg-99999999999999999",
        ("Notebook", None): f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:notebook-instance/{name}",
        ("MlflowApp", None): f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-app/app-abcdefghijkl",
        ("StudioSettings", None): "/smtemplates/sagemaker-dev-1a2b3c4d/studio",
        ("AlarmTopic", None): f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}",
    }
    if attribute == "Arn" and logical_id in arns:
        return arns[logical_id]
    return known.get(
        (logical_id, attribute), f"arn:aws:iam::{ACCOUNT}:policy/{name}" if "Policy" in logical_id else name
    )


def deployed(template: dict[str, Any], *choices: dict[str, str], **pseudo: str) -> Stack:
    """Evaluate the template with these parameters."""
    parameters = {name: value for choice in choices for name, value in choice.items()}
    return Stack(
        template,
        parameters,
        pseudo={name.replace("_", "::"): value for name, value in pseudo.items()},
        physical=physical,
    )
