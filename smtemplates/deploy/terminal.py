"""Tell a person how it goes: in full at a terminal, in a few lines anywhere else."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from smtemplates.console.columns import folded
from smtemplates.console.streams import discard, write_message
from smtemplates.deploy import events
from smtemplates.deploy.events import Event
from smtemplates.errors import Error, UsageError

BAR_WIDTH = 24


def emit(text: str) -> None:
    """Print a result.

    Raises:
        Error: there is no room for it where standard output goes.
    """
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(sys.stdout)
        raise Error(f"cannot write to standard output: {error.strerror}") from error


def asking(*, yes: bool) -> Terminal:
    """Return a terminal to ask at, unless the person has said yes beforehand.

    Raises:
        UsageError: a question could not be answered here.
    """
    terminal = Terminal(assume_yes=yes)
    if not yes and not terminal.asks:
        raise UsageError("there is no terminal to ask at; look at the plan, then repeat this command with --yes")
    return terminal


class Terminal:
    """A Listener that writes to standard error, and asks at the terminal."""

    def __init__(self, stream: TextIO | None = None, *, assume_yes: bool = False) -> None:
        """Write to `stream`; with `assume_yes`, or without a terminal, nobody is asked."""
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self.asks = sys.stdin is not None and sys.stdin.isatty() and not assume_yes
        self._began: dict[str, float] = {}
        self._bar = ""

    def say(self, message: str) -> None:
        """Write a message on a line of its own."""
        self._clear()
        self._write(f"{message}\n")
        self._redraw()

    def on_event(self, event: Event, done: int, total: int) -> None:
        """Show a resource that is through, or failed, and the bar over the whole."""
        self._began.setdefault(event.logical_id, time.monotonic())
        if event.of_stack:
            return
        if event.failed and not events.CANCELLED.search(event.reason):
            self.say(f"  {event.logical_id:<28} failed: {event.reason}")
        elif event.finished and self.live:
            seconds = time.monotonic() - self._began[event.logical_id]
            told = f"  {event.logical_id:<28} {events.progress_word(event):<9}{seconds:5.0f} s  {event.type}"
            self.say("\n".join(folded(told, 6)))
        self._show(event, done, total)

    def counted(self, bucket: str, done: int, total: int) -> None:
        """Show how far a bucket is emptied."""
        self._draw(done, total, f"objects of {bucket} deleted")
        if done >= total:
            self.close()
            self.say(f"emptied bucket {bucket}: {done:,} object version(s) deleted")

    def cancel(self, question: str) -> bool:
        """Ask whether to undo what is under way; where nobody can be asked, an interruption means yes."""
        confirmed = self.asks and self.confirm(question)
        return confirmed or not self.asks  # a terminal that was closed is noticed when it is asked at

    def confirm(self, question: str) -> bool:
        """Ask, and take anything but yes for no."""
        return self.ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    def ask(self, question: str) -> str:
        """Ask for a text; the end of input is an empty one."""
        self._clear()
        self._bar = ""
        self._write(question)
        if not self.asks:
            return ""
        answer = _read_line()
        # a closed terminal ends the input, as Ctrl-D does at one that is open
        self.asks = bool(answer) or sys.stdin.isatty()
        return answer

    def close(self) -> None:
        """Erase the bar for good, so that what others write next begins on an empty line."""
        self._clear()
        self._bar = ""
        self._write("")

    def _show(self, event: Event, done: int, total: int) -> None:
        if total:
            self._draw(done, total, f"{event.logical_id} {events.progress_word(event)}")

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
        """Write to the stream. After the terminal was closed, nothing is drawn and nobody can be asked."""
        if not write_message(text, self.stream):
            self.live = self.asks = False


def _read_line() -> str:
    """Return the next line of standard input; the end of the input and a closed terminal are an empty line."""
    try:
        return sys.stdin.readline()
    except OSError:
        return ""
