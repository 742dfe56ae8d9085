"""Record on this computer which runs are in progress, so that a later run deletes only the change sets of ended runs.

A run locks a file. The operating system releases the lock when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
import uuid
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from smtemplates.core.user_cache import own_directory

DESCRIPTION = "Created by a run of smtemplates: {}"
IN_DESCRIPTION = re.compile(DESCRIPTION.format("([0-9a-f]{32})"))
OLDEST_SECONDS = 30 * 86_400  # files of earlier runs are deleted after 30 days

# Windows has no fcntl. Runs of other users and on other computers are not known. Their change sets are not deleted.
_LOCKS: Any = import_module("fcntl") if find_spec("fcntl") else None


class Run:
    """One run, from the creation of a change set to its execution or deletion."""

    def __init__(self) -> None:
        """Choose a random ID. It does not depend on the request or on the computer."""
        self.id = uuid.uuid4().hex
        self._file: int | None = None

    @property
    def description(self) -> str:
        """The description of a change set of this run."""
        return DESCRIPTION.format(self.id)

    def begin(self) -> None:
        """Lock the file of this run, or do nothing if no file can be written."""
        if self._file is not None or _LOCKS is None or (folder := _folder()) is None:
            return
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _delete_old_files(folder, self.id[0])
            self._file = os.open(folder / self.id, os.O_CREAT | os.O_RDWR, 0o600)
            _LOCKS.flock(self._file, _LOCKS.LOCK_EX | _LOCKS.LOCK_NB)

    def end(self, *, clean: bool) -> None:
        """Release the lock. Delete the file if the run left nothing behind."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            if clean and (folder := _folder()):
                (folder / self.id).unlink()
            os.close(self._file)
        self._file = None


def run_of(description: str) -> str | None:
    """Return the ID of the run in the description of a change set, or None if the change set is not of a run."""
    found = IN_DESCRIPTION.fullmatch(description)
    return found.group(1) if found else None


def ended(run: str | None) -> bool:
    """Return whether a run on this computer has certainly ended and has left its file behind."""
    if run is None or _LOCKS is None or (folder := _folder()) is None:
        return False
    try:
        file = os.open(folder / run, os.O_RDWR)
    except OSError:
        return False
    try:
        _LOCKS.flock(file, _LOCKS.LOCK_EX | _LOCKS.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(file)


def forget(run: str | None) -> None:
    """Delete the file of an ended run after everything that it left was deleted."""
    if run is not None and (folder := _folder()):
        with contextlib.suppress(OSError):
            (folder / run).unlink()


def _delete_old_files(folder: Path, digit: str) -> None:
    """Delete the old ones of the files that begin with a digit, so that each run examines only a part of all files."""
    for path in folder.glob(f"{digit}*"):
        with contextlib.suppress(OSError):  # another run may delete its file at the same time
            if path.stat().st_mtime < time.time() - OLDEST_SECONDS:
                path.unlink()


def _folder() -> Path | None:
    base = own_directory()
    return base / "runs" if base else None
