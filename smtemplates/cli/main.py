"""Run one command of the command line, and turn every failure into one message and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from smtemplates.cli.parser import parser
from smtemplates.console.files import reason_of
from smtemplates.console.signals import raise_on_signals
from smtemplates.console.streams import discard, open_streams, write_message
from smtemplates.errors import Error, UsageError

INTERRUPTED = 130
# A command's module is imported when the command runs, so that --help needs only the standard library.
COMMANDS = {
    "render": "smtemplates.cli.render:render_templates",
    "lint": "smtemplates.cli.lint:lint_files",
    "explore": "smtemplates.cli.documents:write_explorer",
    "reference": "smtemplates.cli.documents:write_reference",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; report errors on standard error."""
    open_streams("utf-8")  # the encoding of the files, on every terminal
    raise_on_signals()
    try:
        return _run(parser().parse_args(arguments))
    except KeyboardInterrupt:
        write_message("", sys.stdout)  # flushed here because Python would report a closed terminal at exit
        write_message("smtemplates: interrupted.\n")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    try:
        code = _function(options.command)(options)
        sys.stdout.flush()
    except Error as error:
        write_message(f"smtemplates: {error}\n")
        return error.exit_code
    except ModuleNotFoundError as error:
        write_message(
            f"smtemplates: {error.name} is not installed for {sys.executable}. In a checkout, run scripts/render once "
            "and then .venv/bin/python -m smtemplates.\n"
        )
        return UsageError.exit_code
    except OSError as error:
        return _report_system_error(error)
    return code


def _function(command: str) -> Callable[[argparse.Namespace], int]:
    """Import and return the function that runs a command and returns its exit code."""
    module, _, name = COMMANDS[command].partition(":")
    function: Callable[[argparse.Namespace], int] = getattr(import_module(module), name)
    return function


def _report_system_error(error: OSError) -> int:
    """Report an error of the operating system and return the exit code."""
    if error.filename:
        write_message(f"smtemplates: {error.filename}: {reason_of(error)}.\n")
        return UsageError.exit_code
    discard(sys.stdout)  # an error without a file name is about standard output
    if not isinstance(error, BrokenPipeError):  # a reader such as head may close the pipe
        write_message(f"smtemplates: Cannot write to standard output: {reason_of(error)}.\n")
    return 1
