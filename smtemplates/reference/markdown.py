"""Functions that write Markdown and escape any text, so that it cannot break its table or code block."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# The first line of each page that scripts/regenerate writes.
GENERATED = "<!-- scripts/regenerate writes this page. Change the code, not this file. -->\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: str) -> str:
    """Return a code span that shows a value unchanged."""
    if not text:
        return "(empty)"
    fence = "`" * (_longest_fence(text) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a sentence in which all markup is escaped."""
    return re.sub(r"([\\`*_<\[\]])", r"\\\1", text)


def block(text: str, language: str = "") -> str:
    """Return a code block that shows lines unchanged."""
    fence = "`" * max(3, _longest_fence(text) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def anchor_of(title: str) -> str:
    """Return the anchor of a heading, as GitHub and the site of the documentation derive it."""
    return "".join(letter for letter in title.lower().replace(" ", "-") if letter.isalnum() or letter in "-_")


def _longest_fence(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _cell(text: str) -> str:
    """Return a text in one line, with escaped pipes. A pipe would end the cell, even in a code span."""
    return " ".join(text.replace("|", "\\|").split())
