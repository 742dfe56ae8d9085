"""Terminals in which the tests run commands, as a terminal window does."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from processes import TIMEOUT_SECONDS

# The command becomes the session leader of its terminal, so that the kernel sends it SIGHUP when the terminal closes.
LEADER = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A terminal, and the one command that runs in it."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> None:
        self._master, slave = pty.openpty()
        self.printed = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", LEADER, *command],
            env=dict(environment),
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def read_until(self, text: str) -> None:
        """Read the output of the command until it contains `text`."""
        while text not in self.printed:
            self.printed += self._read().decode()

    def read_all(self) -> str:
        """Read the output of the command until it ends."""
        written = b""
        with suppress(OSError):  # Linux reports the end of the output as an error
            while chunk := self._read():
                written += chunk
        self.printed += written.decode()
        return self.printed

    def _read(self) -> bytes:
        """Read the next output. A command without output for minutes hangs."""
        assert select.select([self._master], [], [], TIMEOUT_SECONDS)[0], self.printed
        return os.read(self._master, 65536)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close(self) -> None:
        """Close the terminal, as closing its window does."""
        with suppress(OSError):
            os.close(self._master)


@contextmanager
def terminal(command: list[str], environment: Mapping[str, str], folder: Path | None = None) -> Iterator[Terminal]:
    """Run a command in a terminal for the length of the block."""
    opened = Terminal(command, environment, folder)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.wait()
        opened.close()
