"""The reviewer of the public API: receives plans, progress and messages, and approves the execution of plans."""

from __future__ import annotations

from typing import Protocol

from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.operations.listener import Listener


class Reviewer(Listener, Protocol):
    """A listener that also receives plans and approves their execution."""

    def show_plan(self, plan: Plan) -> None:
        """Show the plan of a deployment."""

    def show_destruction(self, plan: Destruction, *, delete_data: bool) -> None:
        """Show the effects of destroying a stack."""

    def approve(self, plan: Plan) -> bool:
        """Return whether to execute a plan that the guard accepted."""

    def approve_destruction(self, plan: Destruction) -> bool:
        """Return whether to destroy a stack."""

    def show_emptying(self, bucket: str, done: int, total: int) -> None:
        """Show how many objects of a bucket are deleted."""


class Silent:
    """A reviewer that shows nothing, approves everything that the guard accepts, and cancels nothing."""

    def say(self, message: str) -> None:
        """Ignore a message."""

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Ignore an event."""

    def cancel(self, question: str) -> bool:
        """Raise KeyboardInterrupt: an interruption ends watching, and only `cancel` cancels an operation."""
        raise KeyboardInterrupt(question)

    def close(self) -> None:
        """Do nothing."""

    def show_plan(self, plan: Plan) -> None:
        """Ignore a plan."""

    def show_destruction(self, plan: Destruction, *, delete_data: bool) -> None:
        """Ignore the effects of destroying a stack."""

    def approve(self, plan: Plan) -> bool:
        """Return True."""
        del plan
        return True

    def approve_destruction(self, plan: Destruction) -> bool:
        """Return True."""
        del plan
        return True

    def show_emptying(self, bucket: str, done: int, total: int) -> None:
        """Ignore the progress."""
