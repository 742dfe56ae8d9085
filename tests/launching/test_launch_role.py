"""Tests of the launch role with an IAM simulator: it can launch, update and delete a workspace, and nothing else."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import samples
from access.mutations import Case, mutations, unnoticed
from access.simulator import Policies, Request, verdicts
from troposphere import kinesis

import smtemplates
from launching import provisioned
from launching.evaluated import PACKS, stack_of
from launching.provisioned import BOUNDARY, LAUNCH_ROLE, STACK
from launching.table import ADMIN, DENIED, FOR_STACKS, FOR_TEMPLATES, SAGEMAKER
from smtemplates.aws_data.partitions import some_region_of_each_partition
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError
from smtemplates.evaluate import check_parameters, edges
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.launch_role import scopes as launch_scopes
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.workspace import template as workspace

MINIMUM = 60
FIELDS = {"ProjectName", "Environment", "CreateNotebook", "NotebookInstanceType", "UserProfileNames", "AlarmEmail"}
TYPES = launch_needs.types(workspace.constructs())
ROLE = samples.ROLE["ExistingRoleArn"]
TOPIC = samples.TOPIC["AlarmTopicArn"]


def _policies(template: dict[str, Any], **parameters: str) -> Policies:
    """Return the policies that are attached to the launch role."""
    resources = stack_of(template, parameters).resources
    return {
        name: body["Properties"]["PolicyDocument"]
        for name, body in resources.items()
        if body["Properties"].get("Roles") == ["LaunchRole"]
    }


def _required(template: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    """Yield all calls for all resources of a launched stack, each with the resource type."""
    stack = provisioned.launched(template)
    for type_ in sorted(TYPES & {body["Type"] for body in stack.resources.values()}):
        for action in set(launch_needs.needs(type_)) - launch_scopes.REFUSED.keys():
            for arn in provisioned.targets(stack, type_, action):
                for context in provisioned.contexts(type_, action, arn):
                    yield type_, Request(action, arn, context)


def _service_catalog_requests() -> list[Request]:
    """Return the requests that Service Catalog itself makes with the role."""
    arn = f"arn:aws:cloudformation:{provisioned.HERE}:stack/{STACK}/0123abcd-4567-89ab-cdef-0123456789ab"
    copy = {"s3:ExistingObjectTag/servicecatalog:provisioning": "true", "aws:RequestedRegion": "us-west-2"}
    return [
        *(Request(f"cloudformation:{name}", arn) for name in FOR_STACKS.split()),
        *(Request(f"cloudformation:{name}", "*") for name in FOR_TEMPLATES.split()),
        Request("cloudformation:TagResource", f"arn:aws:cloudformation:{provisioned.HERE}:changeSet/SC-pp-plan/1"),
        Request("s3:GetObject", "arn:aws:s3:::sc-0123456789-pa-abcdefghijklm/product.template", copy),
    ]


def _denied() -> list[Request]:
    return [
        Request(f"{service}:{name}", resource, context)
        for service, names, resource, context in DENIED
        for name in names.split()
    ]


@pytest.mark.slow
def test_every_call_for_every_type_is_allowed(template: dict[str, Any], launch_role: dict[str, Any]) -> None:
    """The role allows the actions that the schemas list for creating, reading, updating and deleting each resource."""
    policies = _policies(launch_role)
    requests = [
        *_required(template),
        *(("Service Catalog", request) for request in _service_catalog_requests()),
    ]
    found = verdicts([(policies, request) for _, request in requests], LAUNCH_ROLE)
    denied = [f"{name}: {request}" for (name, request), verdict in zip(requests, found, strict=True) if not verdict]
    assert not denied, "\n".join([f"{len(denied)} of {len(requests)} requests are denied:", *denied[:20]])


@pytest.mark.parametrize("fixed", [provisioned.EVERYTHING, {"AccessLevel": "FullAccess"}], ids=["everything", "little"])
def test_every_call_for_a_specialized_product_is_allowed(
    template: dict[str, Any], launch_role: dict[str, Any], fixed: dict[str, str]
) -> None:
    """The role also suffices for a template with fixed parameters, and all roles of its launches have the boundary."""
    fix = {name: value for name, value in {**fixed, "PermissionsBoundaryArn": BOUNDARY}.items() if name not in FIELDS}
    product = smtemplates.specialize(template, keep=FIELDS, fix=fix)
    assert set(product["Parameters"]) <= FIELDS
    policies, requests = _policies(launch_role), [*_required(product)]
    found = verdicts([(policies, request) for _, request in requests], LAUNCH_ROLE)
    assert [f"{name}: {request}" for (name, request), allowed in zip(requests, found, strict=True) if not allowed] == []
    launched = provisioned.launched(product).resources.values()
    roles = [body["Properties"] for body in launched if body["Type"] == "AWS::IAM::Role"]
    assert {role["PermissionsBoundary"] for role in roles} == {BOUNDARY}


def test_other_resources_and_more_privileges_are_denied(launch_role: dict[str, Any]) -> None:
    """The role denies resources that no launch created, roles without the boundary, and other Regions and services."""
    policies, requests = _policies(launch_role), _denied()
    assert len(requests) >= MINIMUM
    found = verdicts([(policies, request) for request in requests], LAUNCH_ROLE)
    assert [str(request) for request, verdict in zip(requests, found, strict=True) if verdict] == []


def test_resources_of_other_stacks_are_denied(launch_role: dict[str, Any]) -> None:
    """The role cannot change resources whose generated names begin with another stack name, including new types."""
    named = [type_ for type_ in TYPES if type_ not in provisioned.ARNS]
    requests = [
        Request(action, arn, provisioned.context(action, type_, arn))
        for type_ in named
        for action in launch_needs.needs(type_)
        for arn in provisioned.applicable(type_, action, provisioned.arns_of_iam(type_, "churn-Thing-1ABCDEFGHIJKL"))
        if provisioned.KNOWN.actions.get_action_details(*action.split(":"))["accessLevel"] == "Write"
        if not action.startswith("kms:")  # keys do not have generated names
    ]
    assert {request.action for request in requests} >= {"cloudwatch:DeleteAlarms", "logs:DeleteLogGroup"}
    found = verdicts([(_policies(launch_role), request) for request in requests], LAUNCH_ROLE)
    assert [str(request) for request, verdict in zip(requests, found, strict=True) if verdict] == []


def test_the_calls_of_a_launch_on_resources_of_others_are_denied(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """The role cannot change resources with other names and without the tags, except those that the reference lists."""
    needed = {action for type_ in TYPES for action in launch_needs.needs(type_)}
    wide = {action for actions in launch_scopes.wide_permissions(needed).values() for action in actions}
    requests = [
        Request(request.action, provisioned.of_others(request.resource), provisioned.tags_of_others(request.context))
        for _, request in _required(template)
        if request.action not in wide
        and provisioned.KNOWN.actions.get_action_details(*request.action.split(":"))["accessLevel"]
        not in {"List", "Read"}
    ]
    tested = {request.action for request in requests}
    assert tested > {"kms:ScheduleKeyDeletion", "kms:PutKeyPolicy", "sagemaker:DeleteDomain"}
    found = verdicts([(_policies(launch_role), request) for request in requests], LAUNCH_ROLE)
    assert [str(request) for request, verdict in zip(requests, found, strict=True) if verdict] == []


def test_only_required_actions_are_allowed(launch_role: dict[str, Any]) -> None:
    """Each allowed action is required by a resource type or by Service Catalog."""
    statements = [each for policy in _policies(launch_role).values() for each in policy["Statement"]]
    allowed = {action for each in statements if each["Effect"] == "Allow" for action in each["Action"]}
    required = {action for type_ in TYPES for action in launch_needs.needs(type_)}
    service_catalog = {request.action for request in _service_catalog_requests()}
    assert allowed == (required - launch_scopes.REFUSED.keys()) | service_catalog
    assert required >= launch_scopes.REFUSED.keys()


@pytest.mark.slow
def test_every_allow_and_condition_is_exercised(template: dict[str, Any], launch_role: dict[str, Any]) -> None:
    """Without any one action, statement or condition, a request has another result."""
    table = [
        *((request, True) for request in _service_catalog_requests()),
        *((request, True) for _, request in _required(template)),
    ]
    table += [(request, False) for request in _denied()]
    policies = _policies(launch_role)
    changes = {
        f"{name} {title}": _cases(table, {**policies, name: changed}, statement.get("Action", ["*"]))
        for name, policy in policies.items()
        for title, statement, changed in mutations(policy)
    }
    assert unnoticed(changes, LAUNCH_ROLE) == []


def _cases(table: Sequence[tuple[Request, bool]], documents: Policies, actions: list[str]) -> Iterator[Case]:
    """Yield the requests of a table for some actions, with changed policies and the result without the change."""
    for request, expected in table:
        if any(fnmatch.fnmatch(request.action, action) for action in actions):
            yield documents, request, expected


def test_a_type_without_a_scope_is_an_error() -> None:
    """Rendering a template with a new resource type names the rows that are missing."""
    stream = Construct(title="Stream", source="tests", resources=[kinesis.Stream("Stream")])
    with pytest.raises(TemplateError, match=r"no permissions for AWS::Kinesis::Stream"):
        launch.launch_role([*workspace.constructs(), stream])
    with pytest.raises(TemplateError, match=r"scopes\.py: no row covers kinesis:CreateStream"):
        launch_scopes.statements(["kinesis:CreateStream"], BOUNDARY)


def test_scopes_have_no_unused_rows() -> None:
    """Each row of scopes contains an action that a resource type requires."""
    used = {
        statement["Sid"] if isinstance(statement, dict) else statement.properties["Sid"]
        for listed in launch_scopes.statements(
            {action for type_ in TYPES for action in launch_needs.needs(type_)}, BOUNDARY
        ).values()
        for statement in listed
    }
    assert used == {row.sid for rows in launch_scopes.scopes(BOUNDARY).values() for row in rows}


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        ({}, set()),
        ({"BringableBucketArns": "arn:aws:s3:::team-data"}, set()),
        ({"PassableRoleArns": f"{ROLE},arn:aws:iam::{samples.ACCOUNT}:role/second"}, {"listed role"}),
        ({"NotificationTopicArn": TOPIC}, {"topic"}),
        ({"LaunchRegions": "eu-west-1,us-east-1"}, {"eu-west-1"}),
    ],
)
def test_parameters_allow_their_resources(
    launch_role: dict[str, Any], parameters: dict[str, str], allowed: set[str]
) -> None:
    """Parameters allow passing the listed roles to SageMaker, publishing to the topic, and launching in the Regions.

    Listed buckets are for the roles of launches. The launch role itself has no access to them.
    """
    stack = f"arn:aws:cloudformation:eu-west-1:{samples.ACCOUNT}:stack/{STACK}/1"
    requests = {
        "bucket": Request("s3:PutBucketPolicy", "arn:aws:s3:::team-data"),
        "object": Request("s3:GetObject", "arn:aws:s3:::team-data/training/a.csv"),
        "listed role": Request("iam:PassRole", ROLE, SAGEMAKER),
        "listed role for Lambda": Request("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        "other role": Request("iam:PassRole", ADMIN, SAGEMAKER),
        "topic": Request("sns:Publish", TOPIC),
        "other topic": Request("sns:Publish", f"{TOPIC}-2"),
        "eu-west-1": Request("cloudformation:CreateStack", stack),
        "eu-west-2": Request("cloudformation:CreateStack", stack.replace("eu-west-1", "eu-west-2")),
    }
    policies = _policies(launch_role, **parameters)
    found = verdicts([(policies, request) for request in requests.values()], LAUNCH_ROLE)
    assert {name for name, verdict in zip(requests, found, strict=True) if verdict} == allowed


def test_an_existing_boundary_replaces_the_created_one(launch_role: dict[str, Any]) -> None:
    """Roles must have the existing boundary, and the stack does not create one."""
    existing = samples.BOUNDARY["PermissionsBoundaryArn"]
    stack = stack_of(launch_role, {"PermissionsBoundaryArn": existing})
    assert "LaunchBoundary" not in stack.resources
    assert stack.outputs["PermissionsBoundaryArn"] == existing
    policies = _policies(launch_role, PermissionsBoundaryArn=existing)
    requests = [
        Request("iam:CreateRole", provisioned.ROLE, {"iam:PermissionsBoundary": arn}) for arn in (existing, BOUNDARY)
    ]
    assert verdicts([(policies, request) for request in requests], LAUNCH_ROLE) == [True, False]
    (sentence,) = stack_of(launch_role, {**samples.BOUNDARY, **samples.LAUNCH}).rules()
    assert sentence.startswith("With PermissionsBoundaryArn, leave BringableBucketArns, LaunchTopicArns and ")
    for name in ("LaunchWorkflowPacks", "LaunchTopicArns"):
        assert stack_of(launch_role, {**samples.BOUNDARY, name: samples.LAUNCH[name]}).rules() == [sentence]


def test_the_boundary_is_deleted_first(launch_role: dict[str, Any]) -> None:
    """If IAM does not delete the boundary, all other resources still exist, and launched products can be terminated."""
    references = {(edge.path[1], edge.target) for edge in edges(launch_role) if edge.path[0] == "Resources"}
    others = {name for name in launch_role["Resources"] if name != "LaunchBoundary"}
    assert {target for user, target in references if user == "LaunchBoundary"} >= others
    assert {user for user, target in references if target == "LaunchBoundary"} == set()


def test_launches_cannot_change_an_existing_boundary(launch_role: dict[str, Any]) -> None:
    """The launch role manages policies with the prefix SC-, so the parameter rejects boundaries with this prefix."""
    pattern = launch_role["Parameters"]["PermissionsBoundaryArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, samples.BOUNDARY["PermissionsBoundaryArn"])
    assert not re.fullmatch(pattern, f"arn:aws:iam::{samples.ACCOUNT}:policy/SC-boundary")


@pytest.mark.parametrize("region", some_region_of_each_partition())
def test_names_and_lengths(launch_role: dict[str, Any], region: str) -> None:
    """The role has the same name in all accounts. Policies meet the size limit, and statements have unique names."""
    parameters = {
        "LaunchRoleName": "L" * 56,
        "BringableBucketArns": ",".join(["arn:aws-us-gov:s3:::".ljust(83, "b")] * 5),
        "PassableRoleArns": ",".join([f"arn:aws-us-gov:iam::{samples.ACCOUNT}:role/".ljust(399, "r")] * 5),
        "NotificationTopicArn": f"arn:aws-us-gov:sns:us-gov-west-1:{samples.ACCOUNT}:".ljust(300, "t"),
        "LaunchRegions": ",".join(["ap-southeast-1"] * 20),
        "LaunchTopicArns": f"arn:aws-us-gov:sns:us-gov-west-1:{samples.ACCOUNT}:".ljust(130, "t"),
    }
    assert check_parameters(launch_role, parameters) == []
    assert len(parameters["BringableBucketArns"]) == launch_role["Parameters"]["BringableBucketArns"]["MaxLength"]
    resources = stack_of(launch_role, parameters, region).resources
    assert resources["LaunchRole"]["Properties"]["RoleName"] == "L" * 56
    assert resources["LaunchBoundary"]["Properties"]["ManagedPolicyName"] == "L" * 56 + "Boundary"
    # the boundary has room for each pack with the longest values, and for all packs with usual values
    choices = [{**parameters, "LaunchWorkflowPacks": pack} for pack in PACKS]
    usual = {"BringableBucketArns": "arn:aws:s3:::team-*", "LaunchRegions": "us-east-1"}
    choices.append({**usual, "LaunchWorkflowPacks": ",".join(PACKS)})
    for choice in choices:
        for name, body in stack_of(launch_role, choice, region).resources.items():
            if body["Type"] == "AWS::IAM::ManagedPolicy":
                document = body["Properties"]["PolicyDocument"]
                assert len(json.dumps(document, separators=(",", ":"))) <= 6144, (name, choice)
                sids = [statement["Sid"] for statement in document["Statement"]]
                assert len(set(sids)) == len(sids), name


def test_only_service_catalog_can_assume_the_role(launch_role: dict[str, Any]) -> None:
    """No other principal can assume the role, and its name prevents launches from passing it."""
    role = stack_of(launch_role, {}).resources["LaunchRole"]["Properties"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert not role["RoleName"].startswith("SC-")
