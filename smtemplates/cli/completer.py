"""The words with which a shell completes an argument."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import tomli
from argcomplete.completers import BaseCompleter, FilesCompleter

from smtemplates.aws_data.regions import REGIONS
from smtemplates.config.location import find_project
from smtemplates.templates.registry import TEMPLATES
from smtemplates.templates.workspace.features import FEATURES


class Completer(BaseCompleter):
    """Completes the arguments that have no choices. argcomplete itself completes the others."""

    def __call__(
        self, *, prefix: str, action: argparse.Action, parser: argparse.ArgumentParser, parsed_args: argparse.Namespace
    ) -> Iterable[str]:
        """Return names, files, or nothing for values that only the user knows."""
        del parser
        if action.dest in ("stack", "stacks"):
            return _tables("stack", parsed_args)
        if action.dest in ("name", "names", "template"):
            files = FilesCompleter()(prefix) if action.dest == "template" else ()
            return [*TEMPLATES, *_tables("template", parsed_args), *files]
        if action.dest in ("without", "region"):
            return _listed(FEATURES if action.dest == "without" else REGIONS, prefix)
        is_file = not action.metavar or any(word in str(action.metavar) for word in ("FILE", "DIR"))
        return FilesCompleter()(prefix) if is_file else ()


def _listed(names: Iterable[str], prefix: str) -> list[str]:
    """Return the words for the last of several names that are separated by commas."""
    before, comma, _word = prefix.rpartition(",")
    return [f"{before}{comma}{name}" for name in names if name not in before.split(",")]


def _tables(kind: str, arguments: argparse.Namespace) -> list[str]:
    """Return the names of the templates or stacks of the configuration file, also if the file has other problems."""
    chosen = getattr(arguments, "config", None)
    path = Path(chosen) if chosen else find_project(Path())
    with suppress(OSError, ValueError, AttributeError):
        return list(tomli.loads(path.read_text(encoding="utf-8")).get(kind, {})) if path else []
    return []
