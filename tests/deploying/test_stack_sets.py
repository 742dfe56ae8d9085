"""What `status` says of stack sets, in answers of AWS's shapes: moto knows neither failures nor delegates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from deploying.stubs import NOW, STACK_ID, Aws, change, event, plan_of, stack, stubbed
from deploying.stubs import described as changes_of
from smtemplates.aws.errors import CloudError, RefusedError
from smtemplates.deploy import commands, execution
from smtemplates.deploy import tables as show

SET_ID = "workspaces-0a1b2c3d:11112222-0000-0000-0000-000000000000"
TAKEN = (
    "ResourceLogicalId:InputBucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:team-input already exists "
    "(Service: S3, Status Code: 409), and a few more words so that the line does not fit into a terminal."
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def held(aws: Aws, *kinds: str, physical_id: str | None = SET_ID, state: str = "CREATE_COMPLETE") -> None:
    """Answer that the stack has resources of these types."""
    aws.answers("describe_stacks", {"Stacks": [stack(state)]})
    summaries = [
        {
            "LogicalResourceId": kind.rpartition(":")[2],
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": NOW,
            **({"PhysicalResourceId": physical_id} if physical_id else {}),
        }
        for kind in kinds
    ]
    aws.answers("list_stack_resources", {"StackResourceSummaries": summaries}, {"StackName": STACK_ID})


def asked(caller: str = "SELF", **more: Any) -> dict[str, Any]:
    return {"StackSetName": SET_ID, "CallAs": caller, **more}


def described(aws: Aws, caller: str = "SELF") -> None:
    aws.answers("describe_stack_set", {"StackSet": {"StackSetId": SET_ID, "Status": "ACTIVE"}}, asked(caller))


def listed(aws: Aws, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Answer with the stacks, page by page."""
    paged(aws, "list_stack_instances", pages, asked(caller, MaxResults=100))


