"""The launch role at work: a local cloud with an IAM of its own lets it launch, and tells what CloudFormation did."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import samples
from access.simulator import Policies, Request, verdicts
from botocore.exceptions import ClientError, WaiterError
from deploying.local_aws import Aws, policy
from regenerate import handlers

import smtemplates
from launching import world
from launching.world import LAUNCH_ROLE, STACK
from smtemplates.local_cloud.lifecycle import running
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.launch_role import scopes as launch_scopes
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.workspace import template as workspace

TYPES = launch_needs.types(workspace.constructs())
# Service Catalog hands tags on to all that a stack makes; another model makes another configuration beside the old.
TAGS = [{"Key": "CostCenter", "Value": "research"}]
CHANGES = {"ModelDataUrl": "s3://team-models/churn/2/model.tar.gz", "LogRetentionDays": "90"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
# What Service Catalog does itself, beside what CloudFormation does for it.
SERVICE_CATALOGS_OWN = {"ManageStacks", "ReadTemplates", "ReadCopies"}


@dataclass(frozen=True)
class Step:
    """What CloudFormation did to a resource, and what it was called."""

    logical: str
    kind: str
    handler: str
    physical: str


Life = tuple[str, list[Step]]


def _wait(aws: Aws, state: str, stack: str) -> None:
    waiter = aws.client("cloudformation").get_waiter(f"stack_{state}_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})


def _steps(aws: Aws, stack: str) -> list[Step]:
    """Read from a stack's events what was done, the oldest first."""
    pages = aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    done = {f"{handler.upper()}_COMPLETE": handler for handler in ("create", "update", "delete")}
    return [
        Step(event["LogicalResourceId"], event["ResourceType"], done[status], event["PhysicalResourceId"])
        for event in [event for page in pages for event in page["StackEvents"]][::-1]
        if (status := event["ResourceStatus"]) in done and event["ResourceType"] != "AWS::CloudFormation::Stack"
    ]


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    """Give an account with the launch role, made from its template, and the workspace's template in a bucket."""
    with running() as url:
        cloud = Aws(url, (samples.ACCOUNT, "test"))
        body = render(launch.definition().template())
        cloud.client("cloudformation").create_stack(
            StackName="launch-role", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        _wait(cloud, "create", "launch-role")
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="workspace.yaml", Body=smtemplates.render(smtemplates.build()))
        yield cloud


@pytest.fixture(scope="module")
def policies(account: Aws) -> Policies:
    """Give what is attached to the role in the account."""
    iam = account.client("iam")
    attached = iam.list_attached_role_policies(RoleName=LAUNCH_ROLE.rpartition("/")[2])["AttachedPolicies"]
    versions = [iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId="v1") for each in attached]
    return {
        each["PolicyName"]: version["PolicyVersion"]["Document"]
        for each, version in zip(attached, versions, strict=True)
    }


