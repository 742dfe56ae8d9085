"""The standard streams: closed ones, and writing to a terminal or pipe that no longer exists."""

from __future__ import annotations

import argparse
import os
import sys
from io import TextIOWrapper
from typing import TextIO


def named(text: str) -> str:
    """Return the value of an option that must not be empty, as it is when a variable in a script is not set.

    Raises:
        argparse.ArgumentTypeError: it is empty.
    """
    if not text.strip():
        raise argparse.ArgumentTypeError("the value is empty")
    return text


def open_streams(encoding: str | None = None) -> None:
    """Open the standard streams that are closed, and let standard output escape characters that it cannot encode.

    Writing to a standard output that was closed then fails as on a full disk.
    """
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdin, TextIOWrapper) and encoding:
        sys.stdin.reconfigure(encoding=encoding)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def write_message(text: str, stream: TextIO | None = None) -> bool:
    """Write a message to standard error or another stream, and return whether the stream took it.

    A stream whose terminal or pipe was closed takes nothing more; the message and all later ones are discarded.
    """
    stream = stream or sys.stderr
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        discard(stream)
        return False
    return True


def discard(stream: TextIO) -> None:
    """Redirect a stream to nowhere. Python flushes it at exit, and would otherwise fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