def operated(aws: Aws, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Answer with the operations, page by page."""
    paged(aws, "list_stack_set_operations", pages, asked(caller, MaxResults=100))


def resulted(aws: Aws, operation: str, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Answer with the results of an operation, page by page."""
    paged(aws, "list_stack_set_operation_results", pages, asked(caller, MaxResults=100, OperationId=operation))


def paged(aws: Aws, call: str, pages: tuple[list[dict[str, Any]], ...], expected: dict[str, Any]) -> None:
    token: dict[str, str] = {}
    for number, page in enumerate(pages):
        following = {"NextToken": f"page-{number}"} if number + 1 < len(pages) else {}
        aws.answers(call, {"Summaries": page, **following}, {**expected, **token})
        token = following


def instance(account: str, region: str, status: str, detail: str, **more: str) -> dict[str, Any]:
    return {
        "Account": account,
        "Region": region,
        "Status": status,
        "StackInstanceStatus": {"DetailedStatus": detail},
        **more,
    }


def operation(name: str, status: str, *, hours: int = 0, action: str = "UPDATE") -> dict[str, Any]:
    began = NOW + timedelta(hours=hours)
    return {"OperationId": name, "Action": action, "Status": status, "CreationTimestamp": began}


def result(account: str, region: str, status: str, **more: Any) -> dict[str, Any]:
    return {"Account": account, "Region": region, "Status": status, **more}


def status(aws: Aws, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Give the exit code, and what a person sees of the stack sets, which fits into a terminal."""
    code = commands.status(aws.cloud, "team", watch=False, as_json=False)
    shown = capsys.readouterr().out.partition("termination protection")[2]
    assert all(len(line) <= 80 for line in shown.splitlines())
    return code, shown


STACK_SET = "AWS::CloudFormation::StackSet"
GOOD = instance("222233334444", "eu-west-1", "CURRENT", "SUCCEEDED")
BAD = instance("999900001111", "us-east-1", "OUTDATED", "FAILED", LastOperationId="old")


def test_failures_on_any_page_come_first(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """An operation that succeeded hides none: each failed stack is shown with its reason, before all others."""
    held(aws, "AWS::SNS::Topic", STACK_SET)
    described(aws)
    listed(
        aws,
        [GOOD],
        [instance("111122223333", "ap-southeast-6", "CURRENT", "SUCCEEDED")],
        [{**BAD, "StatusReason": TAKEN}],
    )
    operated(aws, [operation("b", "SUCCEEDED", hours=1)], [operation("a", "FAILED")])
    resulted(aws, "b", [result("222233334444", "eu-west-1", "SUCCEEDED")], [])
    code, shown = status(aws, capsys)
    assert code == 1
    assert "last operation: UPDATE SUCCEEDED" in shown
    assert "stacks: 2 CURRENT, 1 FAILED" in shown
    rows = [line.split() for line in shown.splitlines() if re.search("[0-9]{12}", line)]
    assert rows == [
        ["!", "999900001111", "us-east-1", "FAILED"],
        ["111122223333", "ap-southeast-6", "CURRENT"],
        ["222233334444", "eu-west-1", "CURRENT"],
    ]
    assert TAKEN in " ".join(shown.split())


def test_a_failure_before_there_was_a_stack(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Where not even a stack came to be, as when a gate refused, the operation's results tell, on their second page."""
    held(aws, STACK_SET)
    described(aws)
    listed(aws, [GOOD])
    operated(
        aws, [operation("a", "SUCCEEDED", action="CREATE"), operation("d", "FAILED", hours=1, action="DETECT_DRIFT")]
    )
    gate = {"Status": "FAILED", "StatusReason": "budget is spent"}
    refused = result("999900001111", "us-east-1", "FAILED", AccountGateResult=gate)
    resulted(aws, "a", [result("222233334444", "eu-west-1", "SUCCEEDED")], [refused])
    code, shown = status(aws, capsys)
    assert code == 1
    assert "! 999900001111" in shown
    assert "budget is spent" in shown


def test_the_reason_may_be_in_an_earlier_operation(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack that failed before the latest operation, without a reason of its own, is explained by that operation."""
    held(aws, STACK_SET)
    described(aws)
    listed(aws, [BAD, GOOD])
    operated(aws, [operation("new", "SUCCEEDED", hours=1), operation("old", "SUCCEEDED")])
    resulted(aws, "new", [result("222233334444", "eu-west-1", "SUCCEEDED")])
    resulted(aws, "old", [result("999900001111", "us-east-1", "FAILED", StatusReason=TAKEN)])
    code, shown = status(aws, capsys)
    assert code == 1
    assert TAKEN in " ".join(shown.split())


@pytest.mark.parametrize(
    ("state", "detail", "seen"),
    [
        ("OUTDATED", "CANCELLED", "CANCELLED"),
        ("OUTDATED", "SUCCEEDED", "OUTDATED"),
        ("OUTDATED", "FAILED_IMPORT", "FAILED_IMPORT"),
        ("INOPERABLE", "FAILED", "INOPERABLE"),
    ],
)
def test_what_is_a_failure(aws: Aws, capsys: pytest.CaptureFixture[str], state: str, detail: str, seen: str) -> None:
    """A stack that is not up to date, and on which nothing is being done, is a failure."""
    held(aws, STACK_SET)
    described(aws)
    listed(aws, [instance("999900001111", "us-east-1", state, detail, StatusReason="why")])
    operated(aws, [])
    code, shown = status(aws, capsys)
    assert code == 1
    assert f"! 999900001111  us-east-1       {seen}" in shown


@pytest.mark.parametrize("detail", ["PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT"])
def test_what_is_none(aws: Aws, capsys: pytest.CaptureFixture[str], detail: str) -> None:
    """A stack whose turn will come, or whose account is suspended, is shown and is no failure."""
    held(aws, STACK_SET)
    described(aws)
    listed(aws, [instance("999900001111", "us-east-1", "OUTDATED", detail)])
    operated(aws, [operation("a", "RUNNING")])
    resulted(aws, "a", [result("999900001111", "us-east-1", "PENDING")])
    code, shown = status(aws, capsys)
    assert code == 0
    assert f"  999900001111  us-east-1       {detail}" in shown


def test_a_delegated_administrator(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """What this account does not have, it is asked for as delegated administrator, and so is all the rest."""
    held(aws, STACK_SET)
    aws.refuses("describe_stack_set", "StackSetNotFoundException")
    described(aws, "DELEGATED_ADMIN")
    listed(aws, [GOOD], caller="DELEGATED_ADMIN")
    operated(aws, [operation("a", "SUCCEEDED")], caller="DELEGATED_ADMIN")
    resulted(aws, "a", [], caller="DELEGATED_ADMIN")
    code, shown = status(aws, capsys)
    assert code == 0
    assert "222233334444" in shown


@pytest.mark.parametrize("refusal", ["StackSetNotFoundException", "ValidationError", "AccessDenied"])
def test_a_stack_set_that_is_gone(aws: Aws, capsys: pytest.CaptureFixture[str], refusal: str) -> None:
    """A stack set that was deleted behind the stack's back is said to be, whoever asks."""
    held(aws, STACK_SET)
    aws.refuses("describe_stack_set", "StackSetNotFoundException")
    aws.refuses("describe_stack_set", refusal)
    assert "workspaces-0a1b2c3d, DELETED" in status(aws, capsys)[1]


def test_one_that_is_being_made_has_no_id_yet(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Before AWS has made the stack set there is nothing to ask about."""
    held(aws, STACK_SET, physical_id=None)
    assert status(aws, capsys)[0] == 0


def test_a_stack_without_any_needs_no_permission_for_them(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is asked about stack sets where there is none, and programs see that there is none."""
    held(aws, "AWS::S3::Bucket")
    assert commands.status(aws.cloud, "team", watch=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["stack_sets"] == []


def test_who_may_not_list_resources_still_sees_the_stack(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the permission to list resources, status says that it does not know, and shows the rest."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.refuses("list_stack_resources", "AccessDenied")
    assert commands.status(aws.cloud, "team", watch=False, as_json=False) == 0
    told = capsys.readouterr()
    assert "CREATE_COMPLETE" in told.out
    assert "ListStackResources is not allowed" in told.err


def test_who_may_not_see_the_fleet_is_told(aws: Aws) -> None:
    """Where there is a stack set, a missing permission is an error: nothing may pass for a fleet without failures."""
    held(aws, STACK_SET)
    described(aws)
    aws.refuses("list_stack_instances", "AccessDenied")
    with pytest.raises(CloudError, match="ListStackInstances is not allowed"):
        commands.status(aws.cloud, "team", watch=False, as_json=False)


def test_watching_ends_with_the_fleet(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--watch follows the stack to its end, which may be a success, and then shows what failed."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    events = [event(2, "team", "UPDATE_COMPLETE"), event(1, "team", "UPDATE_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": events})
    held(aws, STACK_SET, state="UPDATE_COMPLETE")
    described(aws)
    listed(aws, [{**BAD, "StatusReason": TAKEN}])
    operated(aws, [])
    assert commands.status(aws.cloud, "team", watch=True, as_json=False) == 1
    assert "! 999900001111" in capsys.readouterr().out


def test_programs_see_all_of_it(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--json has each stack with its state, its reason and whether it failed."""
    held(aws, STACK_SET)
    described(aws)
    listed(aws, [{**BAD, "StatusReason": TAKEN, "StackId": STACK_ID}])
    operated(aws, [operation("a", "SUCCEEDED")])
    resulted(aws, "a", [])
    assert commands.status(aws.cloud, "team", watch=False, as_json=True) == 1
    (told,) = json.loads(capsys.readouterr().out)["stack_sets"]
    assert told == {
        "logical_id": "StackSet",
        "id": SET_ID,
        "status": "ACTIVE",
        "failed": 1,
        "operation": {"id": "a", "action": "UPDATE", "status": "SUCCEEDED", "reason": ""},
        "instances": [
            {
                "account": "999900001111",
                "region": "us-east-1",
                "status": "OUTDATED",
                "detail": "FAILED",
                "reason": TAKEN,
                "stack_id": STACK_ID,
                "operation_id": "old",
                "failed": True,
            }
        ],
    }


def groups(*regions: str, kind: str = "", accounts: str = "", units: str = "") -> list[dict[str, Any]]:
    """Say where a fleet is."""
    targets = {"Accounts": accounts.split(), "OrganizationalUnitIds": units.split(), "AccountFilterType": kind}
    return [{"DeploymentTargets": {name: value for name, value in targets.items() if value}, "Regions": list(regions)}]


@pytest.mark.parametrize(
    ("before", "after", "destructive"),
    [
        (groups("a", accounts="1"), groups("a", "b", accounts="1 2"), False),
        (groups("a", "b", accounts="1"), groups("b", "a", accounts="1"), False),
        (groups("a", "b", accounts="1"), groups("a", accounts="1"), True),
        (groups("a", accounts="1 2"), groups("a", accounts="1"), True),
        (groups("a", "b", accounts="1"), [*groups("a", accounts="1"), *groups("b", accounts="1")], False),
        (groups("a", units="u", kind="NONE"), groups("a", units="u v", kind="NONE"), False),
        (groups("a", units="u v", kind="NONE"), groups("a", units="u", kind="NONE"), True),
        (groups("a", units="u", kind="NONE"), groups("a", units="u", accounts="1", kind="INTERSECTION"), True),
        (
            groups("a", units="u", accounts="1", kind="DIFFERENCE"),
            groups("a", units="u", accounts="1 2", kind="DIFFERENCE"),
            True,
        ),
        (
            groups("a", units="u", accounts="1 2", kind="DIFFERENCE"),
            groups("a", units="u", accounts="1", kind="DIFFERENCE"),
            False,
        ),
        (groups("a", accounts="1"), "{{changeSet:KNOWN_AFTER_APPLY}}", True),
    ],
)
def test_a_fleet_that_gives_up_a_place_is_refused(aws: Aws, before: Any, after: Any, destructive: bool) -> None:  # noqa: FBT001 a case
    """An update in place that deletes stacks somewhere needs --allow-destructive, and says why; adding does not."""
    contexts = {
        f"{when}Context": json.dumps({"Properties": {"StackInstancesGroup": where}})
        for when, where in (("Before", before), ("After", after))
    }
    plan = plan_of(aws, changes_of(change("Fleet", ResourceType=STACK_SET, Replacement="False", **contexts)))
    assert bool(plan.destructive) is destructive
    assert ("its stacks in the removed accounts" in " ".join(show.table(plan).split())) is destructive
    if destructive:
        with pytest.raises(RefusedError, match="--allow-destructive"):
            execution.check_plan(plan, allow_destructive=False)
    execution.check_plan(plan, allow_destructive=True)
