"""The steps of a page: files to create, changes of files, and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PART = re.compile(r"^`(?P<path>[^`\s]+)`:$|^```(?P<language>\w+)\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A code block of a page: a new file, a change of a file, commands, or the output of a command."""

    path: str
    language: str
    block: str


def steps(text: str) -> Iterator[Step]:
    """Yield the code blocks of a text. The path above a block applies to the blocks that follow it."""
    path = ""
    for part in PART.finditer(text):
        path = part["path"] or path
        if part["language"]:
            yield Step(path, part["language"], part["block"])


def changed(text: str, diff: str) -> str:
    """Return a text after a change: the lines that begin with a space or with '-' must occur in it once."""
    lines = diff.splitlines()
    before, after = ("".join(f"\n{line[1:]}" for line in lines if line[0] in kept) for kept in (" -", " +"))
    assert text.count(before) == 1, f"these lines must occur once:{before}"
    return text.replace(before, after)


def follow(step: Step, folder: Path) -> None:
    """Create or change the file of a step."""
    path = folder / step.path
    if step.language == "diff":
        path.write_text(changed(path.read_text("utf-8"), step.block), "utf-8")
    else:
        path.write_text(step.block, "utf-8")
