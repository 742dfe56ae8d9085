"""The progress and questions of an operation, for the code that shows them."""

from __future__ import annotations

from typing import Protocol

from smtemplates.deploy.operations.events import Event


class Listener(Protocol):
    """Receives messages and events, and asks the user for decisions."""

    def say(self, message: str) -> None:
        """Show a message."""

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Show an event, with the number of finished resources and of all resources."""

    def cancel(self, question: str) -> bool:
        """Ask, after an interruption, whether to cancel the operation, and return the answer."""

    def close(self) -> None:
        """End the progress display of the current operation."""
