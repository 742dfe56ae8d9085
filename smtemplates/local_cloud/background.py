"""The user's local cloud in the background: start it, stop it, delete its data or everything."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from smtemplates import __version__
from smtemplates.console.files import write
from smtemplates.console.signals import uninterrupted
from smtemplates.errors import Error, UsageError
from smtemplates.local_cloud.environment import home, local_cloud
from smtemplates.local_cloud.lifecycle import end, ended, free_port, kill_group, launch, responds
from smtemplates.local_cloud.locks import held

STATE = "running.json"
DATA = "data-"


@dataclass(frozen=True)
class Running:
    """A local cloud in the background.

    Attributes:
        endpoint: its URL.
        pid: the ID of its process group.
        folder: the folder of its data.
        version: the version of smtemplates that started it.
    """

    endpoint: str
    pid: int
    folder: str
    version: str

    @property
    def port(self) -> int:
        """The port of the server."""
        return int(self.endpoint.rpartition(":")[2])


def start(port: int | None) -> Running:
    """Start a local cloud in the background, unless one is running, and return it.

    Raises:
        UsageError: The port is in use, or the local cloud is running on a different port.
    """
    with _exclusive():
        found = _read()
        if found and responds(found.endpoint):
            if port not in (None, found.port):
                raise UsageError(f"The local cloud is running at {found.endpoint}. To use port {port}, stop it first.")
            return found
        _stop(found)
        if port and not _is_free(port):
            raise UsageError(f"Port {port} is in use by another program. Choose another one, or omit --port.")
        return _start(port or free_port())


def stop() -> bool:
    """Stop the local cloud, delete its data, and return whether it was running."""
    if not home().exists():
        return False
    with _exclusive():
        return _stop(_read())


def reset() -> Running | None:
    """Delete all data of the local cloud, and return it; None if it is not running. It continues at the same endpoint.

    The server is replaced. MiniStack's own call for this keeps operations in progress, which then write data again.
    """
    if not home().exists():
        return None
    with _exclusive():
        found = _read()
        if not found or not responds(found.endpoint):
            return None
        with local_cloud().installed():
            _stop(found)
            return _start(found.port)


def remove() -> bool:
    """Stop the local cloud, delete all its files, and return whether there were any.

    Raises:
        Error: A different process uses an environment, for example a test.
    """
    folder = home()
    if not folder.exists():
        return False
    with _exclusive() as guard:
        _stop(_read())
        used = [path for path in folder.iterdir() if not path.suffix and path.is_dir() and not _delete(path)]
        if used:
            raise Error(
                f"{' and '.join(map(str, used))} was not deleted because another process uses it, for example a demo. "
                "Repeat this command after that process has ended."
            )
        guard.unlink()
        with suppress(OSError):  # it contains other files
            folder.rmdir()
    return True


@contextmanager
def _exclusive() -> Iterator[Path]:
    """Prevent other processes from starting or stopping the local cloud, and yield the path of the lock."""
    guard = home() / "running.lock"
    with held(guard, waiting="waiting for another command that starts or stops the local cloud ..."):
        yield guard


def _read() -> Running | None:
    """Return the local cloud that was started last; None if it was stopped."""
    with suppress(OSError, ValueError, TypeError):
        return Running(**json.loads((home() / STATE).read_text(encoding="utf-8")))
    return None


def _start(port: int) -> Running:
    with local_cloud().installed(), uninterrupted():
        folder = tempfile.mkdtemp(prefix=DATA, dir=home())
        process = None
        try:
            process = launch(port, folder)
            started = Running(f"http://127.0.0.1:{port}", process.pid, folder, __version__)
            write(home() / STATE, json.dumps(asdict(started)))
        except BaseException:
            if process:
                kill_group(process.pid, signal.SIGKILL)
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return started


def _stop(found: Running | None) -> bool:
    if not found:
        return False
    # do not send a signal to a process that has ended: its ID may belong to a different process now
    was_running = not ended(found.folder)
    if was_running:
        end(found.pid, found.folder)
    shutil.rmtree(found.folder, ignore_errors=True)
    (home() / STATE).unlink()
    return was_running


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise UsageError(f"Port {port} requires the permissions of root. Choose a port above 1023.") from error
        except OSError:
            return False
    return True


def _delete(folder: Path) -> bool:
    """Delete an environment or old data, and return whether no other process uses it."""
    guard = folder.with_name(f"{folder.name}.lock")
    try:
        with held(guard):
            shutil.rmtree(folder)
            guard.unlink()
    except BlockingIOError:
        return False
    return True
