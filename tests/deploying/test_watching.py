"""No watch hangs: not on operations of other actors, late or missing events, throttling, or a deleted stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploying.stubs import STACK_ID, RecordingListener, event, stack
from smtemplates.aws.errors import CloudError, DeploymentError, StoppedError
from smtemplates.deploy import api
from smtemplates.deploy.operations import causes, events, operation
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.history import Operation
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch

PAUSES = 40  # more pauses than any of these operations needs; a watch that hangs needs more

Events = Sequence[dict[str, Any]]
Moment = tuple[Events, str | None]  # the events of the stack, oldest first, and its status; None if it is deleted


class Story:
    """AWS at several moments, one after each pause. The last moment continues."""

    def __init__(self, *moments: Moment, **more: Any) -> None:
        self.moments, self.more = moments, more
        self.now, self.pauses = -1, 0
        self.changes: list[str] = []
        self.interrupt_at = 0

    def pause(self, _seconds: float) -> None:
        self.pauses += 1
        assert self.pauses < PAUSES, "the watch hangs"
        self.now = min(self.now + 1, len(self.moments) - 1)
        if self.pauses == self.interrupt_at:
            raise KeyboardInterrupt

    @property
    def moment(self) -> Moment:
        return self.moments[max(self.now, 0)]

    def pages(self, *_arguments: str, **_named: str) -> Iterator[dict[str, Any]]:
        if self.moment[1] is None and not self.moment[0]:
            raise CloudError("Stack does not exist", code="ValidationError")
        yield from reversed(self.moment[0])

    def masked(self, text: str) -> str:
        return text

    def call(self, _service: str, name: str, **arguments: str) -> dict[str, Any]:
        if name != "describe_stacks":
            self.changes.append(name)
            return {}
        if self.moment[1] is None:
            raise CloudError(f"Stack with id {arguments['StackName']} does not exist", code="ValidationError")
        return {"Stacks": [stack(self.moment[1], **self.more)]}


OLD = [event(1, "team", "UPDATE_IN_PROGRESS", operation="old"), event(2, "team", "UPDATE_COMPLETE", operation="old")]
UPDATE = event(3, "team", "UPDATE_IN_PROGRESS")
DONE = event(4, "team", "UPDATE_COMPLETE")
FOREIGN = event(5, "team", "UPDATE_IN_PROGRESS", operation="other")
FOREIGN_DONE = event(6, "team", "UPDATE_COMPLETE", operation="other")
DELETING = event(7, "team", "DELETE_IN_PROGRESS", operation="first")
CREATE = event(3, "team", "CREATE_IN_PROGRESS")
OWN = "t"


def watched(story: Story, token: str | None = OWN, **more: Any) -> tuple[Stack | None, Watch]:
    """Follow an operation to its end."""
    cloud: Any = story
    watch = Watch(cloud, STACK_ID, token, **more)
    return watch.follow(RecordingListener()), watch


def status_of(end: Stack | None) -> str | None:
    return None if end is None else end.status


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        pytest.param([([*OLD, UPDATE, DONE, FOREIGN], "UPDATE_IN_PROGRESS")], "UPDATE_COMPLETE", id="newer operation"),
        pytest.param(
            [([*OLD, UPDATE, DONE, FOREIGN, FOREIGN_DONE], "UPDATE_COMPLETE")], "UPDATE_COMPLETE", id="two newer events"
        ),
        pytest.param(
            [([*OLD, UPDATE], "UPDATE_IN_PROGRESS"), ([*OLD, UPDATE, DONE, FOREIGN], "UPDATE_IN_PROGRESS")],
            "UPDATE_COMPLETE",
            id="newer operation between two looks",
        ),
        pytest.param([([*OLD, UPDATE, DONE], "UPDATE_COMPLETE")], "UPDATE_COMPLETE", id="ended before the first look"),
        pytest.param([([*OLD, UPDATE, DONE, DELETING], None)], None, id="deleted since"),
        pytest.param([([], None)], None, id="gone with its events"),
        pytest.param([(OLD, "UPDATE_COMPLETE")], "UPDATE_COMPLETE", id="no event at all"),
        pytest.param(
            [(OLD, "UPDATE_COMPLETE")] * 4
            + [([*OLD, UPDATE], "UPDATE_IN_PROGRESS"), ([*OLD, UPDATE, DONE], "UPDATE_COMPLETE")],
            "UPDATE_COMPLETE",
            id="late events",
        ),
        pytest.param(
            [([*OLD, UPDATE], "UPDATE_IN_PROGRESS")] + [([*OLD, UPDATE], "UPDATE_COMPLETE")] * 30,
            "UPDATE_COMPLETE",
            id="no last event",
        ),
        pytest.param(
            [([*OLD, UPDATE, DONE], "UPDATE_IN_PROGRESS")] * 3 + [([*OLD, UPDATE, DONE], "UPDATE_COMPLETE")],
            "UPDATE_COMPLETE",
            id="late status",
        ),
    ],
)
def test_own_update(moments: list[Moment], expected: str | None) -> None:
    """The watch of an update ends with the status at the end of this update, or when the stack is deleted."""
    end, _ = watched(Story(*moments))
    assert status_of(end) == expected


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(
            [([*OLD, DELETING], "DELETE_IN_PROGRESS")] * 4 + [([*OLD, DELETING], None)], id="first token kept"
        ),
        pytest.param([(OLD, "UPDATE_COMPLETE")] * 2 + [([], None)], id="gone at once"),
        pytest.param(
            [([*OLD, DELETING, event(8, "team", "DELETE_COMPLETE", operation="first")], "DELETE_COMPLETE")], id="gone"
        ),
    ],
)
def test_repeated_deletion(moments: list[Moment]) -> None:
    """The watch of a deletion that was requested twice ends with the deletion, whose token is that of the first."""
    end, _ = watched(Story(*moments))
    assert status_of(end) in (None, "DELETE_COMPLETE")


def test_repeated_deletion_shows_the_progress_of_the_first() -> None:
    """The events and the failure of a deletion that was requested twice are those of the first request."""
    failed = [
        event(8, "Domain", "DELETE_FAILED", "it still has apps", operation="first"),
        event(9, "team", "DELETE_FAILED", operation="first"),
    ]
    running, done = [*OLD, DELETING], [*OLD, DELETING, *failed]
    end, watch = watched(Story(*[(running, "DELETE_IN_PROGRESS")] * 5, (done, "DELETE_FAILED")))
    assert status_of(end) == "DELETE_FAILED"
    assert [one.status for one in watch.events] == ["DELETE_IN_PROGRESS", "DELETE_FAILED", "DELETE_FAILED"]


def test_deletion_that_an_export_prevents_ends_in_the_state_before() -> None:
    """A deletion that AWS rejects because of an export in use ends, with a reason, in the status before it."""
    refused = event(8, "team", "UPDATE_COMPLETE", "Export E cannot be deleted as it is in use by other", operation="t")
    started = event(7, "team", "DELETE_IN_PROGRESS")
    end, watch = watched(Story(([*OLD, started], "DELETE_IN_PROGRESS"), ([*OLD, started, refused], "UPDATE_COMPLETE")))
    assert status_of(end) == "UPDATE_COMPLETE"
    assert "in use by other" in watch.events[-1].reason


@pytest.mark.parametrize("token", ["t", "first", None], ids=["same token", "other token", "no token"])
def test_failed_creation_that_aws_deletes(token: str | None) -> None:
    """The failure of a creation that AWS deletes is found, also if the deletion is in progress at the first look."""
    failed = event(4, "Domain", "CREATE_FAILED", "no capacity")
    ended = event(5, "team", "CREATE_FAILED")
    deleting = event(6, "team", "DELETE_IN_PROGRESS", operation=token or "")
    if token is None:
        del deleting["ClientRequestToken"]
    story = [CREATE, failed, ended, deleting]
    end, watch = watched(Story((story, "DELETE_IN_PROGRESS"), (story, None)), creating=True, deletion_follows=True)
    assert end is None
    cause = causes.first_cause(watch.events)
    assert cause
    assert cause.event.reason == "no capacity"


def test_failed_creation_waits_for_its_deletion() -> None:
    """A failed creation that AWS deletes does not end before the deletion, which starts a moment later."""
    failed = [CREATE, event(5, "team", "ROLLBACK_COMPLETE")]
    deleting = event(6, "team", "DELETE_IN_PROGRESS", operation="")
    story = Story(*[(failed, "ROLLBACK_COMPLETE")] * 3, ([*failed, deleting], "DELETE_IN_PROGRESS"), ([], None))
    end, _ = watched(story, creating=True, deletion_follows=True)
    assert end is None


def test_cancellation_by_another_actor() -> None:
    """An update that another actor cancels ends with its rollback, and this run does not cancel it any more."""
    undoing = event(5, "team", "UPDATE_ROLLBACK_IN_PROGRESS", operation="other")
    undone = event(6, "team", "UPDATE_ROLLBACK_COMPLETE", operation="other")
    began = [*OLD, UPDATE]
    story = Story(
        (began, "UPDATE_IN_PROGRESS"),
        ([*began, undoing], "UPDATE_ROLLBACK_IN_PROGRESS"),
        ([*began, undoing, undone], "UPDATE_ROLLBACK_COMPLETE"),
    )
    end, watch = watched(story)
    assert (status_of(end), watch.ours) == ("UPDATE_ROLLBACK_COMPLETE", False)


@pytest.mark.parametrize("ours", [False, True])
def test_interruption_of_a_watch(*, ours: bool) -> None:
    """An interruption cancels only an operation of this run; from any other it detaches and changes nothing."""
    undoing = event(5, "team", "UPDATE_ROLLBACK_COMPLETE")
    began = [*OLD, UPDATE]
    story = Story(*[(began, "UPDATE_IN_PROGRESS")] * 5, ([*began, undoing], "UPDATE_ROLLBACK_COMPLETE"))
    story.interrupt_at = 2
    cloud: Any = story
    watch = Watch(cloud, STACK_ID, "t", ours=ours)
    with pytest.raises(StoppedError) as caught:
        operation.follow_to_end(watch, RecordingListener(), "team", deadline=None)
    assert story.changes == (["cancel_update_stack"] if ours else [])
    assert ("status --watch team" in str(caught.value)) != ours


def test_interruption_after_another_run_executed_the_same_change_set() -> None:
    """If the events show that another run started the operation, an interruption does not cancel it."""
    began = [event(3, "team", "UPDATE_IN_PROGRESS", operation="smtemplates-1-other")]
    story = Story((began, "UPDATE_IN_PROGRESS"))
    story.interrupt_at = 3
    cloud: Any = story
    watch = Watch(cloud, STACK_ID, "smtemplates-1-mine", prefix="smtemplates-1-")
    with pytest.raises(StoppedError, match="continues in AWS"):
        operation.follow_to_end(watch, RecordingListener(), "team", deadline=None)
    assert story.changes == []


@pytest.mark.parametrize(
    ("began", "after", "status"),
    [
        ((*OLD, UPDATE), (DONE, FOREIGN), "UPDATE_COMPLETE"),
        ((CREATE,), (event(4, "team", "CREATE_COMPLETE"),), "CREATE_COMPLETE"),
    ],
    ids=["another update started", "created"],
)
def test_operation_that_ends_during_the_question_is_not_cancelled(began: Events, after: Events, status: str) -> None:
    """If the operation ends while the user answers, neither the next operation nor the created stack is undone."""

    class Slow(RecordingListener):
        def cancel(self, question: str) -> bool:
            story.now = len(story.moments) - 1
            return super().cancel(question)

    running = f"{status.partition('_')[0]}_IN_PROGRESS"
    later = running if FOREIGN in after else status
    story = Story(*[(began, running)] * 5, ([*began, *after], later))
    story.interrupt_at = 2
    cloud: Any = story
    listener = Slow()
    end = operation.follow_to_end(Watch(cloud, STACK_ID, OWN), listener, "team", deadline=None)
    assert (end.status, story.changes) == (status, [])
    assert "It was not cancelled." in "".join(listener.messages)


def test_throttling_for_minutes() -> None:
    """Throttling ends the watch only after more than two minutes, with the command that watches the operation."""

    class Throttled(Story):
        def pages(self, *_arguments: str, **_named: str) -> Iterator[dict[str, Any]]:
            raise CloudError("Rate exceeded", code="Throttling")

    story = Throttled(([UPDATE], "UPDATE_IN_PROGRESS"))
    with pytest.raises(CloudError, match="status --watch team"):
        watched(story)
    assert story.pauses > 20


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "ROLLBACK_FAILED"])
def test_latest_operation_ends_in_every_status(status: str) -> None:
    """The watch of an operation of another actor ends with every final status."""
    began = [*OLD, FOREIGN]
    ended = event(6, "team", status, operation="other")
    end, _ = watched(Story((began, "UPDATE_IN_PROGRESS"), ([*began, ended], status)), token=None)
    assert status_of(end) == status


def test_latest_operation_is_followed_by_a_deletion() -> None:
    """A creation whose deletion was requested has a final status for a moment. The watch goes on to the deletion."""
    created = [event(1, "team", "CREATE_IN_PROGRESS"), event(2, "team", "CREATE_COMPLETE")]
    story = Story((created, "CREATE_COMPLETE"), ([*created, DELETING], "DELETE_IN_PROGRESS"), ([], None))
    end, watch = watched(story, token=None)
    assert end is None
    assert [one.status for one in watch.events] == ["DELETE_IN_PROGRESS"]


def with_ids(*numbered: tuple[dict[str, Any], str]) -> list[dict[str, Any]]:
    return [{**one, "OperationId": identifier} for one, identifier in numbered]


def test_operation_that_is_about_to_start_is_followed() -> None:
    """`status --watch` follows an operation that AWS lists as the last one, though no event of it exists yet."""
    created = with_ids((event(1, "team", "CREATE_IN_PROGRESS"), "1"), (event(2, "team", "CREATE_COMPLETE"), "1"))
    deleting = with_ids((DELETING, "2"))
    last = [
        {"OperationType": kind, "OperationId": name} for kind, name in (("DELETE_STACK", "2"), ("CREATE_STACK", "1"))
    ]
    story = Story(
        *[(created, "CREATE_COMPLETE")] * 3,
        ([*created, *deleting], "DELETE_IN_PROGRESS"),
        ([], None),
        LastOperations=last,
    )
    cloud: Any = story
    assert api.watch(cloud, "team").status == "DELETE_COMPLETE"


def test_stack_at_rest_is_not_watched() -> None:
    """`status --watch` returns at once if no operation is in progress."""
    story = Story((OLD, "UPDATE_COMPLETE"))
    cloud: Any = story
    assert (api.watch(cloud, "team").status, story.pauses) == ("UPDATE_COMPLETE", 0)


def test_requested_rollback_succeeds() -> None:
    """A rollback that was requested succeeds with UPDATE_ROLLBACK_COMPLETE; an update that is rolled back fails."""
    failed = [*OLD, event(3, "team", "UPDATE_IN_PROGRESS"), event(4, "team", "UPDATE_ROLLBACK_FAILED")]
    again = event(5, "team", "UPDATE_ROLLBACK_IN_PROGRESS", operation="again")
    ended = event(6, "team", "UPDATE_ROLLBACK_COMPLETE", operation="again")
    rollback: Any = Story(
        ([*failed, again], "UPDATE_ROLLBACK_IN_PROGRESS"), ([*failed, again, ended], ended["ResourceStatus"])
    )
    assert api.watch(rollback, "team").status == "UPDATE_ROLLBACK_COMPLETE"
    own = {**again, "ClientRequestToken": "t"}
    update: Any = Story(
        ([*failed[:3], own], "UPDATE_ROLLBACK_IN_PROGRESS"), ([*failed[:3], own, ended], ended["ResourceStatus"])
    )
    with pytest.raises(DeploymentError, match="UPDATE_ROLLBACK_COMPLETE"):
        api.watch(update, "team")


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "UPDATE_COMPLETE"])
def test_deletion_in_progress_is_adopted(status: str) -> None:
    """A stack that AWS is already deleting is not deleted a second time, but followed."""
    story = Story(([*OLD, DELETING], "DELETE_IN_PROGRESS"), ([*OLD, DELETING], None))
    cloud: Any = story
    found = stacks.read(stack(status))
    operation.delete_and_wait(cloud, found, RecordingListener(), deadline=None)
    assert story.changes == ([] if status == "DELETE_IN_PROGRESS" else ["delete_stack"])


TOKENS = frozenset("a")
STACK_STATUSES = st.sampled_from(
    [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_FAILED",
    ]
)
HISTORIES = st.lists(
    st.tuples(st.sampled_from(["team", "Domain"]), STACK_STATUSES, st.sampled_from("abc")), max_size=12
)


@given(history=HISTORIES, cut=st.integers(0, 12), latest=st.booleans())
def test_operation_does_not_depend_on_the_polls(history: list[tuple[str, str, str]], cut: int, *, latest: bool) -> None:
    """The events of an operation are the same, however they are divided among polls."""
    found = [events.read(event(number, *one[:2], "", one[2])) for number, one in enumerate(history)]
    start = Operation(latest=True) if latest else Operation(tokens=TOKENS, ours=True)
    assert start.after_all(found) == start.after_all(found[:cut]).after_all(found[cut:])


@given(history=HISTORIES)
def test_operation_of_this_run_has_its_own_events(history: list[tuple[str, str, str]]) -> None:
    """All events with the token of an operation belong to it. Others do only while it has not ended."""
    found = [events.read(event(number, *one[:2], "", one[2])) for number, one in enumerate(history)]
    followed = Operation(tokens=TOKENS, ours=True).after_all(found)
    assert {one.id for one in found if one.token in TOKENS} <= {one.id for one in followed.events}
    if followed.ours:
        assert {one.token for one in followed.events} <= TOKENS
