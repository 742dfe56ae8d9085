"""Watch a stack operation to its end."""

from __future__ import annotations

import time

from smtemplates.aws.errors import CloudError, TimedOutError, sentence
from smtemplates.aws.session import TRANSIENT, Cloud
from smtemplates.deploy.operations import events
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack, find
from smtemplates.deploy.wording import PROGRAM

# DescribeStackEvents is called at most once a second, and less often the longer no event arrives.
FIRST_SECONDS = 0.4
BUSY_SECONDS = 1.0
LONGEST_SECONDS = 6.0
BACKOFF = 1.4

# Number of consecutive calls that may fail for a temporary reason before watching ends: more than two minutes.
PATIENCE = 25


class Watch:
    """Follows one operation of one stack through its events."""

    def __init__(
        self, cloud: Cloud, stack_id: str, token: str | None, *, total: int = 0, creating: bool = False
    ) -> None:
        """Follow the operation with this client request token, or the latest operation if `token` is None.

        `total` is the number of resources that change. `creating` is whether the operation creates the stack.
        """
        self.cloud = cloud
        self.stack_id = stack_id
        self.tokens = {token} if token else set()
        self.total = total
        self.events: list[Event] = []
        self.creating = creating
        self.cancelled = False
        self._seen: set[str] = set()
        self._finished: set[str] = set()

    def poll(self) -> list[Event]:
        """Return the new events of this operation, oldest first."""
        fresh: list[Event] = []
        for item in self.cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=self.stack_id):
            event = events.read(
                {**item, "ResourceStatusReason": self.cloud.masked(item.get("ResourceStatusReason", ""))}
            )
            if event.id in self._seen:
                break
            fresh.append(event)
            if not self._seen and event.starts:
                if self.tokens and event.token not in self.tokens:
                    # the latest operation is an earlier one: AWS does not list the events of this operation yet
                    return []
                self.creating = event.status.startswith("CREATE")
                break
        else:
            if not self._seen:
                return []
        new = events.oldest_first(fresh)
        seen, known = {*self._seen, *(event.id for event in fresh)}, [*self.events, *new]
        # in one statement: an interruption between two of them would lose the events, and with them the end
        self._seen, self.events = seen, known
        return new

    def skip(self) -> None:
        """Skip all events so far: the operation starts after them."""
        self.poll()
        self.events.clear()

    def follow(self, listener: Listener, *, deadline: float | None = None) -> Stack | None:
        """Wait for the end of the operation, and return the stack at that time; None if it is deleted.

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
                new = self.poll()
                self._report(listener, new)
                if self.events and self.events[-1].ends and (done := self._ended()):
                    return done[0]
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
        return f"{PROGRAM} status --watch {self.stack_id.split('/')[1]}"

    def _ended(self) -> tuple[Stack | None] | None:
        """Return a tuple of the stack, or of None if it is deleted; return None while the operation is in progress.

        An operation has several statuses that look like its end. AWS can also return the stack as it was before its
        last event. The operation has ended only when the stack has the status of the last event.
        """
        stack = find(self.cloud, self.stack_id)
        last = self.events[-1].status
        if self.cancelled and last == "CREATE_COMPLETE":
            # the creation had ended before it was cancelled: the deletion that AWS accepted comes next
            return None
        if stack is None:
            return (None,) if last == "DELETE_COMPLETE" else None
        return (stack,) if stack.status == last else None

    def _report(self, listener: Listener, new: list[Event]) -> None:
        for event in new:
            if event.finished:
                self._finished.add(event.logical_id)
            listener.on_event(event, len(self._finished), max(self.total, len(self._finished)))
