"""Start a command of the checkout in a forked process, which needs no second of processor time to load the package."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from forked import server


class Forked:
    """A command in a forked process, with the members of `subprocess.Popen` that the tests use."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path | None) -> None:
        """Start a command without standard input, and with pipes for its output and its messages."""
        self.args = command
        self.returncode: int | None = None
        request = {
            "words": list(map(str, command[1:])),
            "environment": dict(environment),
            "folder": str(folder or Path.cwd()),
            "new_session": False,
        }
        (output, writing_output), (messages, writing_messages) = os.pipe(), os.pipe()
        with Path(os.devnull).open("rb") as nothing:
            self._answers = server().start(request, [nothing.fileno(), writing_output, writing_messages])
        for descriptor in (writing_output, writing_messages):
            os.close(descriptor)
        self.stdout, self.stderr = (os.fdopen(read, "r", encoding="utf-8") for read in (output, messages))
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """Return the exit code, or None if the process is running."""
        if self.returncode is None and select.select([self._answers], [], [], 0)[0]:
            self.returncode = int(self._answers.readline())
            self._answers.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: It is still running.
        """
        if self.returncode is None:
            select.select([self._answers], [], [], timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait until the process has ended, and return its output and its messages.

        Raises:
            subprocess.TimeoutExpired: It is still running, and is ended.
        """
        with ThreadPoolExecutor(2) as threads:
            output, messages = (threads.submit(stream.read) for stream in (self.stdout, self.stderr))
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        self.stdout.close()
        self.stderr.close()
        return output.result(), messages.result()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)
