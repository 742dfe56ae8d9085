"""Run commands of the checkout in processes that are forked from one that has loaded the AWS SDK and the package.

A new process of Python needs two thirds of a second of processor time to load them. A forked process has its own
variables, working directory, streams, signals and exit code, so that a test sees the same as with a new process.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from io import FileIO
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
SERVER, PROGRAM = (Path(__file__).with_name(f"forked_{name}.py") for name in ("server", "program"))
EXECUTABLE = os.path.realpath(sys.executable)
# Python and the C library read variables with these beginnings at the start of a process. A forked process can only
# apply those of APPLIED.
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "TZ")
COERCED = ("LC_CTYPE", "C.UTF-8")  # Python sets it at its start if no locale is set
APPLIED = {("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONPATH", str(ROOT))}


def can_run(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a command runs the package from the checkout, with the Python and the start of the tests."""
    python, *words = map(str, command)
    runs_package = words[:2] == ["-m", "smtemplates"] or Path(words[0]).parent == ROOT / "scripts"
    read = {pair for pair in environment.items() if pair[0].startswith(READ_AT_START)}
    return python == sys.executable and runs_package and read <= APPLIED


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None,
    timeout: float,
    *,
    text: str = "",
    new_session: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with a text as its standard input, and return its result.

    Raises:
        subprocess.TimeoutExpired: The command did not end within `timeout` seconds.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(TemporaryFile("w+", encoding="utf-8")) for _ in range(3)]
        standard_input, output, messages = files
        standard_input.write(text)
        standard_input.seek(0)
        request = {
            "words": list(map(str, command[1:])),
            "environment": dict(environment),
            "folder": str(Path(folder or "").absolute()),
            "new_session": new_session,
        }
        code = server().run(request, [file.fileno() for file in files], timeout)
        for file in (output, messages):
            file.seek(0)
        return subprocess.CompletedProcess(command, code, output.read(), messages.read())


@cache
def server() -> Server:
    """Return the process that forks commands of the package next to the tests, which can be a copy of the checkout."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return Server(sys.executable, {**kept, "PYTHONPATH": str(ROOT)})


class Server:
    """A process that forks commands. It ends with this process, or if it is stopped."""

    def __init__(
        self, python: str | Path, environment: Mapping[str, str], executable: str = EXECUTABLE, server: Path = SERVER
    ) -> None:
        """Start a process with a Python, which loads the package that this Python finds with these variables."""
        self._python, self._executable = str(python), executable
        self._started = {pair for pair in environment.items() if pair[0].startswith(READ_AT_START)}
        self._folder = Path(mkdtemp())  # the path of a socket is short
        self._sending = Lock()
        self._tests, other = socket.socketpair()
        with other, socket.socket(socket.AF_UNIX) as programs:
            programs.bind(str(self._folder / "socket"))
            programs.listen()
            descriptors = [other.fileno(), programs.fileno()]
            self._process = subprocess.Popen(
                [self._python, str(server), *map(str, descriptors)],
                executable=executable,  # `python` can be a program of a server
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=descriptors,
            )
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the process."""
        self._tests.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, request: Mapping[str, object], streams: list[int]) -> FileIO:
        """Start the command of a request with its standard streams.

        The returned file receives a line with the ID of the process, and a line with its exit code after its end.
        """
        reading, writing = os.pipe()
        answers = os.fdopen(reading, "rb", buffering=0)
        data = f"{json.dumps(request)}\n".encode()
        try:
            with self._sending:
                sent = socket.send_fds(self._tests, [data], [*streams, writing])
                self._tests.sendall(data[sent:])
        finally:
            os.close(writing)
        return answers

    def run(self, request: Mapping[str, object], streams: list[int], timeout: float) -> int:
        """Run the command of a request with its standard streams, and return its exit code."""
        with self.start(request, streams) as answers:
            process = int(answers.readline())
            if not select.select([answers], [], [], timeout)[0]:
                os.kill(process, signal.SIGKILL)
                answers.readline()
                raise subprocess.TimeoutExpired(str(request["words"]), timeout)
            return int(answers.readline())

    def write_program(
        self, path: Path, words: Sequence[str | Path], forked: Sequence[Sequence[str | Path]] = ((),)
    ) -> None:
        """Write a program that runs these words with the Python of the server, and more words that it receives.

        A command is forked if it begins with one of the words in `forked`, and if its variables allow that. All others
        start a new process.
        """
        settings = {
            "socket": str(self._folder / "socket"),
            "executable": self._executable,
            "python": self._python,
            "words": list(map(str, words)),
            "forked": [list(map(str, beginning)) for beginning in forked],
            "read": READ_AT_START,
            "started": sorted(self._started | {("PYTHONDONTWRITEBYTECODE", "1"), COERCED}),
        }
        text = PROGRAM.read_text(encoding="utf-8").replace("SETTINGS: Any = {}", f"SETTINGS = {settings!r}", 1)
        path.unlink(missing_ok=True)
        path.write_text(f"#!{EXECUTABLE} -IS\n{text}", encoding="utf-8")
        path.chmod(0o755)
