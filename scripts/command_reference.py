"""Write the reference of the command line from the parser: each command with its options, examples and exit codes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from smtemplates.cli.command import EXIT_CODES, Command, function
from smtemplates.cli.parser import WHOLE
from smtemplates.console import program
from smtemplates.reference.markdown import GENERATED, block, code, prose, table

PAGE = Path("docs", "reference", "command-line.md")
INTRODUCTION = """\
# Command line

`smtemplates COMMAND --help` shows the same texts. Results go to standard output. Progress and messages go to standard
error.

The same commands are available as `python -m smtemplates`. Exit codes: {}. [Exit codes](exit-codes.md) explains them.
"""


def page() -> str:
    """Return the text of the page."""
    codes = ", ".join(f"{number} {text}" for number, text in EXIT_CODES.items())
    sections = (_section(words, command) for words, command in _leaves(WHOLE, ()))
    return "\n".join([GENERATED + INTRODUCTION.format(codes), *sections])


def _leaves(command: Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Yield the commands that do something, with the words that run them."""
    for below in command.commands:
        if below.commands:
            yield from _leaves(below, (*words, below.name))
        else:
            yield (*words, below.name), below


def _section(words: tuple[str, ...], command: Command) -> str:
    parser = argparse.ArgumentParser(add_help=False)
    if command.add:
        function(command.add)(parser)
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]  # noqa: SLF001 there is no list
    rows = [(_spelling(action), prose(_help(action))) for action in shown]
    codes = ", ".join(map(str, sorted(command.all_codes)))
    lines = [f"## {' '.join(words)}\n", f"{prose(' '.join(command.sentence.split()))}\n"]
    if rows:
        lines.append(table(("Argument", "Meaning"), rows))
    lines += ["Examples:\n", block(program.examples(command.all_examples), "text"), f"Exit codes: {codes}.\n"]
    return "\n".join(lines)


def _spelling(action: argparse.Action) -> str:
    """Return an option with its value, or the name of a positional argument."""
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    value = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return code(value)
    has_value = action.nargs != 0
    return ", ".join(code(f"{name} {value}" if has_value else name) for name in action.option_strings)


def _help(action: argparse.Action) -> str:
    values = {**vars(action), "prog": program.PACKAGE}
    return " ".join((action.help or "").split()) % values if action.help else ""
