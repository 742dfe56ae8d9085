"""Run functions in child processes, which share the modules that this process has loaded."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import connection, context, parent_process
from typing import Any, Generic, TypeVar, cast

from smtemplates.console.signals import SIGNALS, uninterrupted
from smtemplates.errors import Error

MOST = 4  # processes at a time, because each has its own memory

Result = TypeVar("Result")


def most_processes() -> int:
    """Return how many processes can run at the same time, or 1 if a copy of this process is not safe.

    A process with several threads can have locked something that its copy never unlocks. The system libraries of macOS
    can start threads.

    Source: https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
    """
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


@dataclass(frozen=True)
class _Job(Generic[Result]):
    """Functions that run one after the other in one process, by the key of their result."""

    title: str
    functions: Mapping[Hashable, Callable[[], Result]]


@dataclass(frozen=True)
class _Outcome(Generic[Result]):
    """The result of a function, or the error that it raised, with a traceback if the error is not one for users."""

    value: Result | None = None
    error: Exception | None = None
    traceback: str = ""


class Processes(Generic[Result]):
    """A limited number of child processes. They end when the `with` block or this process ends."""

    def __init__(self, most: int) -> None:
        """Run at most so many processes at a time."""
        self._most = most
        self._waiting: list[_Job[Result]] = []
        self._running: dict[Any, tuple[context.ForkProcess, _Job[Result]]] = {}
        self._outcomes: dict[Hashable, _Outcome[Result]] = {}
        self._context = context.ForkContext()

    def __enter__(self) -> Processes[Result]:
        """Return this object."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes, also if this process is interrupted again."""
        with uninterrupted():
            for process, _job in self._running.values():
                process.kill()
            for reader, (process, _job) in self._running.items():
                process.join()
                reader.close()
            self._running.clear()

    def submit(self, title: str, functions: Mapping[Hashable, Callable[[], Result]]) -> None:
        """Run functions in one process as soon as fewer than the most processes run.

        The title is for the message if the process fails.
        """
        self._waiting.append(_Job(title, functions))
        self._start()

    def result(self, key: Hashable) -> Result:
        """Wait for a result, and return it.

        Raises:
            Exception: The error that the function raised.
            Error: The process was killed.
        """
        while key not in self._outcomes:
            self._receive()
        outcome = self._outcomes[key]
        if outcome.error:
            raise outcome.error from (_ChildError(outcome.traceback) if outcome.traceback else None)
        return cast("Result", outcome.value)

    def _start(self) -> None:
        """Start processes. A signal takes effect after a process was added to those that `__exit__` ends."""
        while self._waiting and len(self._running) < self._most:
            job = self._waiting.pop(0)
            reader, writer = self._context.Pipe(duplex=False)
            process = self._context.Process(target=_work, args=(list(job.functions.values()), writer), daemon=True)
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                process.start()
                self._running[reader] = process, job
            finally:
                writer.close()
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def _receive(self) -> None:
        """Wait until a process ends, store its outcomes, and start the next process."""
        readers: list[Any] = list(self._running)
        ready: list[Any] = connection.wait(readers)
        for reader in ready:
            process, job = self._running[reader]
            outcomes: list[_Outcome[Result]]
            try:
                outcomes = reader.recv()
            except (EOFError, OSError):  # the process was killed before or while it sent them
                outcomes = []
            process.join()
            del self._running[reader]
            reader.close()
            if not outcomes:
                outcomes = [_Outcome(error=_killed(job.title, process.exitcode))] * len(job.functions)
            self._outcomes.update(zip(job.functions, outcomes, strict=True))
        self._start()


def _killed(title: str, code: int | None) -> Error:
    reason = signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
    return Error(
        f"The process that checked {title} ended with {reason}. The memory of this machine may be too small. "
        "Close other programs, and repeat the command."
    )


class _ChildError(Exception):
    """The traceback of an error in a child process, which is printed above the error."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def _work(functions: Sequence[Callable[[], Result]], writer: Any) -> None:
    """Run functions in a child process, and send their outcomes. The parent process receives signals, and ends it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    writer.send([_outcome(function) for function in functions])


def _outcome(function: Callable[[], Result]) -> _Outcome[Result]:
    try:
        return _Outcome(value=function())
    except Error as error:
        return _Outcome(error=error)
    except Exception as error:  # noqa: BLE001  raised again in the parent process
        return _Outcome(error=error, traceback=traceback.format_exc())


def _end_with_parent() -> None:
    """End this process if the parent process was killed."""
    parent = parent_process()
    if parent:
        connection.wait([parent.sentinel])
        os._exit(1)
