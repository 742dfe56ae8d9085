"""The signals that end a command: turn them into KeyboardInterrupt, and defer them during a critical step.

Python receives signals in the main thread only. A command that works in several threads passes an interruption on to
the threads that it chooses, with `Interruptions`.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, TextIO

# Ctrl-C, the request to end of a CI system, and a closed terminal. Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


def again(effect: str) -> str:
    """Return a sentence, after a space, on how to interrupt the command again; empty without a terminal."""
    return f" Press Ctrl-C again to {effect}." if sys.stdin is not None and sys.stdin.isatty() else ""


def raise_on_signals() -> None:
    """Raise KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP, so that a command cleans up before it ends.

    SIGINT and SIGHUP stay ignored if they were ignored when the command started, as under nohup or in the background of
    a shell. Python sets signal handlers in the main thread only, so the function has no effect in other threads.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def wait_for_terminal(stream: TextIO) -> None:
    """Wait until a terminal has input, or until a signal arrives, whose handler then runs.

    Python runs a handler only between two of its instructions. A signal that arrives after the last instruction and
    before the read begins would take effect only after the input. So the wait also ends with the wakeup descriptor of
    the signal module, which receives a byte for each signal at once.
    """
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        waiting: list[Any] = [stream, reader]
        select.select(waiting, [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)


def read_line() -> str:
    """Return the next line of standard input; empty at the end of the input, or if the terminal was closed."""
    try:
        if sys.stdin.isatty():
            wait_for_terminal(sys.stdin)
        return sys.stdin.readline()
    except OSError:
        return ""


class Deferral:
    """The signals that arrive during an `uninterrupted` block."""

    def __init__(self, pending: list[int] | None = None) -> None:
        """Record every signal, in `pending` if that is given."""
        self.pending: list[int] = [] if pending is None else pending
        self._allowed = False

    @property
    def accepts(self) -> bool:
        """Whether the next signal is raised at once."""
        return self._allowed

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Record a signal, or raise KeyboardInterrupt if interruptions are allowed.

        Only the first signal of an `allowed` block is raised. The signals after it are recorded, so that they cannot
        interrupt the clean-up that follows: a terminal that is closed can send SIGHUP and SIGTERM at the same time.
        """
        if not self._allowed:
            self.pending.append(number)
            return
        self._allowed = False
        raise KeyboardInterrupt

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise KeyboardInterrupt in this block: at its start for a recorded signal, or else for the next signal."""
        self._allowed = True
        try:
            if self.pending:
                self.pending.clear()
                raise KeyboardInterrupt
            yield
        finally:
            self._allowed = False


@contextmanager
def uninterrupted() -> Iterator[Deferral]:
    """Stop SIGINT, SIGTERM and SIGHUP from interrupting the block: they take effect at the end of the outermost block.

    A signal that the program ignores, such as SIGHUP under nohup, stays ignored. If the block ends with an exception,
    that exception is raised and the recorded signals are dropped. Python receives signals in the main thread only. In
    another thread, the block defers the interruptions of the thread if it has `Interruptions`.
    """
    if threading.current_thread() is not threading.main_thread():
        found: Interruptions | None = getattr(_THREAD, "interruptions", None)
        with nullcontext(Deferral()) if found is None else found.deferred() as deferral:
            yield deferral
        return
    deferral = Deferral()
    before = {}
    try:
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if handler not in (None, signal.SIG_IGN):  # None: a handler that was not installed by Python
                before[number] = handler
                signal.signal(number, deferral.receive)
        yield deferral
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if deferral.pending:
        number = deferral.pending[0]
        if callable(handler := before[number]):
            handler(number, None)  # at once: before Python 3.12, raise_signal can return before the handler is called
        else:
            signal.raise_signal(number)


_THREAD = threading.local()


class Interruptions:
    """The interruptions of a thread that is not the main thread. They take effect where the thread waits, in `pause`.

    `uninterrupted` and `Deferral.allowed` have the same meaning in this thread as in the main thread.
    """

    def __init__(self) -> None:
        """Create an object without an interruption."""
        self._pending: list[int] = []
        self._arrived = threading.Condition()
        self._deferrals: list[Deferral] = []

    @contextmanager
    def received(self) -> Iterator[None]:
        """Raise the interruptions in the current thread for the duration of the block."""
        _THREAD.interruptions = self
        try:
            yield
        finally:
            _THREAD.interruptions = None

    def send(self) -> None:
        """Interrupt the thread. Another thread calls this function."""
        with self._arrived:
            self._pending.append(signal.SIGINT)
            self._arrived.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait for this time.

        Raises:
            KeyboardInterrupt: The thread was interrupted, and no `uninterrupted` block defers it.
        """
        deadline = time.monotonic() + seconds
        with self._arrived:
            while (left := deadline - time.monotonic()) > 0:
                if self._pending and self._accepts():
                    break
                self._arrived.wait(left)
        if self._pending and self._accepts():
            self._raise()

    @contextmanager
    def deferred(self) -> Iterator[Deferral]:
        """Record the interruptions of the thread for the duration of the block, as `uninterrupted` does for signals."""
        deferral = Deferral(self._pending)
        self._deferrals.append(deferral)
        try:
            yield deferral
        except BaseException:
            self._pending.clear()
            raise
        finally:
            self._deferrals.pop()
        if self._pending and self._accepts():
            self._raise()

    def _accepts(self) -> bool:
        return not self._deferrals or self._deferrals[-1].accepts

    def _raise(self) -> None:
        self._pending.clear()
        if self._deferrals:
            self._deferrals[-1].receive(signal.SIGINT, None)
        raise KeyboardInterrupt
