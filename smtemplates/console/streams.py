"""What the command lines have in common: options that must name something, and streams that may be missing."""

from __future__ import annotations

import argparse
import os
import sys
from io import TextIOWrapper


def named(text: str) -> str:
    """Refuse what is left of an option when a script's variable is not set: nobody means the default by it."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it names nothing")
    return text


def open_streams(encoding: str | None = None) -> None:
    """Open the standard streams that whoever started this has closed, and let no character be unprintable.

    Where standard output is closed, printing to it fails as it does on a full disk.
    """
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY))
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    if isinstance(sys.stdin, TextIOWrapper) and encoding:
        sys.stdin.reconfigure(encoding=encoding)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
