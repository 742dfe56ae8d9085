"""Find the events of one operation among all events of a stack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from smtemplates.deploy.operations.events import Event


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation on a stack, and its events so far, oldest first.

    An operation is identified by the client request tokens in `tokens`, by a `prefix` of its token, or by the IDs that
    AWS gave it. With `latest`, it is the latest operation, whichever it is. `ours` is whether this run started it: only
    then may this run cancel it. `deletion_follows` is whether a deletion of the stack belongs to it. `successor` is the
    first event of another operation that started after this one had ended.

    AWS runs one operation on a stack at a time. While this one has not ended, the events of another token are those of
    an actor who cancelled it or deletes the stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    tokens: frozenset[str] = frozenset()
    prefix: str = ""
    ids: frozenset[str] = frozenset()
    ours: bool = False
    latest: bool = False
    deletion_follows: bool = False
    events: tuple[Event, ...] = ()
    successor: Event | None = None

    @property
    def last(self) -> Event | None:
        """The last event of the stack itself in this operation."""
        return next((event for event in reversed(self.events) if event.of_stack), None)

    @property
    def ended(self) -> bool:
        """Whether the last event of the stack can be the end of the operation."""
        return self.last is not None and self.last.ends

    @property
    def creates(self) -> bool:
        """Whether the operation creates the stack."""
        return bool(self.events) and self.events[0].status.startswith("CREATE")

    def includes(self, event: Event) -> bool:
        """Return whether an event carries a token or an ID of this operation."""
        token = event.token or ""
        named = token in self.tokens or bool(self.prefix and token.startswith(self.prefix))
        return named or event.operation_id in self.ids

    def after(self, event: Event) -> Operation:
        """Return the operation after the next event of the stack."""
        if self.includes(event):
            other_run = bool(event.token) and event.token not in self.tokens
            return replace(self._with(event), ours=self.ours and not other_run)
        if not self.events:
            return self._with(event) if self.latest else self
        if not self.ended:
            return replace(self._with(event), ours=self.ours and event.token is None)
        return self._then(event) if event.of_stack and not event.ends else self

    def _then(self, event: Event) -> Operation:
        """Return the operation after an event with which another operation starts."""
        if self.deletion_follows and event.status == "DELETE_IN_PROGRESS":
            return self._with(event)
        return Operation(latest=True).after(event) if self.latest else replace(self, successor=event)

    def after_all(self, events: Iterable[Event]) -> Operation:
        """Return the operation after several events of the stack, oldest first."""
        operation = self
        for event in events:
            operation = operation.after(event)
        return operation

    def _with(self, event: Event) -> Operation:
        tokens = self.tokens | {event.token} if event.token else self.tokens
        ids = self.ids | {event.operation_id} if event.operation_id else self.ids
        return replace(self, events=(*self.events, event), tokens=tokens, ids=ids)


def recent(newest_first: Iterable[Event], operation: Operation, seen: set[str], *, deep: bool) -> list[Event]:
    """Return the events that are not in `seen`, newest first.

    If none was seen, return the events back to the start of the latest operation. With `deep`, also of the operations
    before it, until `operation` is found.
    """
    fresh: list[Event] = []
    begun: Event | None = None
    for event in newest_first:
        if event.id in seen and not deep:
            break
        # one operation can start twice: a creation that fails is deleted under the same token
        if (
            begun
            and (not event.token or event.token != begun.token)
            and (operation.includes(begun) if deep else not seen)
        ):
            break
        fresh.append(event)
        if event.starts:
            begun = event
    return fresh
