"""Code that deploy.py and publish.py share: their parsers, and the files of a checkout that they use."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# relative to the folder of the checkout
WORKSPACE_TEMPLATE = Path("templates", "workspace.yaml")
VENV_PYTHON = Path(".venv", "bin", "python")


@dataclass(frozen=True)
class Command:
    """One command of a program: its help, its examples, and the function that adds its options."""

    name: str
    help: str
    examples: str
    add: Callable[[argparse.ArgumentParser], None]


def program(name: str, description: str | None, commands: Iterable[Command]) -> argparse.ArgumentParser:
    """Build the parser of a program from its commands."""
    commands = tuple(commands)
    shape: Any = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    epilog = "examples:\n" + "".join(command.examples for command in commands)
    parser = argparse.ArgumentParser(prog=name, description=description, epilog=epilog, **shape)
    adding = parser.add_subparsers(dest="command", required=True)
    for command in commands:
        own = f"examples:\n{command.examples}"
        command.add(adding.add_parser(command.name, help=command.help, description=command.help, epilog=own, **shape))
    return parser


def add_template(command: argparse._ActionsContainer, checkout: Path) -> None:
    """Add --template."""
    command.add_argument(
        "--template",
        type=Path,
        default=checkout / WORKSPACE_TEMPLATE,
        metavar="FILE",
        help=f"default: {WORKSPACE_TEMPLATE.as_posix()}",
    )
