"""The reviewer of a run: receives the plans of all stacks, progress and messages, and approves the whole run once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.groups.results import Planned, Result
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.reviewer import Reviewer, Silent
from smtemplates.errors import Error


class GroupReviewer(Protocol):
    """Shows what belongs to all stacks, and asks, in the main thread."""

    def lines(self, name: str) -> Reviewer:
        """Return the reviewer that shows the lines of one stack, in the thread of this stack."""

    def say(self, message: str) -> None:
        """Show a message."""

    def show_plans(self, planned: Sequence[Planned], failed: Sequence[Result]) -> None:
        """Show the plan of all stacks, and those that could not be planned or are rejected."""

    def show_destructions(self, plans: Sequence[tuple[str, Destruction | Error]], *, delete_data: bool) -> None:
        """Show the effects of destroying all stacks; an error for a stack that cannot be destroyed."""

    def approve(self) -> bool:
        """Return whether to execute the plan."""

    def approve_destruction(self, names: Sequence[str], known: Sequence[str]) -> bool:
        """Return whether to destroy the stacks of these names. `known` also contains stacks that do not exist."""

    def cancel(self, question: str) -> bool:
        """Ask, after an interruption, whether to cancel the operations in progress, and return the answer."""


class Turn(Silent):
    """The reviewer of one stack of a run. It shows the messages and events of the stack, but asks nothing."""

    def __init__(self, lines: Reviewer) -> None:
        """Show the lines of a stack. Lines of several stacks have no progress bar."""
        self.lines = lines

    def say(self, message: str) -> None:
        """Show a message."""
        self.lines.say(message)

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Show an event."""
        self.lines.on_event(event, done, total)
