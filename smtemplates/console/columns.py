"""Fit what people read into a terminal of 80 columns. Nothing here calls AWS or prints."""

from __future__ import annotations

import os
import textwrap
from typing import TextIO

WIDTH = 80


def folded(line: str, indent: int) -> list[str]:
    """Break a line at spaces so that it fits, the rest indented; a word (an ARN, a URL) stays whole to be copied."""
    hanging = " " * indent
    return textwrap.wrap(line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False) or [""]


def beside(label: str, value: str, indent: int) -> list[str]:
    """Show a value after its label, or below it where it does not fit; it is to be copied, so it is never broken."""
    lines = value.split("\n")
    if all(len(label) + len(line) <= WIDTH for line in lines):
        return [f"{label}{lines[0]}", *(f"{'':{len(label)}}{line}" for line in lines[1:])]
    return [label.rstrip(), *(f"{'':{indent}}{line}" for line in lines)]


def coloured(stream: TextIO) -> bool:
    """Tell whether colour is wanted: by people at a terminal who have not said no.

    Source: https://no-color.org
    """
    return stream.isatty() and not os.environ.get("NO_COLOR")
