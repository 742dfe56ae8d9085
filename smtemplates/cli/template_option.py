"""The option --template: a template of this package or of the configuration file, or a file."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.cli.config import add_config, project_of
from smtemplates.console.deprecation import report_renamed
from smtemplates.console.streams import named
from smtemplates.templates.registry import SUFFIXES, TEMPLATES, is_file

if TYPE_CHECKING:
    from smtemplates.deploy.requests.template import Template

DEFAULT = "workspace"


def add_template(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--template",
        type=named,
        metavar="NAME|FILE",
        help=f"{', '.join(TEMPLATES)}, a template of the configuration file, or a file whose name contains / or ends "
        f"in {', '.join(SUFFIXES)} (default: {DEFAULT})",
    )
    add_config(command)


def template_of(arguments: argparse.Namespace) -> Template:
    """Return the template that --template selects. A template that is not in a file is rendered in memory.

    Raises:
        UsageError: There is no such template, it cannot be built, or the file cannot be read or is not a template.
    """
    from smtemplates.deploy.requests import template

    name = arguments.template or DEFAULT
    if is_file(name):  # the configuration file does not matter
        return template.read(Path(name))
    from smtemplates.config.templates import as_template, names, resolve

    project = None if getattr(arguments, "no_config", False) else project_of(arguments)
    if name not in names(project) and Path(name).is_file():  # version 0.1.0 accepted files of any name
        report_renamed(f"--template {name}", f"--template ./{name}")
        return template.read(Path(name))
    return as_template(resolve(name, project))
