"""The result of one run: the templates that were checked, with their findings."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smtemplates.linting.linter import Finding

STANDARD_INPUT = "<stdin>"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # of a template
MOST_NAMED = 5  # parts in one line


@dataclass(frozen=True)
class Checked:
    """One template that was checked: its file name, its findings, and the parts of it that were not evaluated."""

    file: str
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> tuple[Finding, ...]:
        """The violations of rules."""
        return tuple(found for found in self.findings if found.evaluated)

    @property
    def not_evaluated(self) -> tuple[Finding, ...]:
        """The parts that were not evaluated."""
        return tuple(found for found in self.findings if not found.evaluated)

    def __str__(self) -> str:
        """Return the words for a template without findings, which always name the parts that were not evaluated."""
        subjects = [found.subject for found in self.not_evaluated]
        if not subjects:
            return "no findings"
        named = ", ".join(subjects[:MOST_NAMED])
        more = len(subjects) - MOST_NAMED
        return f"no findings (not evaluated: {named}{f' and {more} more' if more > 0 else ''})"


@dataclass(frozen=True, kw_only=True)
class Run:
    """All templates of one run, in order.

    `regions` are the Regions for which the templates were validated, and `notes` are sentences about the whole run.
    """

    checked: Sequence[Checked]
    regions: Sequence[str]
    notes: Sequence[str]
    version: str


def is_file(path: str) -> bool:
    """Return whether a text is the path of an existing file; False for every text that cannot be a path."""
    with suppress(OSError, ValueError):  # such as a name that is too long
        return Path(path).is_file()
    return False


def absolute(file: str) -> Path:
    """Return the absolute path of a file without `..`. Symbolic links are not followed."""
    return Path(os.path.normpath(Path(file).absolute()))


def is_name(file: str) -> bool:
    """Return whether a text is the name of a template, as after `lint NAME`, and not a file that a tool can show."""
    return NAME.fullmatch(file) is not None and not is_file(file)


def relative_path(file: str) -> str | None:
    """Return a path relative to the working directory, with slashes; None for a file outside it, or standard input."""
    if file == STANDARD_INPUT:
        return None
    path, folder = absolute(file), Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else None
