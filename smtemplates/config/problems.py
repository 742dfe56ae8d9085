"""Problems of the configuration file, each with its line, table and key. All of them are reported together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as File

from smtemplates.config.lines import Path, nearest_line
from smtemplates.errors import UsageError, nearest

_BARE = re.compile(r"[A-Za-z0-9_-]+")
MOST_NAMED = 20  # names in a message


@dataclass(frozen=True, order=True)
class Problem:
    """A problem of one key: its line, the path of the key, and the sentence about it."""

    line: int
    path: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Places:
    """The configuration file, and the line of each key in it."""

    file: File
    lines: Mapping[Path, int]

    def problem(self, path: Path, sentence: str) -> Problem:
        """Return a problem of a key, or of a missing key of a table."""
        return Problem(nearest_line(self.lines, path), _shown(path), sentence)

    def text(self, problem: Problem) -> str:
        """Return a problem as one line, such as "smtemplates.toml:12: [template.company] kep: there is no key kep."."""
        return f"{shown_file(self.file)}:{problem.line}: {''.join(problem.path)}{problem.sentence}"

    def check(self, problems: Iterable[Problem]) -> None:
        """Report problems in the order of their lines.

        Raises:
            UsageError: There are problems.
        """
        if found := sorted(set(problems)):
            raise UsageError("\n".join(map(self.text, found)))


def shown_file(file: File) -> str:
    """Return the path of a file as a user would write it: relative to the working directory if it is below that."""
    try:
        return str(file.resolve().relative_to(File.cwd()))
    except (OSError, ValueError):
        return str(file)


def unknown(kind: str, name: str, names: Iterable[str]) -> str:
    """Return a sentence about a name that does not exist, with the nearest one that exists."""
    existing = list(names)
    if near := nearest(name, existing):
        return f"there is no {kind} {name}; did you mean {near}?"
    if not existing:
        return f"there is no {kind} {name}."
    listed = ", ".join(existing[:MOST_NAMED]) + (", ..." if len(existing) > MOST_NAMED else "")
    return f"there is no {kind} {name}. Choose from {listed}."


def _shown(path: Path) -> tuple[str, ...]:
    """Return the table in brackets, and the key in it, as the start of a line."""
    tables = 2 if path[:1] in {("template",), ("stack",)} else 1
    if len(path) == 1 and path[0] not in {"template", "stack", "defaults"}:
        tables = 0
    table, key = path[:tables], path[tables:]
    parts = (f"[{_dotted(table)}]" if table else "", _dotted(key))
    start = " ".join(part for part in parts if part)
    return (f"{start}: ",) if key else (f"{start} ",) if start else ()


def _dotted(path: Path) -> str:
    """Return keys with dots between them; the number of an item in an array begins with 1."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key + 1}]"
        else:
            quoted = key if _BARE.fullmatch(key) else "'" + key.replace("\n", "\\n") + "'"
            text += f".{quoted}" if text else quoted
    return text
