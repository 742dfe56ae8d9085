"""Tests of the launch role on a local cloud that enforces IAM, with the operations in the events of its stacks."""

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
from troposphere.sagemaker import UserProfile

import smtemplates
from launching import provisioned
from launching.provisioned import LAUNCH_ROLE, STACK
from smtemplates.local_cloud.lifecycle import running
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.launch_role import scopes as launch_scopes
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.workspace import template as workspace

pytestmark = pytest.mark.server

TYPES = launch_needs.types(workspace.constructs())
# Service Catalog adds its tags to all resources of a stack. Another model adds a second endpoint configuration.
TAGS = [{"Key": "CostCenter", "Value": "research"}]
CHANGES = {"ModelDataUrl": "s3://team-models/churn/2/model.tar.gz", "LogRetentionDays": "90"}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
# Statements for requests of Service Catalog itself, in addition to those of CloudFormation.
SERVICE_CATALOG_STATEMENTS = {"ManageStacks", "ReadTemplates", "ReadCopies"}


@dataclass(frozen=True)
class Step:
    """An operation of CloudFormation on a resource, with the physical ID of the resource."""

    logical: str
    type_: str
    handler: str
    physical: str


Lifecycle = tuple[str, list[Step]]


def _wait(aws: Aws, state: str, stack: str) -> None:
    waiter = aws.client("cloudformation").get_waiter(f"stack_{state}_complete")
    waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})


def _steps(aws: Aws, stack: str) -> list[Step]:
    """Return the operations in the events of a stack, the oldest first."""
    pages = aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
    completed = {f"{handler.upper()}_COMPLETE": handler for handler in ("create", "update", "delete")}
    return [
        Step(event["LogicalResourceId"], event["ResourceType"], completed[status], event["PhysicalResourceId"])
        for event in [event for page in pages for event in page["StackEvents"]][::-1]
        if (status := event["ResourceStatus"]) in completed and event["ResourceType"] != "AWS::CloudFormation::Stack"
    ]


@pytest.fixture(scope="module")
def account() -> Iterator[Aws]:
    """Yield an account with the stack of the launch role, and the template of the workspace in a bucket."""
    with running() as url:
        cloud = Aws(url, (samples.ACCOUNT, "test"))
        body = render(launch.definition().template())
        cloud.client("cloudformation").create_stack(
            StackName="launch-role", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        _wait(cloud, "create", "launch-role")
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="templates")
        whole = smtemplates.build()
        s3.put_object(Bucket="templates", Key="workspace.yaml", Body=smtemplates.render(whole))
        # the local cloud creates resources in the order of their names, as far as they are independent
        whole.add_resource(UserProfile("ZFails", DomainId="d-missing", UserProfileName="z"))
        s3.put_object(Bucket="templates", Key="failing.yaml", Body=smtemplates.render(whole))
        yield cloud


@pytest.fixture(scope="module")
def policies(account: Aws) -> Policies:
    """Return the policies that are attached to the role in the account."""
    iam = account.client("iam")
    attached = iam.list_attached_role_policies(RoleName=LAUNCH_ROLE.rpartition("/")[2])["AttachedPolicies"]
    versions = [iam.get_policy_version(PolicyArn=each["PolicyArn"], VersionId="v1") for each in attached]
    return {
        each["PolicyName"]: version["PolicyVersion"]["Document"]
        for each, version in zip(attached, versions, strict=True)
    }


