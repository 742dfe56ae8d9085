"""The stack sets that `status` shows, from stubbed answers: Moto has no failures and no delegated administrators."""

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
from smtemplates.deploy.change_sets import guard
from smtemplates.deploy.commands import reports
from smtemplates.deploy.printing import plan_table as show

SET_ID = "workspaces-0a1b2c3d:11112222-0000-0000-0000-000000000000"
TAKEN = (
    "ResourceLogicalId:InputBucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:team-input already exists "
    "(Service: S3, Status Code: 409), and a few more words so that the line does not fit into a terminal."
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def answer_resources(aws: Aws, *kinds: str, physical_id: str | None = SET_ID, state: str = "CREATE_COMPLETE") -> None:
    """Add the answer that the stack contains resources of these types."""
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


def arguments(caller: str = "SELF", **more: Any) -> dict[str, Any]:
    return {"StackSetName": SET_ID, "CallAs": caller, **more}


def answer_stack_set(aws: Aws, caller: str = "SELF") -> None:
    aws.answers("describe_stack_set", {"StackSet": {"StackSetId": SET_ID, "Status": "ACTIVE"}}, arguments(caller))


def answer_instances(aws: Aws, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Add answers with pages of stacks."""
    answer_pages(aws, "list_stack_instances", pages, arguments(caller, MaxResults=100))


def answer_operations(aws: Aws, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Add answers with pages of operations."""
    answer_pages(aws, "list_stack_set_operations", pages, arguments(caller, MaxResults=100))


def answer_results(aws: Aws, operation: str, *pages: list[dict[str, Any]], caller: str = "SELF") -> None:
    """Add answers with pages of results of an operation."""
    answer_pages(
        aws, "list_stack_set_operation_results", pages, arguments(caller, MaxResults=100, OperationId=operation)
    )


def answer_pages(aws: Aws, call: str, pages: tuple[list[dict[str, Any]], ...], expected: dict[str, Any]) -> None:
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
    """Return the exit code and the text on the stack sets, and check that it fits into a terminal."""
    code = reports.status(aws.cloud, "team", watch=False, as_json=False)
    shown = capsys.readouterr().out.partition("termination protection")[2]
    assert all(len(line) <= 80 for line in shown.splitlines())
    return code, shown


STACK_SET = "AWS::CloudFormation::StackSet"
GOOD = instance("222233334444", "eu-west-1", "CURRENT", "SUCCEEDED")
BAD = instance("999900001111", "us-east-1", "OUTDATED", "FAILED", LastOperationId="old")


def test_failed_stacks_of_all_pages_are_first(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Each failed stack is shown first with its reason, although the operation succeeded."""
    answer_resources(aws, "AWS::SNS::Topic", STACK_SET)
    answer_stack_set(aws)
    answer_instances(
        aws,
        [GOOD],
        [instance("111122223333", "ap-southeast-6", "CURRENT", "SUCCEEDED")],
        [{**BAD, "StatusReason": TAKEN}],
    )
    answer_operations(aws, [operation("b", "SUCCEEDED", hours=1)], [operation("a", "FAILED")])
    answer_results(aws, "b", [result("222233334444", "eu-west-1", "SUCCEEDED")], [])
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


def test_failure_without_a_stack_is_read_from_the_results(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """If an account gate prevented a stack, the reason is read from the results, here on the second page."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    answer_instances(aws, [GOOD])
    answer_operations(
        aws, [operation("a", "SUCCEEDED", action="CREATE"), operation("d", "FAILED", hours=1, action="DETECT_DRIFT")]
    )
    gate = {"Status": "FAILED", "StatusReason": "budget is spent"}
    refused = result("999900001111", "us-east-1", "FAILED", AccountGateResult=gate)
    answer_results(aws, "a", [result("222233334444", "eu-west-1", "SUCCEEDED")], [refused])
    code, shown = status(aws, capsys)
    assert code == 1
    assert "! 999900001111" in shown
    assert "budget is spent" in shown


def test_reason_is_read_from_an_earlier_operation(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """For a stack that failed before the last operation and has no reason, the reason is read from that operation."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    answer_instances(aws, [BAD, GOOD])
    answer_operations(aws, [operation("new", "SUCCEEDED", hours=1), operation("old", "SUCCEEDED")])
    answer_results(aws, "new", [result("222233334444", "eu-west-1", "SUCCEEDED")])
    answer_results(aws, "old", [result("999900001111", "us-east-1", "FAILED", StatusReason=TAKEN)])
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
def test_outdated_stack_without_operation_is_failed(
    aws: Aws, capsys: pytest.CaptureFixture[str], state: str, detail: str, seen: str
) -> None:
    """A stack that is not up to date, and that no operation updates, counts as failed."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    answer_instances(aws, [instance("999900001111", "us-east-1", state, detail, StatusReason="why")])
    answer_operations(aws, [])
    code, shown = status(aws, capsys)
    assert code == 1
    assert f"! 999900001111  us-east-1       {seen}" in shown


@pytest.mark.parametrize("detail", ["PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT"])
def test_stack_with_pending_operation_is_not_failed(aws: Aws, capsys: pytest.CaptureFixture[str], detail: str) -> None:
    """A stack that an operation will update, or whose account is suspended, is shown but does not count as failed."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    answer_instances(aws, [instance("999900001111", "us-east-1", "OUTDATED", detail)])
    answer_operations(aws, [operation("a", "RUNNING")])
    answer_results(aws, "a", [result("999900001111", "us-east-1", "PENDING")])
    code, shown = status(aws, capsys)
    assert code == 0
    assert f"  999900001111  us-east-1       {detail}" in shown


def test_stack_set_of_the_organization_is_described_as_delegated_administrator(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    """If the account has no such stack set, all calls are repeated as delegated administrator."""
    answer_resources(aws, STACK_SET)
    aws.refuses("describe_stack_set", "StackSetNotFoundException")
    answer_stack_set(aws, "DELEGATED_ADMIN")
    answer_instances(aws, [GOOD], caller="DELEGATED_ADMIN")
    answer_operations(aws, [operation("a", "SUCCEEDED")], caller="DELEGATED_ADMIN")
    answer_results(aws, "a", [], caller="DELEGATED_ADMIN")
    code, shown = status(aws, capsys)
    assert code == 0
    assert "222233334444" in shown


@pytest.mark.parametrize("refusal", ["StackSetNotFoundException", "ValidationError", "AccessDenied"])
def test_deleted_stack_set_is_reported(aws: Aws, capsys: pytest.CaptureFixture[str], refusal: str) -> None:
    """A stack set that was deleted outside CloudFormation is reported as deleted."""
    answer_resources(aws, STACK_SET)
    aws.refuses("describe_stack_set", "StackSetNotFoundException")
    aws.refuses("describe_stack_set", refusal)
    assert "workspaces-0a1b2c3d, DELETED" in status(aws, capsys)[1]


def test_stack_set_without_id_is_skipped(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack set that AWS has not created yet is not described."""
    answer_resources(aws, STACK_SET, physical_id=None)
    assert status(aws, capsys)[0] == 0


def test_stack_without_stack_sets_needs_no_permission_for_them(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Without stack sets there is no call for them, and their list in the JSON is empty."""
    answer_resources(aws, "AWS::S3::Bucket")
    assert reports.status(aws.cloud, "team", watch=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["stack_sets"] == []


def test_missing_permission_to_list_resources_is_reported(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the permission to list resources, status reports that and shows everything else."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.refuses("list_stack_resources", "AccessDenied")
    assert reports.status(aws.cloud, "team", watch=False, as_json=False) == 0
    printed = capsys.readouterr()
    assert "CREATE_COMPLETE" in printed.out
    assert "ListStackResources is not allowed" in printed.err


def test_missing_permission_for_a_stack_set_is_an_error(aws: Aws) -> None:
    """If there is a stack set, a missing permission is an error, because its stacks could have failed."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    aws.refuses("list_stack_instances", "AccessDenied")
    with pytest.raises(CloudError, match="ListStackInstances is not allowed"):
        reports.status(aws.cloud, "team", watch=False, as_json=False)


def test_watch_ends_with_the_stack_sets(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--watch follows the operation to its end, which can be a success, and then shows the failed stacks."""
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    events = [event(2, "team", "UPDATE_COMPLETE"), event(1, "team", "UPDATE_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": events})
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_COMPLETE")]})
    # another operation could start, so the end of a foreign operation is confirmed once
    aws.answers("describe_stack_events", {"StackEvents": events})
    answer_resources(aws, STACK_SET, state="UPDATE_COMPLETE")
    answer_stack_set(aws)
    answer_instances(aws, [{**BAD, "StatusReason": TAKEN}])
    answer_operations(aws, [])
    assert reports.status(aws.cloud, "team", watch=True, as_json=False) == 1
    assert "! 999900001111" in capsys.readouterr().out


def test_json_contains_all_stacks(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """--json contains each stack with its status, its reason and whether it failed."""
    answer_resources(aws, STACK_SET)
    answer_stack_set(aws)
    answer_instances(aws, [{**BAD, "StatusReason": TAKEN, "StackId": STACK_ID}])
    answer_operations(aws, [operation("a", "SUCCEEDED")])
    answer_results(aws, "a", [])
    assert reports.status(aws.cloud, "team", watch=False, as_json=True) == 1
    (stack_set,) = json.loads(capsys.readouterr().out)["stack_sets"]
    assert stack_set == {
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
    """Return a StackInstancesGroup."""
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
def test_removing_a_target_is_destructive(aws: Aws, before: Any, after: Any, destructive: bool) -> None:  # noqa: FBT001 a case
    """An update that removes an account or Region needs --allow-destructive, and the table contains the reason."""
    contexts = {
        f"{when}Context": json.dumps({"Properties": {"StackInstancesGroup": groups_of}})
        for when, groups_of in (("Before", before), ("After", after))
    }
    plan = plan_of(aws, changes_of(change("Fleet", ResourceType=STACK_SET, Replacement="False", **contexts)))
    assert bool(plan.destructive) is destructive
    assert ("its stacks in the removed accounts" in " ".join(show.table(plan).split())) is destructive
    if destructive:
        with pytest.raises(RefusedError, match="--allow-destructive"):
            guard.check_plan(plan, allow_destructive=False)
    guard.check_plan(plan, allow_destructive=True)
