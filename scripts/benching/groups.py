"""Measure the CPU time of a command with all processes that it leaves behind, in a control group of Linux.

The operating system adds the time of a process to that of its parent when the parent waits for it. Servers in the
background, and children of a process that ignores their end, would be missing.

Source: https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benching import NotMeasuredError

MOUNTS = Path("/proc/self/mountinfo")
OWN = Path("/proc/self/cgroup")
PAUSE = 0.05  # seconds


@dataclass(frozen=True)
class Group:
    """A control group. All children of its processes belong to it."""

    folder: Path

    def words(self, command: Sequence[str]) -> list[str]:
        """Return a command that joins the group and then becomes the given command."""
        return ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self.folder / "cgroup.procs"), *command]

    def seconds(self) -> float:
        """Return the user and system time of all processes so far."""
        usage = dict(line.split() for line in self._read("cpu.stat").splitlines())
        return int(usage["usage_usec"]) / 1e6

    def end(self) -> None:
        """End all processes that are left, and wait until they have ended."""
        while "populated 1" in self._read("cgroup.events"):
            for process in self._read("cgroup.procs").split():
                with suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            time.sleep(PAUSE)

    def _read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="ascii")


@contextmanager
def group() -> Iterator[Group]:
    """Create a group within that of this process, and remove it.

    Raises:
        NotMeasuredError: The operating system has no control groups of version 2, or this user cannot create one.
    """
    folder = _own() / f"smtemplates-bench-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        raise NotMeasuredError(f"This user cannot create a control group: {error.strerror}.") from error
    created = Group(folder)
    try:
        yield created
    finally:
        created.end()
        folder.rmdir()


def _own() -> Path:
    """Return the folder of the control group of this process."""
    try:
        mounts = [line.split() for line in MOUNTS.read_text(encoding="utf-8").splitlines()]
        places = [Path(mount[4]) for mount in mounts if mount[mount.index("-") + 1] == "cgroup2"]
        groups = [line.removeprefix("0::/") for line in OWN.read_text("utf-8").splitlines() if line.startswith("0::/")]
        return places[0] / groups[0]
    except (OSError, IndexError):
        raise NotMeasuredError("This machine has no control groups of version 2 (Linux).") from None
