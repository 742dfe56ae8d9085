"""Run the function of the custom resource LogGroups: it changes only log groups that the stack may change."""

from __future__ import annotations

from typing import Any

import pytest

from initializer.function import SDK, STACK, Send, groups, load, loopback, released_groups, request

JOBS = "/aws/sagemaker/TrainingJobs"
OTHER_STACK = STACK.replace("Team-A/0", "Team-B/1")


def retention() -> dict[str, int]:
    found = SDK.client("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays", 0) for group in found}


def create_by_hand(days: int = 0) -> None:
    """Create a log group as SageMaker or another team does. With 0 days, it has no retention."""
    logs = SDK.client("logs")
    logs.create_log_group(logGroupName=JOBS)
    set_by_hand(days)


def set_by_hand(days: int) -> None:
    logs = SDK.client("logs")
    if days:
        logs.put_retention_policy(logGroupName=JOBS, retentionInDays=days)
    else:
        logs.delete_retention_policy(logGroupName=JOBS)


def test_log_groups_are_created_and_never_deleted(send: Send) -> None:
    """Missing groups are created with the retention, an update changes it, and all groups are retained."""
    names = (JOBS, "/aws/sagemaker/studio")
    send("LogGroups", "Create", groups(*names))
    assert retention() == dict.fromkeys(names, 30)
    send("LogGroups", "Update", groups(*names, days=7), OldResourceProperties=groups(*names))
    assert retention() == dict.fromkeys(names, 7)
    assert send("LogGroups", "Delete", groups(*names))["Status"] == "SUCCESS"
    assert retention() == dict.fromkeys(names, 7)


@pytest.mark.parametrize("others", [0, 7, 30, 365])
def test_group_of_others_does_not_change_by_default(send: Send, others: int) -> None:
    """A group that others created keeps its retention and its tags in all events of two stacks."""
    logs = SDK.client("logs")
    create_by_hand(others)
    logs.create_log_group(logGroupName=f"{JOBS}-of-another-team")
    for days in (30, 7, 365):
        for stack in (STACK, OTHER_STACK):
            old = groups(JOBS, days=30)
            send("LogGroups", "Create", groups(JOBS, days=days), StackId=stack)
            send("LogGroups", "Update", groups(JOBS, days=days), OldResourceProperties=old, StackId=stack)
            send("LogGroups", "Delete", groups(JOBS, days=days), StackId=stack)
            assert retention() == {JOBS: others, f"{JOBS}-of-another-team": 0}
    assert logs.list_tags_log_group(logGroupName=JOBS)["tags"] == {}


@pytest.mark.parametrize(("others", "kept"), [(0, 30), (365, 365), (30, 30), (7, 30)])
def test_group_of_others_changes_by_choice(send: Send, others: int, kept: int) -> None:
    """With ChangeExisting, a group without a retention gets one, and a retention of others only increases."""
    create_by_hand(others)
    send("LogGroups", "Create", groups(JOBS, existing="true"))
    assert retention() == {JOBS: kept}


def test_choice_can_be_made_later(send: Send) -> None:
    """A group that others created without a retention gets one when ChangeExisting becomes true."""
    create_by_hand()
    send("LogGroups", "Create", groups(JOBS))
    assert retention() == {JOBS: 0}
    send("LogGroups", "Update", groups(JOBS, existing="true"), OldResourceProperties=groups(JOBS))
    assert retention() == {JOBS: 30}


def test_stacks_do_not_undo_the_changes_of_each_other(send: Send) -> None:
    """Only the stack that set the retention last decreases it, so that two stacks never take turns."""

    def update(stack: str, days: int, old: int, existing: str = "false") -> int:
        properties, before = groups(JOBS, days=days, existing=existing), groups(JOBS, days=old, existing=existing)
        send("LogGroups", "Update", properties, OldResourceProperties=before, StackId=stack)
        return retention()[JOBS]

    for stack in (STACK, OTHER_STACK):
        send("LogGroups", "Create", groups(JOBS), StackId=stack)
    assert update(OTHER_STACK, 7, old=30) == 30
    assert update(OTHER_STACK, 365, old=7) == 30
    assert update(STACK, 14, old=30) == 14
    assert update(OTHER_STACK, 7, old=14, existing="true") == 14
    assert update(OTHER_STACK, 90, old=7, existing="true") == 90
    assert update(STACK, 7, old=14) == 90
    assert update(STACK, 7, old=90) == 90
    assert update(OTHER_STACK, 60, old=90) == 60


