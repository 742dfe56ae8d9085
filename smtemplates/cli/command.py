"""A command of the command line, and the parser of several commands."""

from __future__ import annotations

import argparse
import re
import sys
from collections import UserDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

from smtemplates.console import program
from smtemplates.console.columns import folded, terminal_width
from smtemplates.errors import nearest

EXIT_CODES = {
    0: "done or no change",
    1: "finding, stale file or failure",
    2: "wrong usage or bad input",
    3: "changes present (with --detailed-exitcode)",
    4: "rejected as destructive",
    5: "timed out while the operation continues in AWS",
    130: "interrupted",
}
# The exit codes that every command can have.
COMMON_CODES = (0, 1, 2, 130)


# not a dataclass, whose module takes a third of the time of --help to import
class Command(NamedTuple):
    """One command: its help, its examples, and either its options and its function, or the commands below it.

    `add` is the "module:function" that adds the options to the parser of the command. `run` is the "module:function"
    that runs the command and returns its exit code. Both are imported when the command is selected, so that --help
    needs only the standard library. A command with `calls_aws` needs the AWS SDK. With `posix`, neither the command nor
    those below it run on Windows. `codes` are the exit codes that the command can have in addition to COMMON_CODES.
    `note` follows the examples.
    """

    name: str
    help: str
    examples: str = ""
    add: str = ""
    run: str = ""
    commands: tuple[Command, ...] = ()
    calls_aws: bool = False
    posix: bool = False
    description: str = ""
    codes: tuple[int, ...] = ()
    note: str = ""

    @property
    def all_examples(self) -> str:
        """The examples of the command, or those of the commands below it."""
        return self.examples or "".join(command.all_examples for command in self.commands)

    @property
    def all_codes(self) -> set[int]:
        """The exit codes of the command and of the commands below it."""
        return {*COMMON_CODES, *self.codes}.union(*(command.all_codes for command in self.commands))

    @property
    def sentence(self) -> str:
        """The description. Its default is the help, written like a sentence."""
        text = self.description or f"{self.help[0].upper()}{self.help[1:]}"
        return text if text.endswith((".", ":")) else f"{text}."


def aws_commands(options: str, run: str, *rows: tuple[str, str, str, tuple[int, ...]]) -> tuple[Command, ...]:
    """Return commands that call AWS and that one function runs: name, help, examples and codes of each.

    `options` is the module that has a function for the options of each command, such as add_plan.
    """
    return tuple(
        Command(name, text, examples, add=f"{options}:add_{name}", run=run, calls_aws=True, codes=codes)
        for name, text, examples, codes in rows
    )


def function(path: str) -> Callable[..., Any]:
    """Import and return the function with this "module:function"."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


class Parser(argparse.ArgumentParser):
    """A parser whose error messages suggest the nearest option or command."""

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse arguments. Reject unknown ones here, so that the message shows the usage of the command."""
        found, extras = super().parse_known_args(args, namespace)
        if extras and not self._subparsers:
            self.error(f"unrecognized arguments: {' '.join(extras)}{self._hint(extras)}")
        return found, extras

    @property
    def options(self) -> list[argparse.Action]:
        """The options, of which argparse has no public list."""
        return [action for action in self._actions if action.option_strings]

    def _hint(self, extras: Iterable[str]) -> str:
        options = [
            name for option in self.options if option.help != argparse.SUPPRESS for name in option.option_strings
        ]
        unknown = next((word.partition("=")[0] for word in extras if word.startswith("--")), "")
        return _question(unknown, options)

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with code 2. Without a command, print the whole help."""
        if message.endswith("required: COMMAND"):
            self.print_help(sys.stderr)
            self.exit(2)
        if found := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)$", message):
            message += _question(found[1], re.findall(r"[\w.-]+", found[2]))
        super().error(message)


def _question(word: str, names: Sequence[str]) -> str:
    """Return the question for the nearest name, or '' if none is near. The beginning of one name is near to it."""
    starting = [name for name in names if word and name.startswith(word)]
    near = starting[0] if len(starting) == 1 else nearest(word, names)
    return f". Did you mean {near}?" if near else ""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """A help text as wide as the terminal. That of argparse imports shutil, a tenth of the time of --help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)


def parser_of(whole: Command, *, prog: str = "") -> argparse.ArgumentParser:
    """Build the parser of a program, whose examples name the program that was run."""
    parser = Parser(prog=prog or program.name(), **_shape(whole))
    _fill(parser, whole)
    return parser


def _fill(parser: argparse.ArgumentParser, command: Command, *, posix: bool = False) -> None:
    """Add the options of a command, or the commands below it. `posix` is that of the command above."""
    posix = posix or command.posix
    if command.add:
        function(command.add)(parser)
    if command.run:
        parser.set_defaults(run=command.run, calls_aws=command.calls_aws, posix=posix)
    if command.commands:
        adding: Any = parser.add_subparsers(
            title="commands", dest="command", required=True, metavar="COMMAND", action=_Commands
        )
        for below in command.commands:
            adding.add_command(below, partial(_parser_below, parser.prog, below, posix=posix))


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # noqa: SLF001 the documented base has no name
    """The commands below a command. The parser of each is built when it is selected."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        parsers: Any = _Parsers()
        self.choices = self._name_parser_map = parsers

    def add_command(self, command: Command, build: Callable[[], argparse.ArgumentParser]) -> None:
        """Add a command to the help, and the function that builds its parser."""
        self._choices_actions.append(self._ChoicesPseudoAction(command.name, (), command.help))
        self._name_parser_map.update({command.name: build})


class _Parsers(UserDict[str, Any]):
    """The parsers of commands by name, each of which is built on first use."""

    def __getitem__(self, name: str) -> Any:
        if not isinstance(found := self.data[name], argparse.ArgumentParser):
            found = self.data[name] = found()
        return found


def _parser_below(prefix: str, command: Command, *, posix: bool) -> argparse.ArgumentParser:
    """Build the parser of a command below another one."""
    parser = Parser(prog=f"{prefix} {command.name}", **_shape(command))
    _fill(parser, command, posix=posix)
    return parser


def _shape(command: Command) -> dict[str, Any]:
    """Return the arguments of a parser whose help ends with the examples and the exit codes."""
    examples, codes = program.examples(command.all_examples), exit_codes(command.all_codes)
    return {
        "description": "\n".join(line for text in command.sentence.split("\n") for line in folded(text, 0)),
        "epilog": f"examples:\n{examples}\n{command.note}{codes}\n",
        "formatter_class": _Formatter,
        "allow_abbrev": False,
    }


def exit_codes(codes: Iterable[int]) -> str:
    """Return the list of exit codes at the end of a help text."""
    return "\n".join(folded("exit codes: " + ", ".join(f"{code} {EXIT_CODES[code]}" for code in sorted(codes)), 0))
