"""The option --template: one of the templates of this package, or a file."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtemplates.console.streams import named
from smtemplates.errors import UsageError
from smtemplates.templates.registry import TEMPLATES, definition

if TYPE_CHECKING:
    from smtemplates.deploy.requests.template import Template

SUFFIXES = (".yaml", ".yml", ".json")


def add_template(command: argparse._ActionsContainer) -> None:
    """Add --template."""
    command.add_argument(
        "--template",
        type=named,
        default="workspace",
        metavar="NAME|FILE",
        help=f"{', '.join(TEMPLATES)}, or a file whose name contains / or ends in {', '.join(SUFFIXES)} "
        "(default: %(default)s)",
    )


def is_file(text: str) -> bool:
    """Return whether the value of --template is the name of a file."""
    return "/" in text or text.endswith(SUFFIXES)


def template_of(arguments: argparse.Namespace) -> Template:
    """Return the template that --template selects. A template of this package is rendered in memory.

    Raises:
        UsageError: There is no such template, or the file cannot be read or is not a template.
    """
    from smtemplates.deploy.requests import template

    text = arguments.template
    if is_file(text):
        return template.read(Path(text))
    if text not in TEMPLATES:
        raise UsageError(
            f"There is no template '{text}'. Choose from {', '.join(TEMPLATES)}, or specify a file as ./{text}."
        )
    # imported here because a deployment from a file needs no troposphere
    renderer: Any = import_module("smtemplates.synth.renderer")
    return template.parsed(renderer.render(definition(text).template()), f"template {text}")
