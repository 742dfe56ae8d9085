"""The project of a configuration file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from smtemplates.config.lines import Path as Keys
from smtemplates.config.problems import Places, Problem
from smtemplates.config.tables import StackTable, TemplateTable

DEFAULT_OUTPUT = "templates"


@dataclass(frozen=True, kw_only=True)
class Project:
    """The content of a configuration file, and the line of each key. `name` is the name of the project, or ''."""

    path: Path
    name: str
    output: str
    templates: Mapping[str, TemplateTable]
    stacks: Mapping[str, StackTable]
    places: Places

    @property
    def folder(self) -> Path:
        """The folder of the configuration file. Paths in the file are relative to it."""
        return self.path.parent

    def file(self, text: str) -> Path:
        """Return the path of a file that the configuration file names."""
        return self.folder / text

    def problem(self, path: Keys, sentence: str) -> Problem:
        """Return a problem of a key, such as ("stack", "churn", "parameters", "VpcId")."""
        return self.places.problem(path, sentence)

    def check(self, problems: Iterable[Problem]) -> None:
        """Report problems together, in the order of their lines.

        Raises:
            UsageError: There are problems.
        """
        self.places.check(problems)
