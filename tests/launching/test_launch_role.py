"""Tests of the launch role with an IAM simulator: it can launch, update and delete a workspace, and nothing else."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import samples
from access.combinations import distinct_combinations
from access.mutations import mutations
from access.simulator import Policies, Request, verdicts
from access.table import ALLOWED
from access.test_execution_role import requested
from troposphere import kinesis

import smtemplates
from launching import provisioned
from launching.provisioned import BOUNDARY, LAUNCH_ROLE, STACK
from launching.table import ADMIN, DENIED, FOR_STACKS, FOR_TEMPLATES, OUTSIDE_BOUNDARY, SAGEMAKER
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

MINIMUM = 60
FIELDS = {"ProjectName", "Environment", "CreateNotebook", "NotebookInstanceType", "UserProfileNames", "AlarmEmail"}
TYPES = launch_needs.types(workspace.constructs())
ROLE = samples.ROLE["ExistingRoleArn"]
TOPIC = samples.TOPIC["AlarmTopicArn"]


@pytest.fixture(scope="module")
def launch_role() -> dict[str, Any]:
    """Return the rendered template of the launch role."""
    return load(render(launch.definition().template()))


def _policies(template: dict[str, Any], **parameters: str) -> Policies:
    """Return the policies that are attached to the launch role."""
    resources = _stack(template, parameters).resources
    return {
        name: body["Properties"]["PolicyDocument"]
        for name, body in resources.items()
        if body["Properties"].get("Roles") == ["LaunchRole"]
    }


def _boundary(template: dict[str, Any], buckets: str = "") -> dict[str, Any]:
    """Return the permissions boundary of the roles of launches."""
    boundary = _stack(template, {"BringableBucketArns": buckets}).resources["LaunchBoundary"]
    document: dict[str, Any] = boundary["Properties"]["PolicyDocument"]
    return document


# The boundary allows only this pack. The other packs need a boundary of the platform team.
NO_PACKS = {"WorkflowPacks": "SharedSpaces"}


def _allow_statements(stack: Stack) -> list[dict[str, Any]]:
    """Return all Allow statements of the roles of a launch."""
    listed = []
    for body in stack.resources.values():
        properties = body["Properties"]
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        documents += [properties["PolicyDocument"]] if body["Type"] == "AWS::IAM::ManagedPolicy" else []
        listed += [each for policy in documents for each in policy["Statement"] if each["Effect"] == "Allow"]
    return listed


def _stack(template: dict[str, Any], parameters: dict[str, str], region: str = "us-east-1") -> Stack:
    return Stack(
        template,
        parameters,
        pseudo={"AWS::AccountId": samples.ACCOUNT, "AWS::Region": region},
        physical=lambda name, attribute: attribute or name,
    )


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
    cases: list[tuple[str, Policies, Request, bool]] = []
    for name, policy in policies.items():
        for title, statement, changed in mutations(policy):
            cases += [
                (f"{name} {title}", {**policies, name: changed}, request, expected)
                for request, expected in table
                if any(fnmatch.fnmatch(request.action, action) for action in statement.get("Action", ["*"]))
            ]
    found = verdicts([(documents, request) for _, documents, request, _ in cases], LAUNCH_ROLE)
    detected = {title for (title, _, _, expected), verdict in zip(cases, found, strict=True) if verdict is not expected}
    assert sorted({title for title, *_ in cases} - detected) == []


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
    stack = _stack(launch_role, {"PermissionsBoundaryArn": existing})
    assert "LaunchBoundary" not in stack.resources
    assert stack.outputs["PermissionsBoundaryArn"] == existing
    policies = _policies(launch_role, PermissionsBoundaryArn=existing)
    requests = [
        Request("iam:CreateRole", provisioned.ROLE, {"iam:PermissionsBoundary": arn}) for arn in (existing, BOUNDARY)
    ]
    assert verdicts([(policies, request) for request in requests], LAUNCH_ROLE) == [True, False]
    (sentence,) = _stack(launch_role, {**samples.BOUNDARY, **samples.LAUNCH}).rules()
    assert sentence.startswith("With PermissionsBoundaryArn, leave BringableBucketArns empty")


def test_the_boundary_is_deleted_first(launch_role: dict[str, Any]) -> None:
    """If IAM does not delete the boundary, all other resources still exist, and launched products can be terminated."""
    references = {(edge.path[1], edge.target) for edge in edges(launch_role) if edge.path[0] == "Resources"}
    others = {name for name in launch_role["Resources"] if name != "LaunchBoundary"}
    assert {target for user, target in references if user == "LaunchBoundary"} >= others
    assert {user for user, target in references if target == "LaunchBoundary"} == set()


def test_the_boundary_allows_the_actions_of_the_workspaces_roles_and_no_others(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """The patterns of the boundary match the same actions as the patterns in the policies of the workspace."""
    in_boundary = [action for each in _boundary(launch_role)["Statement"] for action in each["Action"]]
    statements = _allow_statements(provisioned.launched(template, NO_PACKS))
    allowed = [action for each in statements for action in each["Action"]]
    services = sorted({action.partition(":")[0] for action in in_boundary})
    known = [
        f"{name}:{action}" for name in services for action in provisioned.KNOWN.actions.get_actions_for_service(name)
    ]

    def matching(patterns: list[str]) -> set[str]:
        return {action for action in known if any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)}

    assert matching(in_boundary) == matching(allowed)
    assert {action for action in in_boundary if action.startswith("iam:")} == {"iam:GetRole", "iam:PassRole"}


@pytest.mark.slow
def test_the_boundary_allows_the_requests_of_the_workspaces_roles(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """The boundary allows all requests of the execution role and the initializer, except for those with other names."""
    document = _boundary(launch_role, "arn:aws:s3:::demo-*,arn:aws:s3:::team-*")  # bucket names in the combinations
    requests = {
        str(request): request
        for each in distinct_combinations(template)
        for row in ALLOWED
        if row[3](each) and not row[0].startswith("iam:")
        for request in [requested(each, row)]
    }
    requests["of the initializer"] = Request("logs:DescribeLogGroups")
    requests["outside Studio"] = Request("sagemaker:DescribeSpace", f"{provisioned.SM}:space/d-1/anas")
    requests["its own role"] = Request("iam:PassRole", provisioned.ROLE, SAGEMAKER)
    assert len(requests) >= MINIMUM
    found = verdicts([({"Boundary": document}, request) for request in requests.values()])
    assert [name for name, verdict in zip(requests, found, strict=True) if not verdict] == []


@pytest.mark.parametrize(
    ("buckets", "listed", "allowed"),
    [
        ({}, "", True),
        ({}, "arn:aws:s3:::team-input", True),
        (samples.NO_BUCKETS, "", False),
        (samples.NO_BUCKETS, "arn:aws:s3:::tea-*,arn:aws:s3:::team-inputs,arn:aws:s3:::team", False),
        (samples.NO_BUCKETS, ",".join(f"arn:aws:s3:::{name}" for name in samples.BUCKETS.values()), True),
        (samples.NO_BUCKETS, "arn:aws:s3:::team-*", True),
    ],
    ids=["created", "created, others listed", "none listed", "others listed", "listed", "listed by prefix"],
)
def test_roles_reach_only_launched_and_listed_buckets(
    template: dict[str, Any], launch_role: dict[str, Any], buckets: dict[str, str], listed: str, *, allowed: bool
) -> None:
    """The boundary allows all S3 requests for the buckets of the launch and for listed buckets, and no others."""
    requests = [
        Request(action.replace("*", "Version"), arn.replace("*", "training/a.csv"))
        for each in _allow_statements(provisioned.launched(template, {**buckets, **NO_PACKS}))
        for action in each["Action"]
        for arn in each["Resource"]
        if action.startswith("s3:")
    ]
    assert {"s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:GetObject"} < {
        request.action for request in requests
    }
    boundary = {"Boundary": _boundary(launch_role, listed)}
    found = verdicts([(boundary, request) for request in requests])
    assert [str(request) for request, verdict in zip(requests, found, strict=True) if verdict is not allowed] == []


@pytest.mark.parametrize("listed", ["", "arn:aws:s3:::team-input,arn:aws:s3:::team-m*"])
def test_attached_policies_stay_within_the_permissions_boundary(launch_role: dict[str, Any], listed: str) -> None:
    """With any policy attached, a role cannot access data, secrets, sessions, logs, roles or interfaces of others."""
    boundary = {"Boundary": _boundary(launch_role, listed)}
    found = verdicts([(boundary, request) for request in OUTSIDE_BOUNDARY])
    assert [str(request) for request, verdict in zip(OUTSIDE_BOUNDARY, found, strict=True) if verdict] == []


def test_every_resource_and_condition_of_the_boundary_is_exercised(launch_role: dict[str, Any]) -> None:
    """If a statement applied to all resources or had no condition, the boundary would allow a denied request."""
    cases = [
        (title, {"Boundary": widened}, request)
        for title, widened in _widened(_boundary(launch_role, samples.LAUNCH["BringableBucketArns"]))
        for request in OUTSIDE_BOUNDARY
    ]
    found = verdicts([(boundary, request) for _, boundary, request in cases])
    detected = {title for (title, *_), verdict in zip(cases, found, strict=True) if verdict}
    # These statements already apply to all keys of all accounts. Their condition is exercised.
    assert {title for title, *_ in cases} - detected == {"LendKeys Resource", "UseKeys Resource"}


def _widened(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a title and the policy in which one statement applies to all resources, or has no condition."""
    statements = document["Statement"]
    for index, statement in enumerate(statements):
        unconditional = {name: value for name, value in statement.items() if name != "Condition"}
        for title, changed in (("Resource", {**statement, "Resource": ["*"]}), ("Condition", unconditional)):
            if changed != statement:
                listed = [*statements[:index], changed, *statements[index + 1 :]]
                yield f"{statement['Sid']} {title}", {**document, "Statement": listed}


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
    }
    assert check_parameters(launch_role, parameters) == []
    assert len(parameters["BringableBucketArns"]) == launch_role["Parameters"]["BringableBucketArns"]["MaxLength"]
    resources = _stack(launch_role, parameters, region).resources
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


def test_only_service_catalog_can_assume_the_role(launch_role: dict[str, Any]) -> None:
    """No other principal can assume the role, and its name prevents launches from passing it."""
    role = _stack(launch_role, {}).resources["LaunchRole"]["Properties"]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert not role["RoleName"].startswith("SC-")
