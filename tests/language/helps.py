"""Read the help texts of every command and subcommand, as users see them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from language.text import Text

SUBCOMMANDS = re.compile(r"^\s+\{([a-z][\w,-]*)\}", re.MULTILINE)
OPTION = re.compile(r"^\s*(?:-\S.*?|\S+)(?:\s{2,}|$)")
PARSER = re.compile(r"\bargparse\b|\bsmtemplates\.cli\b")


def command_lines(root: Path) -> Iterator[list[str]]:
    """Yield the command lines of a checkout: the package, and each Python script with a parser."""
    if (root / "smtemplates" / "__main__.py").is_file():
        yield ["-m", "smtemplates"]
    for path in sorted((root / "scripts").glob("*.py")):
        if PARSER.search(path.read_text(encoding="utf-8")):
            yield [f"scripts/{path.name}"]


def help_texts(root: Path) -> Iterator[Text]:
    """Yield the lines of every help text; options and wrapped lines are one line each."""
    for command in command_lines(root):
        yield from _texts(root, command, None)


def _texts(root: Path, command: list[str], parent: str | None) -> Iterator[Text]:
    """Yield the texts of a command and of its subcommands."""
    text = read_help(root, command)
    if text == parent:  # the braces were choices of an argument
        return
    place = f"--help of {' '.join(command)}"
    _, _, body = text.partition("\n\n")
    for paragraph in re.split(r"\n(?:\s*\n)+", body):
        lines = paragraph.splitlines()
        indented = [line for line in lines if line.startswith("  ")]
        if indented:
            yield from (Text(place, "message", OPTION.sub("", line)) for line in lines)
        else:
            yield Text(place, "message", paragraph)
    found = SUBCOMMANDS.search(body)
    for name in found[1].split(",") if found else ():
        yield from _texts(root, [*command, name], text)


def read_help(root: Path, command: list[str]) -> str:
    """Return the help text of a command, each option in one line.

    Raises:
        CalledProcessError: the command has no help text.
    """
    wide = {**os.environ, "COLUMNS": "2000"}
    run = subprocess.run(
        [sys.executable, *command, "--help"], cwd=root, env=wide, capture_output=True, text=True, check=True
    )
    return run.stdout