def _values(account: Aws) -> dict[str, str]:
    """Return parameters that enable all options of the workspace, in a VPC of the account."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    return {**provisioned.EVERYTHING, "VpcId": vpc, "SubnetIds": subnet, "PermissionsBoundaryArn": provisioned.BOUNDARY}


def _stack_arguments(account: Aws, values: dict[str, str], file: str = "workspace.yaml") -> dict[str, Any]:
    return {
        "StackName": STACK,
        "TemplateURL": f"{account.url}/templates/{file}",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        "Capabilities": ["CAPABILITY_IAM"],
    }


@pytest.fixture(scope="module")
def lifecycle(account: Aws) -> Lifecycle:
    """Create, update and delete a workspace with all options as the launch role, and return its stack ID and steps."""
    role, values = account.as_role(LAUNCH_ROLE), _values(account)
    client = role.client("cloudformation")
    stack: str = client.create_stack(**_stack_arguments(account, values))["StackId"]
    _wait(role, "create", stack)
    client.update_stack(**_stack_arguments(account, {**values, **CHANGES}), Tags=TAGS)
    _wait(role, "update", stack)
    client.delete_stack(StackName=stack)
    _wait(role, "delete", stack)
    return stack, _steps(account, stack)


@pytest.fixture(scope="module")
def failure(account: Aws, lifecycle: Lifecycle) -> Lifecycle:  # noqa: ARG001 the stack name is available again
    """Launch it with a resource that fails after all others, so that CloudFormation rolls back the creation."""
    role = account.as_role(LAUNCH_ROLE)
    arguments = _stack_arguments(account, _values(account), "failing.yaml")
    stack: str = role.client("cloudformation").create_stack(**arguments)["StackId"]
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        _wait(role, "create", stack)
    return stack, _steps(account, stack)


def _calls(step: Step) -> set[str]:
    """Return the calls that the schema lists for a step, and those for reading the resource."""
    if not (known := handlers(step.type_)):
        return set(launch_needs.CUSTOM)
    # A resource that cannot be updated is replaced.
    listed = known.get(step.handler) or [*known["create"], *known["delete"]]
    calls = {*listed, *known.get("read", ())}
    return {action for action in calls if not launch_needs.unused(step.type_, action)} - launch_scopes.REFUSED.keys()


def _requests(template: dict[str, Any], stack: str, steps: list[Step]) -> Iterator[tuple[str, Request]]:
    """Yield all calls of all steps, with the resource names on the local cloud."""
    names = {step.logical: step.physical for step in steps}
    evaluated = provisioned.launched(template, stack_id=stack, names=names)
    for step in steps:
        arns = provisioned.arns(evaluated, step.logical, re.split("[:/]", step.physical)[-1])
        for action in _calls(step):
            for arn in provisioned.applicable(step.type_, action, arns):
                for context in provisioned.contexts(step.type_, action, arn):
                    yield f"{step.handler} {step.logical}", Request(action, arn, context)


def test_every_type_is_created_updated_and_deleted(lifecycle: Lifecycle, failure: Lifecycle) -> None:
    """The steps cover the whole lifecycle. If the creation of a stack fails, retained resources are deleted, too."""
    recorded = {(step.type_, step.handler) for _, steps in (lifecycle, failure) for step in steps}
    assert recorded == {(type_, handler) for type_ in TYPES for handler in ("create", "update", "delete")}


def test_each_call_is_allowed(
    template: dict[str, Any], policies: Policies, lifecycle: Lifecycle, failure: Lifecycle
) -> None:
    """The role in the account allows all calls of the steps, and no other actions."""
    cases = [each for stack, steps in (lifecycle, failure) for each in _requests(template, stack, steps)]
    found = verdicts([(policies, request) for _, request in cases], LAUNCH_ROLE)
    assert [f"{step}: {request}" for (step, request), verdict in zip(cases, found, strict=True) if not verdict] == []
    statements = [each for policy in policies.values() for each in policy["Statement"] if each["Effect"] == "Allow"]
    allowed = {
        action for each in statements for action in each["Action"] if each["Sid"] not in SERVICE_CATALOG_STATEMENTS
    }
    assert allowed == {request.action for _, request in cases}


def test_other_requests_are_denied(account: Aws) -> None:
    """IAM denies another stack name, another Region, a role without the boundary, and access to another bucket."""
    role = account.as_role(LAUNCH_ROLE)
    calls = {
        "CreateStack": lambda: role.client("cloudformation").create_stack(StackName="other", TemplateBody="{}"),
        "UpdateStack": lambda: role.client("cloudformation", "eu-west-1").update_stack(StackName=STACK),
        "CreateRole": lambda: role.client("iam").create_role(RoleName="SC-unbounded", AssumeRolePolicyDocument="{}"),
        "GetObject": lambda: role.client("s3").get_object(Bucket="templates", Key="workspace.yaml"),
    }
    _assert_denied(calls)


def test_a_launched_role_stays_within_its_boundary(account: Aws) -> None:
    """With the policy AdministratorAccess attached, the role can access its own buckets, but no other resources."""
    values = {"PermissionsBoundaryArn": provisioned.BOUNDARY, "AdditionalPolicyArns": ADMINISTRATOR}
    role, name = account.as_role(LAUNCH_ROLE), f"{STACK[:-1]}b"
    role.client("cloudformation").create_stack(**{**_stack_arguments(account, values), "StackName": name})
    _wait(role, "create", name)
    stack = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    # SageMaker assumes the role for a job. Here, the account assumes it.
    trust = policy(Action="sts:AssumeRole", Principal={"AWS": samples.ACCOUNT})
    role_name = outputs["ExecutionRoleName"]
    account.client("iam").update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(trust))
    launched = account.as_role(outputs["ExecutionRoleArn"])
    iam = launched.client("iam")
    launched.client("s3").put_object(Bucket=outputs["OutputBucketName"], Key="output/a", Body=b"a")
    _assert_denied(
        {
            "GetObject": lambda: launched.client("s3").get_object(Bucket="templates", Key="workspace.yaml"),
            "DeleteRolePermissionsBoundary": lambda: iam.delete_role_permissions_boundary(RoleName=role_name),
            "CreateUser": lambda: iam.create_user(UserName="friend"),
            "GetSecretValue": lambda: launched.client("secretsmanager").get_secret_value(SecretId="others"),
            "AssumeRole": lambda: launched.as_role(LAUNCH_ROLE),
        }
    )


def _assert_denied(calls: Mapping[str, Callable[[], Any]]) -> None:
    for name, call in calls.items():
        with pytest.raises(ClientError, match=f"AccessDenied.* {name} operation"):
            call()
