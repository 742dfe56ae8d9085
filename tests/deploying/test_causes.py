"""The first cause of a failure, in the events of the stack itself, of Hooks and of nested stacks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploying.stubs import NOW, STACK_ID, Aws, RecordingListener, event, stack, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.operations import causes, diagnosis, events, operation
from smtemplates.deploy.operations.watcher import Watch

ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:errors is in ALARM state"
EXPORT = "Export team-vpc cannot be deleted as it is in use by churn and fraud"
SUMMARY = "The following resource(s) failed to create: [Network]. Rollback requested by user."
EMBEDDED = "Embedded stack {} was not successfully created: The following resource(s) failed to create: [Vpc]."
HOOK = {"HookType": "Company::Security::Encryption", "HookFailureMode": "FAIL", "HookStatus": "HOOK_COMPLETE_FAILED"}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def failure(aws: Aws, *oldest_first: dict[str, Any], end: str, **more: Any) -> str:
    """Return the message on an operation of this run with these events.

    `more` are the further fields of the stack, which is described once more if no event contains a cause.
    """
    aws.answers("describe_stack_events", {"StackEvents": list(oldest_first[::-1])})
    aws.answers("describe_stacks", {"Stacks": [stack(end, **more)]})
    if more:
        aws.answers("describe_stacks", {"Stacks": [stack(end, **more)]})
    with pytest.raises(DeploymentError) as caught:
        operation.follow_to_end(Watch(aws.cloud, STACK_ID, "t"), RecordingListener(), "team", deadline=None)
    return str(caught.value)


def child_of(level: int) -> str:
    """Return the ARN of a nested stack."""
    return f"arn:aws:cloudformation:us-east-1:111122223333:stack/team-{level}/{level:08x}-0000-0000-0000-000000000000"


def of_child(level: int, item: dict[str, Any]) -> dict[str, Any]:
    """Return an event as an event of a nested stack."""
    arn = child_of(level)
    own = {"PhysicalResourceId": arn} if item["LogicalResourceId"] == "team" else {}
    return {**item, **own, "StackId": arn}


def nested(number: int, logical_id: str, level: int, status: str, reason: str = "") -> dict[str, Any]:
    """Return an event of the parent on a nested stack."""
    kind = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": child_of(level)}
    return {**event(number, logical_id, status, reason), **kind}


@pytest.mark.parametrize(
    ("reason", "to_do"),
    [
        (ALARM, "To remove the alarm from the stack, add --rollback-alarm none."),
        ("Rollback requested by user", "CancelUpdateStack"),
        (EXPORT, "Fn::ImportValue"),
    ],
)
def test_rollback_with_its_reason_on_the_stack_itself(aws: Aws, reason: str, to_do: str) -> None:
    """A rollback that no resource caused has its reason in the event of the stack itself."""
    message = failure(
        aws,
        event(1, "team", "UPDATE_IN_PROGRESS", "User Initiated"),
        event(2, "Domain", "UPDATE_COMPLETE"),
        event(3, "team", "UPDATE_ROLLBACK_IN_PROGRESS", reason),
        event(4, "Notebook", "UPDATE_FAILED", "Resource update cancelled"),
        event(5, "team", "UPDATE_ROLLBACK_COMPLETE"),
        end="UPDATE_ROLLBACK_COMPLETE",
    )
    assert "the stack itself, not a resource (UPDATE_ROLLBACK_IN_PROGRESS)" in message
    assert f"Reason from AWS: {reason}" in message
    assert to_do in message


def test_export_in_use_prevents_the_deletion(aws: Aws) -> None:
    """AWS ends the deletion of a stack with an export in use in the previous status, with the reason in that event."""
    token = "smtemplates-delete-1"  # noqa: S105 not a password
    started = event(1, "team", "DELETE_IN_PROGRESS", "User Initiated", operation=token)
    ended = event(2, "team", "UPDATE_COMPLETE", EXPORT, operation=token)
    aws.answers("describe_stack_events", {"StackEvents": [ended, started]})
    watch = Watch(aws.cloud, STACK_ID, token)
    watch.poll()
    message = diagnosis.explain(aws.cloud, watch)
    assert f"Reason from AWS: {EXPORT}" in message
    assert "Fn::ImportValue" in message


def test_hook_that_rejects_a_resource(aws: Aws) -> None:
    """The reason of the Hook is shown, which the event of the failed resource does not contain."""
    invoked = event(2, "Domain", "CREATE_IN_PROGRESS")
    warning = {"HookFailureMode": "WARN", "HookStatusReason": "a warning"}
    failed = "The following hook(s) failed: [Company::Security::Encryption]"
    message = failure(
        aws,
        event(1, "team", "CREATE_IN_PROGRESS"),
        {**event(10, "Other", "CREATE_IN_PROGRESS"), **HOOK, **warning},
        {**invoked, **HOOK, "HookStatusReason": "Domain has no KMS key"},
        event(3, "Domain", "CREATE_FAILED", failed),
        event(4, "team", "ROLLBACK_COMPLETE"),
        end="ROLLBACK_COMPLETE",
    )
    assert "The first cause is Domain (AWS::SageMaker::Domain)" in message
    assert "Hook Company::Security::Encryption: Domain has no KMS key" in message
    assert "the owner of the Hook" in message
    assert "a warning" not in message


@pytest.mark.parametrize("levels", [1, 3])
def test_cause_in_a_nested_stack_is_found_at_the_leaf(aws: Aws, levels: int) -> None:
    """The events of nested stacks are read down to the resource that failed, and earlier operations are ignored."""
    pages = []
    for level in range(1, levels + 1):
        leaf = level == levels
        failed = event(3, "Vpc", "CREATE_FAILED", "The maximum number of VPCs has been reached. (VpcLimitExceeded)")
        below = nested(3, f"Child{level + 1}", level + 1, "CREATE_FAILED", EMBEDDED.format(child_of(level + 1)))
        earlier = {**event(0, "Old", "CREATE_FAILED", "an old reason"), "Timestamp": NOW - timedelta(days=1)}
        started = event(1, "team", "CREATE_IN_PROGRESS")
        cancelled = event(4, "Subnet", "CREATE_FAILED", "Resource creation cancelled")
        oldest_first = [earlier, started, failed if leaf else below, cancelled, event(5, "team", "DELETE_IN_PROGRESS")]
        pages.append([of_child(level, item) for item in oldest_first[::-1]])
    aws.answers(
        "describe_stack_events",
        {
            "StackEvents": [
                event(5, "team", "ROLLBACK_COMPLETE"),
                event(4, "team", "ROLLBACK_IN_PROGRESS", SUMMARY),
                nested(3, "Child1", 1, "CREATE_FAILED", EMBEDDED.format(child_of(1))),
                event(1, "team", "CREATE_IN_PROGRESS"),
            ]
        },
    )
    watch = Watch(aws.cloud, STACK_ID, "t")
    watch.poll()
    for level, page in enumerate(pages, 1):
        aws.answers("describe_stack_events", {"StackEvents": page}, {"StackName": child_of(level)})
    message = diagnosis.explain(aws.cloud, watch)
    path = "/".join([*(f"Child{level}" for level in range(1, levels + 1)), "Vpc"])
    assert f"The first cause is {path} (AWS::SageMaker::Domain)." in message
    assert "The maximum number of VPCs" in message
    assert "Request a quota increase" in message
    assert "Embedded stack" not in message


def test_denied_events_of_a_nested_stack(aws: Aws) -> None:
    """If the events of a nested stack cannot be read, the message contains that error and the reason of the parent."""
    aws.answers(
        "describe_stack_events",
        {"StackEvents": [nested(2, "Network", 1, "CREATE_FAILED", "no VPC"), event(1, "team", "CREATE_IN_PROGRESS")]},
    )
    watch = Watch(aws.cloud, STACK_ID, "t")
    watch.poll()
    aws.refuses("describe_stack_events", "AccessDenied", "not authorized")
    message = diagnosis.explain(aws.cloud, watch)
    assert "The first cause is Network (AWS::CloudFormation::Stack)" in message
    assert "no VPC" in message
    assert "The events of this nested stack could not be read." in message


def test_deletion_by_another_user(aws: Aws) -> None:
    """If another user deletes the stack during the deployment, the message names the deletion and its time."""
    creation = [
        event(1, "team", "CREATE_IN_PROGRESS", "User Initiated"),
        event(2, "Domain", "CREATE_IN_PROGRESS"),
    ]
    aws.answers("describe_stack_events", {"StackEvents": creation[::-1]})
    message = failure(
        aws,
        *creation,
        event(3, "team", "DELETE_IN_PROGRESS", "User Initiated", operation="Console-DeleteStack-1"),
        event(4, "team", "DELETE_COMPLETE", operation="Console-DeleteStack-1"),
        end="DELETE_COMPLETE",
    )
    assert "a deletion of the stack that this run did not start (2026-11-22 00:00:00 UTC)" in message
    assert "DeleteStack in AWS CloudTrail" in message


@pytest.mark.parametrize(("token", "reason"), [("t", ""), ("other", "The following resource(s) failed: [Domain].")])
def test_creation_that_failed_before_the_first_look(aws: Aws, token: str, reason: str) -> None:
    """With --on-failure DELETE, the failed creation is read back when the first look finds the deletion only."""
    creation = [
        event(1, "team", "CREATE_IN_PROGRESS", "User Initiated"),
        event(2, "Domain", "CREATE_FAILED", "no capacity"),
        event(3, "team", "CREATE_FAILED", SUMMARY),
    ]
    deletion = [
        event(4, "team", "DELETE_IN_PROGRESS", reason, operation=token),
        event(5, "team", "DELETE_COMPLETE", operation=token),
    ]
    aws.answers("describe_stack_events", {"StackEvents": deletion[::-1]})
    watch = Watch(aws.cloud, STACK_ID, "t")
    watch.poll()
    aws.answers("describe_stack_events", {"StackEvents": [*deletion[::-1], *creation[::-1]]})
    message = diagnosis.explain(aws.cloud, watch)
    assert "The first cause is Domain (AWS::SageMaker::Domain)." in message
    assert "no capacity" in message


def test_destroy_does_not_report_the_failed_creation(aws: Aws) -> None:
    """The cause of a failed destroy is in the deletion, not in an earlier creation of the stack."""
    earlier = [event(2, "Role", "CREATE_FAILED", "an old reason"), event(1, "team", "CREATE_IN_PROGRESS")]
    deletion = [
        event(5, "team", "DELETE_FAILED", operation="d"),
        event(4, "Bucket", "DELETE_FAILED", "The bucket is not empty", operation="d"),
        event(3, "team", "DELETE_IN_PROGRESS", operation="d"),
    ]
    watch = Watch(aws.cloud, STACK_ID, "d")
    for _ in range(2):  # by the watch, and to look for a creation that failed
        aws.answers("describe_stack_events", {"StackEvents": deletion + earlier})
    watch.poll()
    message = diagnosis.explain(aws.cloud, watch)
    assert "The bucket is not empty" in message
    assert "an old reason" not in message


def test_rollback_that_fails_too_is_a_second_cause(aws: Aws) -> None:
    """If the rollback fails too, the message contains both causes: the user must remove both."""
    message = failure(
        aws,
        event(1, "team", "UPDATE_IN_PROGRESS", "User Initiated"),
        event(2, "Notebook", "UPDATE_FAILED", "no capacity"),
        event(3, "team", "UPDATE_ROLLBACK_IN_PROGRESS", SUMMARY),
        event(4, "Domain", "UPDATE_FAILED", "domain still has apps"),
        event(5, "team", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Domain]."),
        end="UPDATE_ROLLBACK_FAILED",
    )
    first, second = message.index("no capacity"), message.index("domain still has apps")
    assert first < message.index("The rollback failed too. Its first cause is Domain") < second


def test_last_reason_of_aws_if_no_event_contains_a_cause(aws: Aws) -> None:
    """If no event is a failure, the reason of the status of the stack is shown, not a missing reason."""
    quiet = [event(1, "team", "UPDATE_IN_PROGRESS", "User Initiated"), event(2, "team", "UPDATE_ROLLBACK_COMPLETE")]
    message = failure(aws, *quiet, end="UPDATE_ROLLBACK_COMPLETE", StackStatusReason="Transform failed to expand")
    assert "Last reason from AWS: Transform failed to expand" in message


def test_missing_reason(aws: Aws) -> None:
    """Only if AWS returned no reason anywhere, the message states this."""
    quiet = [event(1, "team", "UPDATE_IN_PROGRESS", "User Initiated"), event(2, "team", "UPDATE_ROLLBACK_COMPLETE")]
    message = failure(aws, *quiet, end="UPDATE_ROLLBACK_COMPLETE", StackStatusReason="")
    assert "AWS returned no reason." in message


STATUSES = sorted(
    {
        f"{action}_{state}"
        for action in ("CREATE", "UPDATE", "DELETE", "ROLLBACK", "UPDATE_ROLLBACK", "IMPORT_ROLLBACK")
        for state in ("IN_PROGRESS", "FAILED", "COMPLETE")
    }
)
REASONS = st.sampled_from(["", "User Initiated", "no capacity", SUMMARY, ALARM, "Resource creation cancelled", EXPORT])


@given(st.lists(st.tuples(st.sampled_from(["team", "A", "B"]), st.sampled_from(STATUSES), REASONS), max_size=8))
def test_cause_is_never_a_consequence(rows: list[tuple[str, str, str]]) -> None:
    """In any order of events, the cause is not a cancelled resource, and not a summary if an event has a reason."""
    found = [events.read(event(number, *row)) for number, row in enumerate(rows)]
    cause = causes.first_cause(found, tokens={"t"})
    failed = [one for one in found if not one.of_stack and one.failed and not one.cancelled]
    if cause is None:
        assert not failed
        return
    assert not cause.event.cancelled or cause.event.of_stack
    if failed and "following resource(s)" in cause.event.reason:
        assert all("following resource(s)" in one.reason for one in failed)
    later = causes.later_cause(found, cause)
    assert later is None or found.index(later.event) > found.index(cause.event)


def test_stack_that_cannot_be_described_still_has_a_message(aws: Aws) -> None:
    """If the stack cannot be described, the message contains the last reason in the events."""
    watch = Watch(aws.cloud, STACK_ID, "t")
    aws.answers(
        "describe_stack_events", {"StackEvents": [event(1, "team", "UPDATE_IN_PROGRESS", "waiting for a Hook")]}
    )
    watch.poll()
    aws.refuses("describe_stacks", "AccessDenied")
    assert "waiting for a Hook" in diagnosis.explain(aws.cloud, watch)
