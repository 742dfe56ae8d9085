"""The function of the command `config check`, and the option --config of commands that read the configuration file."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help needs only the standard library
from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.console.streams import named
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.config.project import Project


def add_config(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--config",
        type=named,
        metavar="FILE",
        help="configuration file (default: smtemplates.toml in this folder, or in the nearest folder above it)",
    )


def project_of(arguments: argparse.Namespace) -> Project | None:
    """Return the project of --config, otherwise that of the working directory, or None if there is no file.

    Raises:
        UsageError: The file cannot be read, or has problems.
    """
    path = _path(arguments)
    if not path:
        return None
    from smtemplates.config.reader import read_project

    return read_project(path)


def _path(arguments: argparse.Namespace) -> Path | None:
    """Return the file of --config, otherwise that of the working directory, or None if there is none."""
    from smtemplates.config.location import find_project

    return Path(arguments.config) if arguments.config else find_project(Path())


def check_config(arguments: argparse.Namespace) -> int:
    """Check the configuration file, and print the numbers of its templates and stacks.

    Raises:
        UsageError: There is no configuration file, or it has problems. The message has a line for each.
    """
    from smtemplates.config.check import check
    from smtemplates.config.problems import shown_file
    from smtemplates.console.columns import counted

    path = _path(arguments)
    if path is None:
        raise UsageError("There is no smtemplates.toml in this folder or in a folder above it. Specify --config FILE.")
    project = check(path)
    numbers = f"{counted(len(project.templates), 'template')}, {counted(len(project.stacks), 'stack')}"
    print(f"{shown_file(project.path)}: {numbers}, no problems", file=sys.stderr)
    return 0
