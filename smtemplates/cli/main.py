"""Run one command of the command line, and turn every failure into one message and an exit code."""

# ruff: noqa: PLC0415 - --help imports little
from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence

from smtemplates.cli import completion
from smtemplates.cli.command import function
from smtemplates.cli.parser import parser
from smtemplates.console import program
from smtemplates.console.signals import raise_on_signals
from smtemplates.console.streams import discard, open_streams, write_message
from smtemplates.errors import Error, UsageError

INTERRUPTED = 130
# The AWS SDK creates hundreds of thousands of small objects that exist until the end of the command. Fewer runs of the
# garbage collector save a tenth of the time of a plan.
GARBAGE_THRESHOLD = 200_000


def main(arguments: Sequence[str] | None = None, *, name: str = program.PACKAGE) -> int:
    """Run one command and return its exit code; report errors on standard error.

    `name` is the program that was run, for its messages.
    """
    program.use(name)
    open_streams()
    gc.set_threshold(GARBAGE_THRESHOLD)
    raise_on_signals()
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        whole = parser()
        if completion.VARIABLE in os.environ:
            completion.answer(whole)
        return _run(whole.parse_args(words, argparse.Namespace(words=words)))
    except KeyboardInterrupt:
        write_message("", sys.stdout)  # flushed here because Python would report a closed terminal at exit
        write_message(f"{program.title()}: interrupted.\n")
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    try:
        if options.posix and os.name != "posix":
            raise UsageError("This command runs on Linux and macOS. On Windows, use the Windows Subsystem for Linux.")
        if options.calls_aws:
            from smtemplates.console.libraries import check_libraries

            check_libraries()
        else:
            open_streams("utf-8")  # the encoding of the files, on every terminal
        code: int = function(options.run)(options)
        sys.stdout.flush()
    except Error as error:
        write_message(f"{program.title()}: {error}\n")
        return error.exit_code
    except ModuleNotFoundError as error:
        from smtemplates.console.libraries import missing_message

        write_message(f"{program.title()}: {missing_message(error.name or '')}\n")
        return UsageError.exit_code
    except OSError as error:
        return _report_system_error(error)
    return code


def _report_system_error(error: OSError) -> int:
    """Report an error of the operating system and return the exit code."""
    from smtemplates.console.files import reason_of

    if error.filename:
        write_message(f"{program.title()}: {error.filename}: {reason_of(error)}.\n")
        return UsageError.exit_code
    discard(sys.stdout)  # an error without a file name is about standard output
    if not isinstance(error, BrokenPipeError):  # a reader such as head may close the pipe
        write_message(f"{program.title()}: Cannot write to standard output: {reason_of(error)}.\n")
    return 1
