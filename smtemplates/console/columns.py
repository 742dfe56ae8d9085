"""Fit text into a terminal of 80 columns. The functions do not call AWS and do not print."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TextIO

WIDTH = 80


def folded(line: str, indent: int) -> list[str]:
    """Return a line broken at spaces, with the lines after the first indented; words such as ARNs are not broken."""
    hanging = " " * indent
    return textwrap.wrap(line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def terminal_width() -> int:
    """Return the number of columns of the terminal, as `shutil.get_terminal_size`."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or WIDTH if sys.__stdout__ else WIDTH
    except (OSError, ValueError):  # not a terminal, or closed
        return WIDTH


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "2 resources"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def beside(label: str, value: str, indent: int) -> list[str]:
    """Return a value next to its label, or below it if it is too wide; the value is not broken, so it can be copied."""
    lines = value.split("\n")
    if all(len(label) + len(line) <= WIDTH for line in lines):
        return [f"{label}{lines[0]}", *(f"{'':{len(label)}}{line}" for line in lines[1:])]
    return [label.rstrip(), *(f"{'':{indent}}{line}" for line in lines)]


def coloured(stream: TextIO) -> bool:
    """Return whether to use colours: on a terminal, unless NO_COLOR is set.

    Source: https://no-color.org
    """
    return stream.isatty() and not os.environ.get("NO_COLOR")