@pytest.mark.parametrize(
    ("others", "kept"), [(365, 365), (14, 60), (0, 0)], ids=["longer", "shorter", "removed: events never expire"]
)
def test_longer_retention_that_others_set_later_is_kept(send: Send, others: int, kept: int) -> None:
    """A stack does not shorten the retention of its own group if others have increased or removed it."""
    send("LogGroups", "Create", groups(JOBS))
    set_by_hand(others)
    send("LogGroups", "Update", groups(JOBS, days=60), OldResourceProperties=groups(JOBS))
    assert retention() == {JOBS: kept}


@pytest.mark.parametrize(
    ("others", "before", "kept"),
    [
        (60, released_groups(JOBS, days=60), 30),
        (365, released_groups(JOBS, days=60), 365),
        (14, released_groups(JOBS, days=60), 14),
        (60, released_groups("/aws/sagemaker/studio", days=60), 60),
        (60, groups(JOBS, days=60), 60),
    ],
    ids=["set by the stack", "set by others", "shortened by others", "new in the stack", "not from 0.1.0"],
)
def test_stack_of_version_0_1_0_continues(send: Send, others: int, before: dict[str, Any], kept: int) -> None:
    """A stack of version 0.1.0 that set the retention still manages it after the update, although it wrote no tag."""
    create_by_hand(others)
    send("LogGroups", "Update", groups(JOBS), OldResourceProperties=before)
    assert retention()[JOBS] == kept
    send("LogGroups", "Update", groups(JOBS, days=7), OldResourceProperties=groups(JOBS))
    assert retention()[JOBS] == (7 if kept == 30 else kept)


def test_one_of_two_stacks_of_version_0_1_0_continues(send: Send) -> None:
    """The second of two stacks with the same retention does not take over the groups of the first."""
    create_by_hand(30)
    for stack, days, kept in ((STACK, 30, 30), (OTHER_STACK, 7, 30), (STACK, 14, 14)):
        send("LogGroups", "Update", groups(JOBS, days=days), OldResourceProperties=released_groups(JOBS), StackId=stack)
        assert retention() == {JOBS: kept}
        send("LogGroups", "Update", groups(JOBS, days=days), OldResourceProperties=groups(JOBS), StackId=stack)


def test_group_of_the_endpoint_of_the_stack_belongs_to_it(send: Send) -> None:
    """SageMaker can create the log group of the endpoint before the function does."""
    create_by_hand()
    send("LogGroups", "Create", groups(JOBS, own=[JOBS]))
    assert retention() == {JOBS: 30}


def test_concurrent_creation_of_a_log_group_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """If another stack creates the same group at the same time, the function tries again and does not change it."""
    busy = (400, b'{"__type": "OperationAbortedException", "message": "A conflicting operation is in progress"}')
    exists = (400, b'{"__type": "ResourceAlreadyExistsException", "message": "It exists"}')
    tags = (200, b'{"tags": {"smtemplates:stack": "%s"}}' % OTHER_STACK.encode())
    with loopback(busy, exists, tags, (200, b'{"logGroups": []}')) as logs, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url)
        load().handler(request(seen.url, "LogGroups", "Create", groups("/aws/sagemaker/studio")), None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS"]
    called = [headers["X-Amz-Target"].split(".")[1] for headers, _ in logs.requests]
    assert called == ["CreateLogGroup", "CreateLogGroup", "ListTagsForResource", "DescribeLogGroups"]
