"""The launch role launches, updates and deletes the whole workspace and does nothing else, as a simulator judges it."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import samples
from access.mutants import weakened
from access.simulator import Policies, Request, verdicts
from access.table import ALLOWED
from access.test_execution_role import requested
from access.worlds import worlds
from troposphere import sqs

from launching import world
from launching.table import ADMIN, DENIED, FOR_STACKS, FOR_TEMPLATES, OUT_OF_BOUNDS, SAGEMAKER
from launching.world import BOUNDARY, LAUNCH_ROLE, STACK
from smtemplates.aws_data.partitions import some_region_of_each_partition
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack, check_parameters, edges
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.launch_role import scopes as launch_scopes
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.workspace import template as workspace

ENOUGH = 60
TYPES = sorted(launch_needs.types(workspace.constructs()))
ROLE = samples.ROLE["ExistingRoleArn"]
TOPIC = samples.TOPIC["AlarmTopicArn"]


@pytest.fixture(scope="module")
def launch_role() -> dict[str, Any]:
    """Give the template of the launch role as users get it."""
    return load(render(launch.definition().template()))


def _policies(template: dict[str, Any], **given: str) -> Policies:
    """Collect what is attached to the launch role."""
    resources = _stack(template, given).resources
    return {
        name: body["Properties"]["PolicyDocument"]
        for name, body in resources.items()
        if body["Properties"].get("Roles") == ["LaunchRole"]
    }


def _boundary(template: dict[str, Any], buckets: str = "") -> dict[str, Any]:
    """Give the policy that bounds the roles of launches."""
    made = _stack(template, {"BringableBucketArns": buckets}).resources["LaunchBoundary"]
    document: dict[str, Any] = made["Properties"]["PolicyDocument"]
    return document


def _granted(stack: Stack) -> list[dict[str, Any]]:
    """List what the roles of a launch are allowed."""
    listed = []
    for body in stack.resources.values():
        properties = body["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties["PolicyDocument"]] if body["Type"] == "AWS::IAM::ManagedPolicy" else []
        listed += [each for policy in documents for each in policy["Statement"] if each["Effect"] == "Allow"]
    return listed


def _stack(template: dict[str, Any], given: dict[str, str], region: str = "us-east-1") -> Stack:
    return Stack(
        template,
        given,
        pseudo={"AWS::AccountId": samples.ACCOUNT, "AWS::Region": region},
        physical=lambda name, attribute: attribute or name,
    )


def _needed(template: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    """List each call for each type, about each resource of the type under a launched stack."""
    stack = world.launched(template)
    for kind in TYPES:
        for action in set(launch_needs.needs(kind)) - launch_scopes.REFUSED.keys():
            for arn in world.touched(stack, kind, action):
                yield kind, Request(action, arn, world.sent(action, arn))


def _own() -> list[Request]:
    """List what Service Catalog itself does with the role."""
    arn = f"arn:aws:cloudformation:{world.HERE}:stack/{STACK}/0123abcd-4567-89ab-cdef-0123456789ab"
    copy = {"s3:ExistingObjectTag/servicecatalog:provisioning": "true", "aws:RequestedRegion": "us-west-2"}
    return [
        *(Request(f"cloudformation:{name}", arn) for name in FOR_STACKS.split()),
        *(Request(f"cloudformation:{name}", "*") for name in FOR_TEMPLATES.split()),
        Request("cloudformation:TagResource", f"arn:aws:cloudformation:{world.HERE}:changeSet/SC-pp-plan/1"),
        Request("s3:GetObject", "arn:aws:s3:::sc-0123456789-pa-abcdefghijklm/product.template", copy),
    ]


def _denied() -> list[Request]:
    return [
        Request(f"{service}:{name}", resource, context)
        for service, names, resource, context in DENIED
        for name in names.split()
    ]


def test_every_call_for_every_type_is_allowed(template: dict[str, Any], launch_role: dict[str, Any]) -> None:
    """What the schemas name for creating, reading, updating and deleting is allowed on what the workspace makes."""
    policies = _policies(launch_role)
    asked = [*_needed(template), *(("Service Catalog", request) for request in _own())]
    found = verdicts([(policies, request) for _, request in asked], LAUNCH_ROLE)
    refused = [f"{kind}: {request}" for (kind, request), verdict in zip(asked, found, strict=True) if not verdict]
    assert not refused, "\n".join([f"{len(refused)} of {len(asked)} refused:", *refused[:20]])


def test_others_things_and_more_power_are_refused(launch_role: dict[str, Any]) -> None:
    """Whatever is no launch's, unbounded, passed elsewhere or in another Region is refused."""
    policies, asked = _policies(launch_role), _denied()
    assert len(asked) >= ENOUGH
    found = verdicts([(policies, request) for request in asked], LAUNCH_ROLE)
    assert [str(request) for request, verdict in zip(asked, found, strict=True) if verdict] == []