def _values(account: Aws) -> dict[str, str]:
    """Choose all that the workspace has, in a network of the account."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    return {**world.EVERYTHING, "VpcId": vpc, "SubnetIds": subnet, "PermissionsBoundaryArn": world.BOUNDARY}


def _asked(account: Aws, values: dict[str, str]) -> dict[str, Any]:
    return {
        "StackName": STACK,
        "TemplateURL": f"{account.url}/templates/workspace.yaml",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }


@pytest.fixture(scope="module")
def life(account: Aws) -> Life:
    """Launch the workspace with all it has, update it and end it, as the launch role; give its ID and each step."""
    role, values = account.as_role(LAUNCH_ROLE), _values(account)
    client = role.client("cloudformation")
    stack: str = client.create_stack(**_asked(account, values))["StackId"]
    _wait(role, "create", stack)
    client.update_stack(**_asked(account, {**values, **CHANGES}), Tags=TAGS)
    _wait(role, "update", stack)
    client.delete_stack(StackName=stack)
    _wait(role, "delete", stack)
    return stack, _steps(account, stack)


@pytest.fixture(scope="module")
def failure(account: Aws, life: Life) -> Life:  # noqa: ARG001 the stack's name is free again
    """Launch it over a bucket that is not there, which ends in a rollback."""
    role, values = account.as_role(LAUNCH_ROLE), {**_values(account), "ExistingInputBucketName": "not-there"}
    stack: str = role.client("cloudformation").create_stack(**_asked(account, values))["StackId"]
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        _wait(role, "create", stack)
    return stack, _steps(account, stack)


def _calls(step: Step) -> set[str]:
    """List what CloudFormation calls for a step: what the schema names for it, and for reading what came of it."""
    if not (known := handlers(step.kind)):
        return set(launch_needs.CUSTOM)
    # what cannot be updated is replaced
    called = known.get(step.handler) or [*known["create"], *known["delete"]]
    named = {*called, *known.get("read", ())}
    return {action for action in named if not launch_needs.unused(step.kind, action)} - launch_scopes.REFUSED.keys()


def _requests(template: dict[str, Any], stack: str, steps: list[Step]) -> Iterator[tuple[str, Request]]:
    """List each call for each step, about what the local cloud called the resource."""
    made = {step.logical: step.physical for step in steps}
    evaluated = world.launched(template, stack_id=stack, names=made)
    for step in steps:
        arns = world.shapes(evaluated, step.logical, re.split("[:/]", step.physical)[-1])
        for action in _calls(step):
            for arn in world.about(step.kind, action, arns):
                yield f"{step.handler} {step.logical}", Request(action, arn, world.sent(action, arn))


def test_every_type_is_made_changed_and_deleted(life: Life, failure: Life) -> None:
    """The recorded steps are whole lives: what outlives its stack is deleted when its creation fails."""
    recorded = {(step.kind, step.handler) for _, steps in (life, failure) for step in steps}
    assert recorded == {(kind, handler) for kind in TYPES for handler in ("create", "update", "delete")}


def test_each_call_is_allowed(template: dict[str, Any], policies: Policies, life: Life, failure: Life) -> None:
    """The role as it is in the account allows all that the steps take, and no action besides."""
    asked = [each for stack, steps in (life, failure) for each in _requests(template, stack, steps)]
    found = verdicts([(policies, request) for _, request in asked], LAUNCH_ROLE)
    assert [f"{step}: {request}" for (step, request), verdict in zip(asked, found, strict=True) if not verdict] == []
    statements = [each for policy in policies.values() for each in policy["Statement"] if each["Effect"] == "Allow"]
    granted = {action for each in statements for action in each["Action"] if each["Sid"] not in SERVICE_CATALOGS_OWN}
    assert granted == {request.action for _, request in asked}


def test_nothing_else_is_launched(account: Aws) -> None:
    """The local cloud's IAM refuses the role another stack's name, another Region, an unbounded role and a bucket."""
    role = account.as_role(LAUNCH_ROLE)
    calls = {
        "CreateStack": lambda: role.client("cloudformation").create_stack(StackName="other", TemplateBody="{}"),
        "UpdateStack": lambda: role.client("cloudformation", "eu-west-1").update_stack(StackName=STACK),
        "CreateRole": lambda: role.client("iam").create_role(RoleName="SC-unbounded", AssumeRolePolicyDocument="{}"),
        "GetObject": lambda: role.client("s3").get_object(Bucket="templates", Key="workspace.yaml"),
    }
    _refuses(calls)


def test_a_launched_role_stays_within_its_boundary(account: Aws) -> None:
    """With an administrator's policy attached it works in its own buckets, and has nothing of anybody else's."""
    values = {"PermissionsBoundaryArn": world.BOUNDARY, "AdditionalPolicyArns": ADMINISTRATOR}
    role, name = account.as_role(LAUNCH_ROLE), f"{STACK[:-1]}b"
    role.client("cloudformation").create_stack(**{**_asked(account, values), "StackName": name})
    _wait(role, "create", name)
    stack = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    # SageMaker takes it for a job; here the account does
    ours = policy(Action="sts:AssumeRole", Principal={"AWS": samples.ACCOUNT})
    itself = outputs["ExecutionRoleName"]
    account.client("iam").update_assume_role_policy(RoleName=itself, PolicyDocument=json.dumps(ours))
    launched = account.as_role(outputs["ExecutionRoleArn"])
    iam = launched.client("iam")
    launched.client("s3").put_object(Bucket=outputs["OutputBucketName"], Key="output/a", Body=b"a")
    _refuses(
        {
            "GetObject": lambda: launched.client("s3").get_object(Bucket="templates", Key="workspace.yaml"),
            "DeleteRolePermissionsBoundary": lambda: iam.delete_role_permissions_boundary(RoleName=itself),
            "CreateUser": lambda: iam.create_user(UserName="friend"),
            "GetSecretValue": lambda: launched.client("secretsmanager").get_secret_value(SecretId="others"),
            "AssumeRole": lambda: launched.as_role(LAUNCH_ROLE),
        }
    )


def _refuses(calls: Mapping[str, Callable[[], Any]]) -> None:
    for name, call in calls.items():
        with pytest.raises(ClientError, match=f"AccessDenied.* {name} operation"):
            call()
