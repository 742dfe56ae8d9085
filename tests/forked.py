"""Run commands of the checkout in processes that are forked from one that has loaded the AWS SDK and the package.

A new process of Python needs two thirds of a second of processor time to load them. A forked process has its own
variables, working directory, streams, signals and exit code, so that a test sees the same as with a new process.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
SERVER = Path(__file__).with_name("forked_server.py")
# Python and the C library read variables with these beginnings at the start of a process. A forked process can only
# apply those of APPLIED.
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "TZ")
APPLIED = {("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONPATH", str(ROOT))}
_sending = Lock()


def can_run(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command runs the package from the checkout, with the Python and the start of the tests."""
    python, *words = map(str, command)
    runs_package = words[:2] == ["-m", "smtemplates"] or Path(words[0]).parent == ROOT / "scripts"
    read = {pair for pair in environment.items() if pair[0].startswith(READ_AT_START)}
    return python == sys.executable and runs_package and read <= APPLIED


def run(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None, timeout: float, *, new_session: bool
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without standard input, and return its result.

    Raises:
        subprocess.TimeoutExpired: The command did not end within `timeout` seconds.
    """
    with ExitStack() as stack:
        nothing = stack.enter_context(Path(os.devnull).open("rb"))
        output, messages = (stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(2))
        request = {
            "words": list(map(str, command[1:])),
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
            "new_session": new_session,
        }
        code = _code(request, [file.fileno() for file in (nothing, output, messages)], timeout)
        for file in (output, messages):
            file.seek(0)
        return subprocess.CompletedProcess(command, code, output.read(), messages.read())


def _code(request: Mapping[str, object], streams: list[int], timeout: float) -> int:
    """Run the command of a request with its standard streams, and return its exit code."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as answers:
        try:
            with _sending:
                _send(f"{json.dumps(request)}\n".encode(), [*streams, writing])
        finally:
            os.close(writing)
        process = int(answers.readline())
        if not select.select([answers], [], [], timeout)[0]:
            os.kill(process, signal.SIGKILL)
            answers.readline()
            raise subprocess.TimeoutExpired(str(request["words"]), timeout)
        return int(answers.readline())


def _send(request: bytes, descriptors: list[int]) -> None:
    connection = _server()
    sent = socket.send_fds(connection, [request], descriptors)
    connection.sendall(request[sent:])


@cache
def _server() -> socket.socket:
    """Start the server of this process, and return the socket for requests. The server ends with this process."""
    own, other = socket.socketpair()
    with other:
        process = subprocess.Popen(
            [sys.executable, str(SERVER), str(other.fileno())],
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[other.fileno()],
        )

    def stop() -> None:
        own.close()
        process.wait()

    atexit.register(stop)
    return own
