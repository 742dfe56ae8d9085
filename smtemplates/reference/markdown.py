"""Write Markdown, proof against whatever stands in the cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: str) -> str:
    """Write a value as it is."""
    if not text:
        return "(empty)"
    fence = "`" * (_longest_fence(text) + 1)
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Write a sentence of which nothing is markup."""
    return re.sub(r"([\\`*_<\[\]])", r"\\\1", text)


def block(text: str, language: str = "") -> str:
    """Write lines as they are."""
    fence = "`" * max(3, _longest_fence(text) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"


def _longest_fence(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def _cell(text: str) -> str:
    """Keep a text inside its cell: a bar would end it, in code as well."""
    return " ".join(text.replace("|", "\\|").split())
