"""Locks between the processes of a user. The operating system releases a lock when its last process ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from smtemplates.console.files import reason_of
from smtemplates.console.streams import write_message
from smtemplates.errors import UsageError


@contextlib.contextmanager
def held(path: Path, *, shared: bool = False, waiting: str | None = None) -> Iterator[int]:
    """Lock a file for the duration of the block, and yield the descriptor of its file.

    A child process that inherits the descriptor continues to hold the lock. `waiting` is printed before the function
    waits for a different process.

    Raises:
        BlockingIOError: A different process holds the lock, and `waiting` is None.
        UsageError: The file cannot be created or locked.
    """
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        file = _open(path)
        try:
            _lock(path, file, kind, waiting)
            if _exists(path, file):
                yield file
                return
        finally:
            os.close(file)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise UsageError(f"Cannot write {error.filename or path}: {reason_of(error)}.") from error


def _lock(path: Path, file: int, kind: int, waiting: str | None) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        if waiting is None:
            raise
        write_message(f"{waiting}\n")
        fcntl.flock(file, kind)
    except OSError as error:  # for example on a network drive without locks
        raise UsageError(f"Cannot lock {path}: {reason_of(error)}.") from error


def _exists(path: Path, file: int) -> bool:
    """Return whether the open file is still the file of that name: the process that held the lock may delete it."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
