"""Run one command of the command line, and turn every failure into one message and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from smtemplates.cli.parser import parser
from smtemplates.console.files import why
from smtemplates.console.streams import open_streams
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
    options = parser().parse_args(arguments)
    try:
        code = _function(options.command)(options)
        sys.stdout.flush()
    except Error as error:
        print(f"smtemplates: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        print(
            f"smtemplates: {error.name} is not installed for {sys.executable}. In a checkout, run scripts/render once "
            "and then .venv/bin/python -m smtemplates.",
            file=sys.stderr,
        )
        return UsageError.exit_code
    except OSError as error:
        return _report_system_error(error)
    except KeyboardInterrupt:
        print("smtemplates: interrupted.", file=sys.stderr)
        return INTERRUPTED
    return code


def _function(command: str) -> Callable[[argparse.Namespace], int]:
    """Import and return the function that runs a command and returns its exit code."""
    module, _, name = COMMANDS[command].partition(":")
    function: Callable[[argparse.Namespace], int] = getattr(import_module(module), name)
    return function


def _report_system_error(error: OSError) -> int:
    """Report an error of the operating system and return the exit code."""
    if error.filename:
        print(f"smtemplates: {error.filename}: {why(error)}.", file=sys.stderr)
        return UsageError.exit_code
    # Without a file name it is about standard output. Python would report it a second time when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # a reader such as head may close the pipe
        print(f"smtemplates: Cannot write to standard output: {why(error)}.", file=sys.stderr)
    return 1