def test_nothing_is_granted_that_no_type_needs(launch_role: dict[str, Any]) -> None:
    """The actions are those of the types and Service Catalog's own."""
    statements = [each for policy in _policies(launch_role).values() for each in policy["Statement"]]
    granted = {action for each in statements if each["Effect"] == "Allow" for action in each["Action"]}
    needed = {action for kind in TYPES for action in launch_needs.needs(kind)}
    own = {request.action for request in _own()}
    assert granted == (needed - launch_scopes.REFUSED.keys()) | own
    assert needed >= launch_scopes.REFUSED.keys()


def test_every_grant_is_needed_and_every_condition_counts(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """Without any one action, statement or condition some request is judged otherwise."""
    table = [*((request, True) for request in _own()), *((request, True) for _, request in _needed(template))]
    table += [(request, False) for request in _denied()]
    policies = _policies(launch_role)
    asked: list[tuple[str, Policies, Request, bool]] = []
    for name, policy in policies.items():
        for title, statement, changed in weakened(policy):
            asked += [
                (f"{name} {title}", {**policies, name: changed}, request, expected)
                for request, expected in table
                if any(fnmatch.fnmatch(request.action, action) for action in statement.get("Action", ["*"]))
            ]
    found = verdicts([(documents, request) for _, documents, request, _ in asked], LAUNCH_ROLE)
    noticed = {title for (title, _, _, expected), verdict in zip(asked, found, strict=True) if verdict is not expected}
    assert sorted({title for title, *_ in asked} - noticed) == []


def test_a_type_without_a_scope_is_an_error() -> None:
    """The programmer who adds a type is told what else to say, when rendering."""
    queue = Construct(title="Queue", source="tests", resources=[sqs.Queue("Queue")])
    with pytest.raises(TemplateError, match=r"no permissions for AWS::SQS::Queue"):
        launch.launch_role([*workspace.constructs(), queue])
    with pytest.raises(TemplateError, match=r"scopes\.py: no row covers sqs:CreateQueue"):
        launch_scopes.statements(["sqs:CreateQueue"], BOUNDARY)


def test_every_row_is_of_use() -> None:
    """A row of actions that no type needs any more goes."""
    written = {
        statement["Sid"] if isinstance(statement, dict) else statement.properties["Sid"]
        for listed in launch_scopes.statements(
            {action for kind in TYPES for action in launch_needs.needs(kind)}, BOUNDARY
        ).values()
        for statement in listed
    }
    assert written == {row.sid for rows in launch_scopes.scopes(BOUNDARY).values() for row in rows}


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ({}, set()),
        ({"BringableBucketArns": "arn:aws:s3:::team-data"}, set()),
        ({"PassableRoleArns": f"{ROLE},arn:aws:iam::{samples.ACCOUNT}:role/second"}, {"named role"}),
        ({"NotificationTopicArn": TOPIC}, {"topic"}),
        ({"LaunchRegions": "eu-west-1,us-east-1"}, {"eu-west-1"}),
    ],
)
def test_parameters_allow_what_they_say(launch_role: dict[str, Any], given: dict[str, str], allowed: set[str]) -> None:
    """Named roles may be brought, to SageMaker only; a topic may be told; Regions that are named may be launched in.

    Buckets that may be brought are for the roles of launches: the launch role itself has no business in them.
    """
    stack = f"arn:aws:cloudformation:eu-west-1:{samples.ACCOUNT}:stack/{STACK}/1"
    asked = {
        "bucket": Request("s3:PutBucketPolicy", "arn:aws:s3:::team-data"),
        "object": Request("s3:GetObject", "arn:aws:s3:::team-data/training/a.csv"),
        "named role": Request("iam:PassRole", ROLE, SAGEMAKER),
        "named role elsewhere": Request("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
        "other role": Request("iam:PassRole", ADMIN, SAGEMAKER),
        "topic": Request("sns:Publish", TOPIC),
        "other topic": Request("sns:Publish", f"{TOPIC}-2"),
        "eu-west-1": Request("cloudformation:CreateStack", stack),
        "eu-west-2": Request("cloudformation:CreateStack", stack.replace("eu-west-1", "eu-west-2")),
    }
    policies = _policies(launch_role, **given)
    found = verdicts([(policies, request) for request in asked.values()], LAUNCH_ROLE)
    assert {name for name, verdict in zip(asked, found, strict=True) if verdict} == allowed


def test_a_boundary_of_ones_own_takes_the_place_of_the_one_made(launch_role: dict[str, Any]) -> None:
    """Roles are then bounded by that one, and the other is not made."""
    own = samples.BOUNDARY["PermissionsBoundaryArn"]
    stack = _stack(launch_role, {"PermissionsBoundaryArn": own})
    assert "LaunchBoundary" not in stack.resources
    assert stack.outputs["PermissionsBoundaryArn"] == own
    policies = _policies(launch_role, PermissionsBoundaryArn=own)
    asked = [Request("iam:CreateRole", world.ROLE, {"iam:PermissionsBoundary": arn}) for arn in (own, BOUNDARY)]
    assert verdicts([(policies, request) for request in asked], LAUNCH_ROLE) == [True, False]
    (sentence,) = _stack(launch_role, {**samples.BOUNDARY, **samples.LAUNCH}).rules()
    assert sentence.startswith("With PermissionsBoundaryArn leave BringableBucketArns empty")


def test_the_boundary_is_deleted_first(launch_role: dict[str, Any]) -> None:
    """Nothing else is gone when IAM refuses to delete the boundary, so that what is launched can be terminated."""
    uses = {(edge.path[1], edge.target) for edge in edges(launch_role) if edge.path[0] == "Resources"}
    others = {name for name in launch_role["Resources"] if name != "LaunchBoundary"}
    assert {target for user, target in uses if user == "LaunchBoundary"} >= others
    assert {user for user, target in uses if target == "LaunchBoundary"} == set()


def test_the_boundary_allows_the_actions_of_the_workspaces_roles_and_no_others(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """Of all actions that are known, it allows those that a role of the workspace is granted, however it names them."""
    within = [action for each in _boundary(launch_role)["Statement"] for action in each["Action"]]
    granted = [action for each in _granted(world.launched(template)) for action in each["Action"]]
    services = sorted({action.partition(":")[0] for action in within})
    known = [f"{name}:{action}" for name in services for action in world.KNOWN.actions.get_actions_for_service(name)]

    def meant(patterns: list[str]) -> set[str]:
        return {action for action in known if any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)}

    assert meant(within) == meant(granted)
    assert {action for action in within if action.startswith("iam:")} == {"iam:GetRole", "iam:PassRole"}


def test_the_boundary_lets_the_workspaces_roles_do_their_work(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """What the execution role may do in any world, and the initializer, is within the boundary; names apart."""
    document = _boundary(launch_role, "arn:aws:s3:::demo-*,arn:aws:s3:::team-*")  # as buckets are called in the worlds
    asked = {
        str(request): request
        for each in worlds(template)
        for row in ALLOWED
        if row[3](each) and not row[0].startswith("iam:")
        for request in [requested(each, row)]
    }
    asked["of the initializer"] = Request("logs:DescribeLogGroups")
    asked["outside Studio"] = Request("sagemaker:DescribeSpace", f"{world.SM}:space/d-1/anas")
    asked["its own role"] = Request("iam:PassRole", world.ROLE, SAGEMAKER)
    assert len(asked) >= ENOUGH
    found = verdicts([({"Boundary": document}, request) for request in asked.values()])
    assert [name for name, verdict in zip(asked, found, strict=True) if not verdict] == []


@pytest.mark.parametrize(
    ("brought", "named", "reached"),
    [
        ({}, "", True),
        ({}, "arn:aws:s3:::team-input", True),
        (samples.NO_BUCKETS, "", False),
        (samples.NO_BUCKETS, "arn:aws:s3:::tea-*,arn:aws:s3:::team-inputs,arn:aws:s3:::team", False),
        (samples.NO_BUCKETS, ",".join(f"arn:aws:s3:::{name}" for name in samples.BUCKETS.values()), True),
        (samples.NO_BUCKETS, "arn:aws:s3:::team-*", True),
    ],
    ids=["own", "own beside named", "none named", "others named", "named", "named by their beginning"],
)
def test_roles_reach_buckets_that_launches_made_and_named_ones_only(
    template: dict[str, Any], launch_role: dict[str, Any], brought: dict[str, str], named: str, *, reached: bool
) -> None:
    """All that the roles of a launch do in buckets they do in its own and in named ones, and nothing in any other."""
    asked = [
        Request(action, arn.replace("*", "training/a.csv"))
        for each in _granted(world.launched(template, brought))
        for action in each["Action"]
        for arn in each["Resource"]
        if action.startswith("s3:")
    ]
    assert {"s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:GetObject"} < {request.action for request in asked}
    boundary = {"Boundary": _boundary(launch_role, named)}
    found = verdicts([(boundary, request) for request in asked])
    assert [str(request) for request, verdict in zip(asked, found, strict=True) if verdict is not reached] == []


@pytest.mark.parametrize("named", ["", "arn:aws:s3:::team-input,arn:aws:s3:::team-m*"])
def test_whatever_is_attached_stays_within_the_boundary(launch_role: dict[str, Any], named: str) -> None:
    """With any policy attached, others' data, secrets, sessions, logs, roles and interfaces are out of reach."""
    boundary = {"Boundary": _boundary(launch_role, named)}
    found = verdicts([(boundary, request) for request in OUT_OF_BOUNDS])
    assert [str(request) for request, verdict in zip(OUT_OF_BOUNDS, found, strict=True) if verdict] == []


def test_every_bound_counts(launch_role: dict[str, Any]) -> None:
    """Were a statement about everything, or without its condition, something out of bounds would be within."""
    asked = [
        (title, {"Boundary": widened}, request)
        for title, widened in _widened(_boundary(launch_role, samples.LAUNCH["BringableBucketArns"]))
        for request in OUT_OF_BOUNDS
    ]
    found = verdicts([(boundary, request) for _, boundary, request in asked])
    noticed = {title for (title, *_), verdict in zip(asked, found, strict=True) if verdict}
    # these are about all keys of all accounts as it is: their condition counts
    assert {title for title, *_ in asked} - noticed == {"LendKeys Resource", "UseKeys Resource"}


def _widened(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Let each statement be about everything, or hold always, one at a time; say what that is about."""
    statements = document["Statement"]
    for place, statement in enumerate(statements):
        always = {name: value for name, value in statement.items() if name != "Condition"}
        for title, changed in (("Resource", {**statement, "Resource": ["*"]}), ("Condition", always)):
            if changed != statement:
                listed = [*statements[:place], changed, *statements[place + 1 :]]
                yield f"{statement['Sid']} {title}", {**document, "Statement": listed}


def test_launches_cannot_change_a_boundary_of_ones_own(launch_role: dict[str, Any]) -> None:
    """They manage policies whose names begin with SC-, so no boundary is called so."""
    pattern = launch_role["Parameters"]["PermissionsBoundaryArn"]["AllowedPattern"]
    assert re.fullmatch(pattern, samples.BOUNDARY["PermissionsBoundaryArn"])
    assert not re.fullmatch(pattern, f"arn:aws:iam::{samples.ACCOUNT}:policy/SC-boundary")


@pytest.mark.parametrize("region", some_region_of_each_partition())
def test_names_and_lengths(launch_role: dict[str, Any], region: str) -> None:
    """The role has its name in every account, no policy is too long, and each statement has a name of its own."""
    given = {
        "LaunchRoleName": "L" * 56,
        "BringableBucketArns": ",".join(["arn:aws-us-gov:s3:::".ljust(83, "b")] * 5),
        "PassableRoleArns": ",".join([f"arn:aws-us-gov:iam::{samples.ACCOUNT}:role/".ljust(399, "r")] * 5),
        "NotificationTopicArn": f"arn:aws-us-gov:sns:us-gov-west-1:{samples.ACCOUNT}:".ljust(300, "t"),
        "LaunchRegions": ",".join(["ap-southeast-1"] * 20),
    }
    assert check_parameters(launch_role, given) == []
    assert len(given["BringableBucketArns"]) == launch_role["Parameters"]["BringableBucketArns"]["MaxLength"]
    resources = _stack(launch_role, given, region).resources
    assert resources["LaunchRole"]["Properties"]["RoleName"] == "L" * 56
    assert resources["LaunchBoundary"]["Properties"]["ManagedPolicyName"] == "L" * 56 + "Boundary"
    documents = {
        name: body["Properties"]["PolicyDocument"]
        for name, body in resources.items()
        if body["Type"] == "AWS::IAM::ManagedPolicy"
    }
    for name, document in documents.items():
        assert len(json.dumps(document, separators=(",", ":"))) <= 6144, name
        sids = [statement["Sid"] for statement in document["Statement"]]
        assert len(set(sids)) == len(sids), name


def test_only_service_catalog_takes_the_role(launch_role: dict[str, Any]) -> None:
    """Nobody else launches with it, and a launch cannot take it either."""
    role = _stack(launch_role, {}).resources["LaunchRole"]["Properties"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert not role["RoleName"].startswith("SC-")
