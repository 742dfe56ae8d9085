"""Tests of the permissions boundary of launched roles with an IAM simulator, with and without workflow packs."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator
from typing import Any

import pytest
import samples
from access.combinations import combine, distinct_combinations
from access.packs import BY_PACK
from access.simulator import Request, verdicts
from access.table import ALLOWED, never
from access.test_execution_role import requested
from access.test_workflow_packs import names_for

from launching import provisioned
from launching.evaluated import NO_PACKS, PACKS, allow_statements, boundary_of, stack_of
from launching.provisioned import STACK
from launching.table import OUTSIDE_BOUNDARY, SAGEMAKER

MINIMUM = 60
TOPIC = samples.TOPIC["AlarmTopicArn"]


@pytest.mark.parametrize("pack", ["", *PACKS, ",".join(PACKS)])
def test_the_boundary_allows_the_actions_of_the_workspaces_roles_and_no_others(
    template: dict[str, Any], launch_role: dict[str, Any], pack: str
) -> None:
    """The patterns of the boundary match the same actions as the patterns in the policies with the same packs."""
    in_boundary = [action for each in boundary_of(launch_role, packs=pack)["Statement"] for action in each["Action"]]
    selected = {"WorkflowPacks": f"SharedSpaces,{pack}".rstrip(","), **names_for(pack.split(","))}
    allowed = [
        action for each in allow_statements(provisioned.launched(template, selected)) for action in each["Action"]
    ]
    services = sorted({action.partition(":")[0] for action in in_boundary})
    known = [
        f"{name}:{action}" for name in services for action in provisioned.KNOWN.actions.get_actions_for_service(name)
    ]

    def matching(patterns: list[str]) -> set[str]:
        return {action for action in known if any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)}

    assert matching(in_boundary) == matching(allowed)
    assert {action for action in in_boundary if action.startswith("iam:")} == {"iam:GetRole", "iam:PassRole"}


def test_the_boundary_allows_the_requests_of_selected_packs_only(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """The boundary with a pack alone allows all requests of the pack. Without packs, it denies them."""
    launched = combine(template, {"studio": "images"})
    names = {**launched.names, "repository": f"arn:aws:ecr:{provisioned.HERE}:repository/{STACK.lower()}-studio-1"}
    without = boundary_of(launch_role, "arn:aws:s3:::demo-*")
    cases = [
        ({"Boundary": document}, requested(dataclasses.replace(launched, names=names), (*row, never)), allowed)
        for pack in PACKS
        for document, allowed in ((boundary_of(launch_role, "arn:aws:s3:::demo-*", pack), True), (without, False))
        for row in BY_PACK[pack]
        # without its pack, a policy of the role denies remote access of spaces, which is useless without connections
        if allowed or "sagemaker:RemoteAccess" not in row[2]
    ]
    found = verdicts([(boundary, request) for boundary, request, _ in cases])
    wrong = [
        str(request) for (_, request, allowed), verdict in zip(cases, found, strict=True) if verdict is not allowed
    ]
    assert wrong == []


@pytest.mark.slow
def test_the_boundary_allows_the_requests_of_the_workspaces_roles(
    template: dict[str, Any], launch_role: dict[str, Any]
) -> None:
    """The boundary allows all requests of the execution role and the initializer, except for those with other names."""
    document = boundary_of(launch_role, "arn:aws:s3:::demo-*,arn:aws:s3:::team-*")  # bucket names in the combinations
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
        for each in allow_statements(provisioned.launched(template, {**buckets, **NO_PACKS}))
        for action in each["Action"]
        for arn in each["Resource"]
        if action.startswith("s3:")
    ]
    assert {"s3:ListBucketVersions", "s3:DeleteObjectVersion", "s3:GetObject"} < {
        request.action for request in requests
    }
    boundary = {"Boundary": boundary_of(launch_role, listed)}
    found = verdicts([(boundary, request) for request in requests])
    assert [str(request) for request, verdict in zip(requests, found, strict=True) if verdict is not allowed] == []


@pytest.mark.parametrize("packs", ["", ",".join(PACKS)], ids=["no packs", "all packs"])
@pytest.mark.parametrize("listed", ["", "arn:aws:s3:::team-input,arn:aws:s3:::team-m*"])
def test_attached_policies_stay_within_the_permissions_boundary(
    launch_role: dict[str, Any], listed: str, packs: str
) -> None:
    """With any policy attached, a role cannot access data, secrets, sessions, logs, roles or interfaces of others."""
    boundary = {"Boundary": boundary_of(launch_role, listed, packs)}
    found = verdicts([(boundary, request) for request in OUTSIDE_BOUNDARY])
    assert [str(request) for request, verdict in zip(OUTSIDE_BOUNDARY, found, strict=True) if verdict] == []


def test_every_resource_and_condition_of_the_boundary_is_exercised(launch_role: dict[str, Any]) -> None:
    """With other names for one resource, or without a condition, the boundary would allow a denied request."""
    cases = [
        (title, {"Boundary": widened}, request)
        for title, widened in _widened(boundary_of(launch_role, samples.LAUNCH["BringableBucketArns"], ",".join(PACKS)))
        for request in OUTSIDE_BOUNDARY
    ]
    found = verdicts([(boundary, request) for _, boundary, request in cases])
    detected = {title for (title, *_), verdict in zip(cases, found, strict=True) if verdict}
    assert sorted({title for title, *_ in cases} - detected) == []


def _widened(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a title and the policy in which one resource has any name and account, or one statement no condition."""
    statements = document["Statement"]
    for index, statement in enumerate(statements):
        unconditional = {name: value for name, value in statement.items() if name != "Condition"}
        listed = [statement["Resource"]] if statement["Resource"] == "*" else statement["Resource"]
        changes = [("Condition", unconditional)]
        changes += [(arn, {**statement, "Resource": [*listed, _any_name(arn)]}) for arn in listed]
        for title, changed in changes:
            if changed != statement and _any_name(title) != title:
                yield (
                    f"{statement['Sid']} {title}",
                    {
                        **document,
                        "Statement": [*statements[:index], changed, *statements[index + 1 :]],
                    },
                )


def _any_name(arn: str) -> str:
    """Return the ARN of all resources of a type in all accounts."""
    parts = arn.split(":")
    if len(parts) == 1:
        return arn
    account, resource = 4, 5
    kind, slash, _ = ":".join(parts[resource:]).partition("/")
    prefix = "log-group:" if kind.startswith("log-group:") else ""
    named = f"{kind}/*" if slash and not prefix else f"{prefix}*"
    return ":".join([*parts[:account], "*" if parts[account] else "", named])


@pytest.mark.parametrize(("listed", "allowed"), [("", False), (TOPIC, True), (f"{TOPIC[:-1]}*", True)])
def test_notifications_reach_only_listed_topics(launch_role: dict[str, Any], listed: str, *, allowed: bool) -> None:
    """The role with which EventBridge publishes can use the topics of launches and listed topics, and no others."""
    stack = stack_of(launch_role, {"LaunchTopicArns": listed})
    boundary = {"Boundary": stack.resources["LaunchBoundary"]["Properties"]["PolicyDocument"]}
    created = f"arn:aws:sns:{provisioned.HERE}:{STACK}-AlarmTopic-1"
    requests = [Request("sns:Publish", arn) for arn in (TOPIC, created, f"arn:aws:sns:{provisioned.HERE}:payments")]
    assert verdicts([(boundary, request) for request in requests]) == [allowed, True, False]
