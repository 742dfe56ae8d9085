"""Watch a stack operation to its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from smtemplates.aws.errors import TRANSIENT, CloudError, TimedOutError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.operations import events, states
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.operations.history import Operation, recent
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack, find

# DescribeStackEvents is called at most once a second, and less often the longer no event arrives.
FIRST_SECONDS = 0.4
BUSY_SECONDS = 1.0
LONGEST_SECONDS = 6.0
BACKOFF = 1.4

# Number of consecutive calls that may fail for a temporary reason before watching ends: more than two minutes.
PATIENCE = 25

# DescribeStacks is called after an event that can be the last one, and after this many polls without a new event:
# fewer while no event of the operation was seen.
QUIET_POLLS = 5
QUIET_POLLS_UNSEEN = 2

# The status of a stack is the final word on the end of an operation. AWS can return it late, though: this is the number
# of times in a row that the same final status must be returned if the events do not confirm it. [i]
LOOKS = 5
FAILED_CREATIONS = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


class Watch:
    """Follows one operation of one stack through its events and the status of the stack.

    The watch ends when the stack has a final status and the operation cannot be in progress any more, even if AWS never
    lists an event with its token.
    """

    def __init__(
        self,
        cloud: Cloud,
        stack_id: str,
        token: str | None,
        *,
        total: int = 0,
        creating: bool = False,
        ours: bool | None = None,
        prefix: str = "",
        deletion_follows: bool = False,
    ) -> None:
        """Follow the operation with this client request token, or the latest operation if `token` is None.

        - `total`: the number of resources that change.
        - `creating`: whether the operation creates the stack.
        - `ours`: whether this run starts the operation (default: True with a token). Only then may this run cancel it.
        - `prefix`: the start of the tokens with which other runs would start the same operation.
        - `deletion_follows`: whether AWS deletes the stack if its creation fails.
        """
        self.cloud = cloud
        self.stack_id = stack_id
        self.tokens = {token} if token else set()  # of the requests of this run
        self.total = total
        self.cancelled = False
        self._creating = creating
        self._finished: set[str] = set()
        self._quiet = 0  # polls in a row without a new event
        self._rest: tuple[str, int] = ("", 0)  # the last status of the stack, and how often in a row it was returned
        self._ran = False  # whether an operation was in progress
        operation = Operation(
            tokens=frozenset({token} if token else ()),
            prefix=prefix,
            latest=token is None,
            ours=token is not None if ours is None else ours,
            deletion_follows=deletion_follows,
        )
        # assigned together: an interruption between two assignments would lose events, and with them the end
        self._known: tuple[Operation, set[str]] = (operation, set())

    @property
    def operation(self) -> Operation:
        """The operation with its events so far."""
        return self._known[0]

    @property
    def events(self) -> list[Event]:
        """The events of the operation so far, oldest first."""
        return list(self.operation.events)

    @property
    def ours(self) -> bool:
        """Whether this run started the operation, and no other actor has cancelled it since."""
        return self.operation.ours

    @property
    def creating(self) -> bool:
        """Whether the operation creates the stack."""
        return self.operation.creates if self.operation.events else self._creating

    @property
    def confirmed(self) -> bool:
        """Whether AWS has listed an event of the operation that was asked for."""
        return any(event.token in self.tokens for event in self.operation.events)

    def claim(self, token: str | None = None) -> None:
        """Record that this run started the operation, or continued it under another token, such as a cancellation."""
        operation, seen = self._known
        tokens = operation.tokens | {token} if token else operation.tokens
        self.tokens |= {token} if token else set()
        self._known = (replace(operation, ours=True, tokens=tokens), seen)

    def disclaim(self) -> None:
        """Record that another run started the operation."""
        self._known = (replace(self.operation, ours=False), self._known[1])

    def expect_deletion(self) -> None:
        """Record that a deletion of the stack is the end of the operation."""
        self._known = (replace(self.operation, deletion_follows=True), self._known[1])

    def cancellable(self, listener: Listener) -> bool:
        """Return whether the operation of this run is still in progress, after a report of its new events.

        While a user answers a question, the operation can end, and another actor can start the next one.
        """
        self._polled(listener)
        return self.ours and not self.operation.ended

    def poll(self, *, deep: bool = False) -> list[Event]:
        """Return the new events of this operation, oldest first. With `deep`, search all events of the stack for it."""
        operation, seen = self._known
        fresh = recent(self._stack_events(), operation, seen, deep=deep)
        before = replace(operation, events=(), successor=None) if deep else operation
        after = before.after_all(events.oldest_first(fresh))
        if after.events or operation.latest:
            self._known = (after, {*seen, *(event.id for event in fresh)})
        return [event for event in after.events if event.id not in seen]

    def starting(self, stack: Stack) -> bool:
        """Return whether an operation has started that the status of a stack does not show yet."""
        self.poll()
        operation = self.operation
        shown = operation.last is None or operation.ended or operation.last.status == stack.status
        return not shown or self._not_listed(stack)

    def rolled_back(self, stack: Stack) -> bool:
        """Return whether the operation was a rollback on request, and succeeded."""
        first = next((event for event in self.operation.events if event.of_stack), None)
        requested = first is not None and "ROLLBACK_IN_PROGRESS" in first.status
        return requested and stack.status in ("ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")

    def skip(self) -> None:
        """Skip all events so far: the operation starts after them."""
        self.poll()
        self._known = (Operation(latest=True, ours=self.ours), self._known[1])

    def follow(self, listener: Listener, *, deadline: float | None = None) -> Stack | None:
        """Wait for the end of the operation, and return the stack at that time; None if it is deleted.

        If another operation has started since, the status of the returned stack is that at the end of this operation.
        `deadline` is a time of the monotonic clock in seconds. The listener is closed in every case.

        Raises:
            TimedOutError: The deadline has passed. The operation continues in AWS.
            CloudError: AWS rejected a call, or did not answer for too long. The operation continues in AWS.
        """
        try:
            return self._follow(listener, deadline)
        finally:
            listener.close()

    def _follow(self, listener: Listener, deadline: float | None) -> Stack | None:
        pause, failures = FIRST_SECONDS, 0
        while True:
            if deadline is not None and time.monotonic() > deadline:
                raise TimedOutError(
                    f"The time limit of --timeout has passed. The operation continues in AWS. To watch it, run: "
                    f"{self.command}"
                )
            self.cloud.pause(pause)
            try:
                new = self._polled(listener)
                if end := self._look():
                    return end[0]
                failures = 0
            except CloudError as error:
                failures += 1
                if error.code not in TRANSIENT or failures > PATIENCE:
                    raise CloudError(
                        f"{sentence(error)} The operation continues in AWS. To watch it, run: {self.command}",
                        code=error.code,
                    ) from error
                new = []
            pause = BUSY_SECONDS if new else max(BUSY_SECONDS, min(pause * BACKOFF, LONGEST_SECONDS))

    @property
    def command(self) -> str:
        """The command that watches the operation."""
        return program.command("status", "--watch", self.stack_id.split("/")[1])

    def _stack_events(self) -> Iterator[Event]:
        """Yield all events of the stack, newest first; none if AWS does not know the stack any more."""
        try:
            for item in self.cloud.pages(
                "cloudformation", "describe_stack_events", "StackEvents", StackName=self.stack_id
            ):
                yield events.read(
                    {**item, "ResourceStatusReason": self.cloud.masked(item.get("ResourceStatusReason", ""))}
                )
        except CloudError as error:
            if "does not exist" not in str(error):
                raise

    def _polled(self, listener: Listener) -> list[Event]:
        """Report the new events, and search for the operation if no event of it was seen for some polls."""
        new = self.poll()
        self._quiet = 0 if new else self._quiet + 1
        if not self.operation.events and self._quiet == QUIET_POLLS_UNSEEN:
            new = self.poll(deep=True)
        self._report(listener, new)
        return new

    def _look(self) -> tuple[Stack | None] | None:
        """Return the end of the operation as in `_end_of`, without asking for the stack if nothing suggests an end."""
        operation = self.operation
        every = QUIET_POLLS if operation.events else QUIET_POLLS_UNSEEN
        if not operation.ended and (not self._quiet or self._quiet % every):
            return None
        return self._end_of(find(self.cloud, self.stack_id))

    def _end_of(self, stack: Stack | None) -> tuple[Stack | None] | None:
        """Return a tuple of the stack, or of None if it is deleted; return None while the operation is in progress.

        An operation has several statuses that look like its end. AWS can also return the stack as it was before its
        last event, or before the operation started.
        """
        if stack is None or stack.status == "DELETE_COMPLETE":
            return (stack,)
        operation = self.operation
        if operation.successor and operation.last:
            return (replace(stack, status=operation.last.status, reason=operation.last.reason),)
        if states.in_progress(stack.status):
            self._ran, self._rest = True, ("", 0)
            self._adopt()
            return None
        self._rest = (stack.status, self._rest[1] + 1 if self._rest[0] == stack.status else 1)
        return (stack,) if self._rest[1] >= self._looks_needed(stack) else None

    def _looks_needed(self, stack: Stack) -> int:
        """Return how often in a row AWS must return this final status of the stack until the operation has ended."""
        operation = self.operation
        if not operation.events:
            return 2 if self._ran else LOOKS
        deleting = (self.cancelled and stack.status == "CREATE_COMPLETE") or (
            operation.deletion_follows and stack.status in FAILED_CREATIONS
        )
        agrees = operation.last is not None and operation.last.status == stack.status
        if deleting or (operation.latest and self._not_listed(stack)) or not agrees:
            return LOOKS
        return 2 if operation.latest and not operation.ours else 1

    def _not_listed(self, stack: Stack) -> bool:
        """Return whether the latest operation of a stack has no event yet, because it is about to start.

        AWS lists the latest operation first.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events-by-operation.html
        """
        ids = self.operation.ids
        return bool(ids and stack.operations) and stack.operations[0] not in ids

    def _adopt(self) -> None:
        """Follow the operation in progress instead if no event of this one was seen.

        If a deletion was requested twice, AWS can list its events under the token of the first request. [i]
        """
        if self.operation.events or self.operation.latest:
            return
        newest = recent(self._stack_events(), self.operation, set(), deep=False)
        running = Operation(latest=True).after_all(events.oldest_first(newest))
        if running.events and not running.ended:
            self._known = (Operation(latest=True), set())

    def _report(self, listener: Listener, new: list[Event]) -> None:
        for event in new:
            if event.finished:
                self._finished.add(event.logical_id)
            listener.on_event(event, len(self._finished), max(self.total, len(self._finished)))
