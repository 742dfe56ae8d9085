"""What the execution role may do and may not, in every world of parameters, as an IAM simulator judges it."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import pytest
import samples

from access.mutants import weakened
from access.simulator import Policies, Request, verdicts
from access.table import ALLOWED, DENIED, LIMITED, Row
from access.worlds import World, worlds
from smtemplates.evaluate import Stack, edges

ENOUGH = 60
TABLE = [*ALLOWED, *LIMITED, *DENIED]


@pytest.fixture(scope="module")
def combinations(template: dict[str, Any]) -> list[World]:
    """List the worlds to judge."""
    return worlds(template)


def test_the_table_is_long_enough_to_mean_something() -> None:
    """At least 60 different requests are allowed, and 60 others refused wherever they are made."""
    assert len({row[:2] for row in ALLOWED}) >= ENOUGH
    assert len({row[:2] for row in DENIED}) >= ENOUGH


def test_the_role_may_do_what_the_table_says_and_nothing_else(combinations: list[World]) -> None:
    """For every document that any combination of parameters makes of any policy, each request is judged as expected."""
    asked = [(world, row, requested(world, row)) for world in combinations for row in TABLE]
    found = verdicts([(world.policies, request) for world, _, request in asked])
    wrong = [
        f"{'allowed' if verdict else 'refused'}: {request} in {world.choice}"
        for (world, row, request), verdict in zip(asked, found, strict=True)
        if verdict is not row[3](world)
    ]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(asked)} judged otherwise:", *wrong[:20]])


def test_every_grant_is_needed_and_every_refusal_and_condition_counts(combinations: list[World]) -> None:
    """Without any one action, statement or condition of any policy some request of the table is judged otherwise."""
    mutants: dict[str, list[tuple[Policies, Request, bool]]] = {}
    for world in combinations:
        for name, policy in world.policies.items():
            for title, statement, changed in weakened(policy):
                rows = [row for row in TABLE if any(fnmatch.fnmatch(row[0], action) for action in statement["Action"])]
                requests = [(requested(world, row), row[3](world)) for row in rows]
                documents = {**world.policies, name: changed}
                mutants.setdefault(f"{name} {title}", []).extend((documents, *request) for request in requests)
    asked = [(title, *case) for title, cases in mutants.items() for case in cases]
    found = verdicts([(documents, request) for _, documents, request, _ in asked])
    noticed = {title for (title, _, _, expected), verdict in zip(asked, found, strict=True) if verdict is not expected}
    assert sorted(mutants.keys() - noticed) == []


def test_no_policy_is_too_long_and_each_statement_has_a_name(template: dict[str, Any]) -> None:
    """With every parameter as long as it may be, a policy keeps IAM's limit; none has a fixed name or stands inline."""
    for given in (samples.EVERYTHING, {**samples.LONGEST, "ExistingRoleArn": ""}):
        for logical, body in samples.deployed(template, given).resources.items():
            kind, properties = body["Type"], body["Properties"]
            if kind == "AWS::IAM::ManagedPolicy":
                document = properties["PolicyDocument"]
                assert len(json.dumps(document, separators=(",", ":"))) <= 6144, logical
                sids = [statement["Sid"] for statement in document["Statement"]]
                assert all(sids), logical
                assert len(set(sids)) == len(sids), logical
                assert "ManagedPolicyName" not in properties
            assert kind not in {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"}, logical
            if logical == "ExecutionRole":
                assert "Policies" not in properties


def test_a_boundary_bounds_every_role(template: dict[str, Any]) -> None:
    """With PermissionsBoundaryArn each role of the template has it, without it none has."""
    for given, boundary in ((samples.BOUNDARY, samples.BOUNDARY["PermissionsBoundaryArn"]), ({}, None)):
        stack = samples.deployed(template, {**samples.EVERYTHING, "PermissionsBoundaryArn": ""}, given)
        roles = {name: body for name, body in stack.resources.items() if body["Type"] == "AWS::IAM::Role"}
        assert len(roles) > 1
        assert {name: role["Properties"].get("PermissionsBoundary") for name, role in roles.items()} == dict.fromkeys(
            roles, boundary
        )


def test_only_this_account_s_sagemaker_takes_the_role(template: dict[str, Any]) -> None:
    """The trust names one service, and the account on whose behalf it must come."""
    [statement] = samples.deployed(template).resources["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": samples.ACCOUNT}}


@pytest.mark.parametrize("level", [{}, {"AccessLevel": "FullAccess"}, samples.ROLE], ids=["least", "full", "given"])
@pytest.mark.parametrize(
    "served", [{}, {**samples.VPC, "EndpointServing": "Instances"}], ids=["serverless", "instances in a VPC"]
)
def test_what_works_as_the_role_at_once_waits_for_its_policies(
    template: dict[str, Any], level: dict[str, str], served: dict[str, str]
) -> None:
    """Model, MLflow app and notebook come after each of the role's policies, and the role is the one they name."""
    features = {**samples.ENDPOINT, **samples.FEATURES["mlflow"], **samples.FEATURES["notebook"]}
    choice = {**features, **level, **served}
    waits = _waits(Stack(template, choice))
    own = {"DataPolicy", "JobsPolicy", "HostingPolicy", "WorkflowPolicy", "NetworkPolicy"} & waits.keys()
    late = [(own - _before(waits, name), name) for name in ("Model", "Endpoint", "MlflowApp", "Notebook")]
    assert [name for policies, name in late if policies] == []
    made = samples.deployed(template, choice)
    assert made.resources["Model"]["Properties"]["ExecutionRoleArn"] == made.outputs["ExecutionRoleArn"]
    store = f"s3://{made.outputs['ModelBucketName']}/mlflow/"
    assert made.resources["MlflowApp"]["Properties"]["ArtifactStoreUri"] == store


def _waits(stack: Stack) -> dict[str, set[str]]:
    """List what each resource refers to: CloudFormation makes that before it, and deletes it after it."""
    waits: dict[str, set[str]] = {name: set() for name in stack.resources}
    for reference in edges(stack.template()):
        section, name = reference.path[:2]
        if section == "Resources":
            waits[str(name)].add(reference.target)
    return waits


def _before(waits: dict[str, set[str]], name: str) -> set[str]:
    return waits[name].union(*(_before(waits, other) for other in waits[name]))


def requested(world: World, row: Row) -> Request:
    """Fill a row of the table with a world's names."""
    names = {**world.names, "account": samples.ACCOUNT}
    action, resource, context, _ = row
    filled = {
        key: value.format(**names) if isinstance(value, str) else [item.format(**names) for item in value]
        for key, value in context.items()
    }
    return Request(action, resource.format(**names), filled)
