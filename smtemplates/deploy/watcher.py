"""Watch an operation until AWS is done with it."""

from __future__ import annotations

import time
from typing import Protocol

from smtemplates.aws.errors import CloudError, TimedOutError
from smtemplates.aws.session import PASSING, Cloud
from smtemplates.deploy import events
from smtemplates.deploy.events import Event
from smtemplates.deploy.stack import Stack, find

# DescribeStackEvents is never asked more often than once a second, and less often the longer nothing happens.
FIRST_SECONDS = 0.4
BUSY_SECONDS = 1.0
LONGEST_SECONDS = 6.0
BACKOFF = 1.4

# So many calls in a row may fail for reasons that pass before watching is given up: more than two minutes.
PATIENCE = 25


class Listener(Protocol):
    """Who is told what happens, and asked what only a person can decide."""

    def say(self, message: str) -> None:
        """Take a message."""

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Take an event, and how many of the resources are through."""

    def cancel(self, question: str) -> bool:
        """Decide, after an interruption, whether AWS should stop what it does."""

    def close(self) -> None:
        """Take note that nothing more happens for now."""


class Watch:
    """Follows one operation on one stack, through its events."""

    def __init__(
        self, cloud: Cloud, stack_id: str, token: str | None, *, total: int = 0, creating: bool = False
    ) -> None:
        """Follow the operation that was started with `token`, or whichever is the latest where that is None."""
        self.cloud = cloud
        self.stack_id = stack_id
        self.tokens = {token} if token else set()
        self.total = total
        self.events: list[Event] = []
        self.creating = creating
        self.cancelled = False
        self._seen: set[str] = set()
        self._settled: set[str] = set()

    def poll(self) -> list[Event]:
        """Fetch what is new of this operation, oldest first."""
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
                    # the newest operation is an older one: AWS does not show ours yet
                    return []
                self.creating = event.status.startswith("CREATE")
                break
        else:
            if not self._seen:
                return []
        self._seen.update(event.id for event in fresh)
        new = events.oldest_first(fresh)
        self.events += new
        return new

    def skip(self) -> None:
        """Pass over all that has happened so far: what follows is the operation."""
        self.poll()
        self.events.clear()

    def follow(self, listener: Listener, *, deadline: float | None = None) -> Stack | None:
        """Wait for the end, and return the stack as it is then; however it ends, the listener is told to close.

        Raises:
            TimedOutError: the deadline, by the monotonic clock, has passed.
            CloudError: AWS has not answered for so long that there is no point in waiting on.
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
                    f"the time given with --timeout is over, and AWS goes on; watch it with: {self.command}"
                )
            self.cloud.pause(pause)
            try:
                new = self.poll()
                self._tell(listener, new)
                if self.events and self.events[-1].ends and (done := self._ended()):
                    return done[0]
                failures = 0
            except CloudError as error:
                failures += 1
                if error.code not in PASSING or failures > PATIENCE:
                    raise CloudError(
                        f"{error}. AWS goes on meanwhile; watch it with: {self.command}", code=error.code
                    ) from error
                new = []
            pause = BUSY_SECONDS if new else max(BUSY_SECONDS, min(pause * BACKOFF, LONGEST_SECONDS))

    @property
    def command(self) -> str:
        """The command that shows how the operation goes on."""
        return f"scripts/deploy.py status --watch {self.stack_id.split('/')[1]}"

    def _ended(self) -> tuple[Stack | None] | None:
        """Return the stack if it is at rest: a status can be one of several on the way to the end.

        AWS may still answer with what was before; then the stack is not where its last event says.
        """
        stack = find(self.cloud, self.stack_id)
        last = self.events[-1].status
        if self.cancelled and last == "CREATE_COMPLETE":
            # it was finished when it was cancelled; the deletion that AWS took is still to come
            return None
        if stack is None:
            return (None,) if last == "DELETE_COMPLETE" else None
        return (stack,) if stack.status == last else None

    def _tell(self, listener: Listener, new: list[Event]) -> None:
        for event in new:
            if event.finished:
                self._settled.add(event.logical_id)
            listener.on_event(event, len(self._settled), max(self.total, len(self._settled)))
