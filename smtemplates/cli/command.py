"""A command of the command line, and the parser of several commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from smtemplates import program


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its help, its examples, and either its options and its function, or the commands below it.

    `run` is the "module:function" that runs the command and returns its exit code. It is imported when the command
    runs, so that --help needs only the standard library. A command with `calls_aws` needs the AWS SDK.
    """

    name: str
    help: str
    examples: str = ""
    add: Callable[[argparse.ArgumentParser], None] | None = None
    run: str = ""
    commands: tuple[Command, ...] = ()
    calls_aws: bool = False
    description: str = ""

    @property
    def all_examples(self) -> str:
        """The examples of the command and of the commands below it."""
        return self.examples + "".join(command.all_examples for command in self.commands)


def parser_of(whole: Command, *, epilog: str = "", prog: str = "") -> argparse.ArgumentParser:
    """Build the parser of a program, whose examples name the program that was run."""
    parser = argparse.ArgumentParser(prog=prog or program.name(), **_shape(whole, epilog))
    _fill(parser, whole)
    return parser


def _fill(parser: argparse.ArgumentParser, command: Command) -> None:
    """Add the options of a command, or the commands below it."""
    if command.add:
        command.add(parser)
    if command.run:
        parser.set_defaults(run=command.run, calls_aws=command.calls_aws)
    if command.commands:
        adding = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
        for below in command.commands:
            _fill(adding.add_parser(below.name, help=below.help, **_shape(below)), below)


def _shape(command: Command, epilog: str = "") -> dict[str, Any]:
    """Return the arguments of a parser whose help ends with the examples."""
    return {
        "description": command.description or command.help,
        "epilog": f"examples:\n{program.examples(command.all_examples)}{epilog}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def only(commands: Iterable[Command], *names: str) -> tuple[Command, ...]:
    """Return the commands with these names."""
    return tuple(command for command in commands if command.name in names)
