"""Defer the signals that end a program while a step must not be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Ctrl-C, the request to end of a CI system, and a closed terminal. Windows has no SIGHUP.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Deferral:
    """The signals that arrive during an `uninterrupted` block."""

    def __init__(self) -> None:
        """Record every signal."""
        self.pending: list[int] = []
        self._allowed = False

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
    that exception is raised and the recorded signals are dropped. Python receives signals in the main thread only, so
    the block has no effect in other threads.
    """
    deferral = Deferral()
    if threading.current_thread() is not threading.main_thread():
        yield deferral
        return
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
        signal.raise_signal(deferral.pending[0])
