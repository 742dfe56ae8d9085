"""Show the progress of several stacks in lines that start with the name of the stack, and ask for all of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

from smtemplates.console.columns import coloured
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.groups.results import Planned, Result
from smtemplates.deploy.printing import destruction_table, group_table
from smtemplates.deploy.printing.job_summary import append_to_job_summary
from smtemplates.deploy.printing.terminal import Terminal
from smtemplates.errors import Error


class StackLines(Terminal):
    """The lines of one stack, without a progress bar and questions."""

    def __init__(self, name: str, lock: threading.RLock) -> None:
        """Write lines that start with `name`. The lock keeps the lines of several threads apart."""
        super().__init__(assume_yes=True)
        self._name = name
        self._lock = lock

    def say(self, message: str) -> None:
        """Write each line of a message."""
        with self._lock:
            self._write("".join(f"{self._name}: {line}\n" for line in message.splitlines()))

    def _draw(self, done: int, total: int, text: str) -> None:
        """Draw no progress bar."""


class GroupTerminal:
    """The reviewer of a run of several stacks. During a question, the lines of the stacks wait."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._lock = threading.RLock()

    def lines(self, name: str) -> StackLines:
        """Return the object that shows the lines of one stack."""
        return StackLines(name, self._lock)

    def say(self, message: str) -> None:
        """Show a message."""
        with self._lock:
            self._terminal.say(message)

    def show_plans(self, planned: Sequence[Planned], failed: Sequence[Result]) -> None:
        """Show the plan of all stacks, and add it to the job summary of GitHub Actions."""
        append_to_job_summary(group_table.plan_markdown(planned, failed))
        self.say(group_table.plan(planned, failed, colour=coloured(sys.stderr)))

    def show_destructions(self, plans: Sequence[tuple[str, Destruction | Error]], *, delete_data: bool) -> None:
        """Show the effects of destroying all stacks."""
        for name, plan in plans:
            text = str(plan) if isinstance(plan, Error) else destruction_table.table(plan, delete_data=delete_data)
            self.say(f"{name}:\n{text}\n")

    def approve(self) -> bool:
        """Ask whether to execute the plan, unless the user has confirmed everything already."""
        with self._lock:
            return self._terminal.assume_yes or self._terminal.confirm("Execute this plan?")

    def approve_destruction(self, names: Sequence[str], known: Sequence[str]) -> bool:
        """Ask for the names of the stacks unless they were confirmed on the command line.

        All names are required, also in another order. Names of stacks that do not exist any more are accepted, so that
        a command can be repeated.
        """
        with self._lock:
            typed = self._terminal.confirmed
            if typed is None:
                typed = self._terminal.ask(f"To confirm, type the names of the stacks ({','.join(names)}): ")
        return {*names} <= {*typed.replace(",", " ").split()} <= {*known}

    def cancel(self, question: str) -> bool:
        """Ask whether to cancel the operations in progress. Without a terminal, the interruption means yes."""
        with self._lock:
            return self._terminal.cancel(question)
