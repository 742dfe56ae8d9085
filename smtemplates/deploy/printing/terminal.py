"""Show progress and results, and ask the user: with a progress bar on a terminal, in a few lines anywhere else."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from smtemplates.console.columns import coloured, counted, folded
from smtemplates.console.signals import read_line
from smtemplates.console.streams import discard, write_message
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.operations import events
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.printing import destruction_table
from smtemplates.deploy.printing.job_summary import write_job_summary
from smtemplates.deploy.printing.plan_table import table
from smtemplates.errors import Error, UsageError

BAR_WIDTH = 24


def print_result(text: str) -> None:
    """Print a result to standard output.

    Raises:
        Error: Standard output cannot be written, for example because the disk is full.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise Error(f"Cannot write to standard output: {error.strerror}.") from error


def terminal_for_questions(*, yes: bool) -> Terminal:
    """Return a terminal that can ask for confirmation; with `yes`, the user has confirmed everything already.

    Raises:
        UsageError: There is no terminal, and `yes` is False.
    """
    terminal = Terminal(assume_yes=yes)
    if not yes and not terminal.asks:
        raise UsageError(
            "This command needs confirmation, but there is no terminal. Check the plan, then repeat this command with "
            "--yes."
        )
    return terminal


class Terminal:
    """A Listener that writes to standard error, and asks on the terminal."""

    def __init__(self, stream: TextIO | None = None, *, assume_yes: bool = False, confirmed: str | None = None) -> None:
        """Write to `stream`. With `assume_yes`, or without a terminal, nothing is asked.

        `confirmed` is the name of the stack if its destruction was confirmed on the command line.
        """
        self.assume_yes = assume_yes
        self.confirmed = confirmed
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.asks = sys.stdin is not None and sys.stdin.isatty() and not assume_yes
        self._began: dict[str, float] = {}
        self._bar = ""

    def say(self, message: str) -> None:
        """Write a message on a new line."""
        self._clear()
        self._write(f"{message}\n")
        self._redraw()

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Show a resource that is finished or failed, and the progress bar of the operation."""
        self._began.setdefault(event.logical_id, time.monotonic())
        if event.of_stack:
            return
        if event.failed and not events.CANCELLED.search(event.reason):
            self.say(f"  {event.logical_id:<28} failed: {event.reason}")
        elif event.finished and self.live:
            seconds = time.monotonic() - self._began[event.logical_id]
            line = f"  {event.logical_id:<28} {events.progress_word(event):<9}{seconds:5.0f} s  {event.type}"
            self.say("\n".join(folded(line, 6)))
        if total:
            self._draw(done, total, f"{event.logical_id} {events.progress_word(event)}")

    def show_plan(self, plan: Plan) -> None:
        """Show a plan, and add it to the job summary of GitHub Actions."""
        write_job_summary(plan)
        self.say(table(plan, colour=coloured(self.stream)))

    def approve(self, plan: Plan) -> bool:
        """Ask whether to execute a plan, unless the user has confirmed everything already."""
        del plan
        return self.assume_yes or self.confirm("Execute this change set?")

    def show_destruction(self, plan: Destruction, *, delete_data: bool) -> None:
        """Show the effects of destroying a stack."""
        self.say(destruction_table.table(plan, delete_data=delete_data))

    def approve_destruction(self, plan: Destruction) -> bool:
        """Ask for the name of the stack unless it was confirmed on the command line, and return whether it is right."""
        return self.confirm_name(plan.name)

    def confirm_name(self, name: str) -> bool:
        """Ask for a name unless it was confirmed on the command line, and return whether it is right."""
        typed = self.confirmed
        if typed is None:
            typed = self.ask(f"To confirm, type the name of the stack ({name}): ")
        return typed.strip() == name

    def show_emptying(self, bucket: str, done: int, total: int) -> None:
        """Show how many objects of a bucket are deleted."""
        self._draw(done, total, f"objects of {bucket} deleted")
        if done >= total:
            self.close()
            self.say(f"Emptied bucket {bucket}: {counted(done, 'object version')} deleted.")

    def cancel(self, question: str) -> bool:
        """Ask whether to cancel the operation in progress. Without a terminal, the interruption means yes."""
        confirmed = self.asks and self.confirm(question)
        return confirmed or not self.asks  # asking finds out that the terminal was closed

    def confirm(self, question: str) -> bool:
        """Ask for confirmation. Every answer except yes means no."""
        return self.ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    def ask(self, question: str) -> str:
        """Ask a question and return the answer; empty at the end of the input, or if the terminal was closed."""
        self._clear()
        self._bar = ""
        self._write(question)
        if not self.asks:
            return ""
        answer = read_line()
        # a closed terminal ends the input, as Ctrl-D does on an open one
        self.asks = bool(answer) or sys.stdin.isatty()
        return answer

    def close(self) -> None:
        """Erase the progress bar, so that the next output starts on an empty line."""
        self._clear()
        self._bar = ""
        self._write("")

    def _draw(self, done: int, total: int, text: str) -> None:
        if not self.live:
            return
        filled = BAR_WIDTH * done // max(total, 1)
        width = shutil.get_terminal_size().columns - 1
        self._clear()
        self._bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {done}/{total} {text}"[:width]
        self._redraw()

    def _clear(self) -> None:
        if self.live and self._bar:
            self._write("\r\033[K")

    def _redraw(self) -> None:
        self._write(self._bar if self.live else "")

    def _write(self, text: str) -> None:
        """Write to the stream. If its terminal was closed, no progress is drawn and nothing is asked any more."""
        if not write_message(text, self.stream):
            self.live = self.asks = False
