"""Run a command that calls AWS, and turn every failure into one message and an exit code."""

from __future__ import annotations

import gc
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from smtemplates.console.signals import raise_on_signals
from smtemplates.console.streams import discard, open_streams, write_message
from smtemplates.errors import Error, UsageError

# The SDK creates hundreds of thousands of small objects that exist until the end of the command. Fewer runs of the
# garbage collector save a tenth of the time of a plan.
GARBAGE_THRESHOLD = 200_000

CHANGES_PRESENT = 3  # exit code of plan and drift with --detailed-exitcode
INTERRUPTED = 130


def run_command(name: str, venv_python: Path, run: Callable[[], int]) -> int:
    """Run a command, report its failure on standard error, and return the exit code."""
    open_streams()
    gc.set_threshold(GARBAGE_THRESHOLD)
    raise_on_signals()
    try:
        return _run(name, venv_python, run)
    except KeyboardInterrupt:
        write_message(f"{name}: interrupted.\n")
        return INTERRUPTED


def _run(name: str, venv_python: Path, run: Callable[[], int]) -> int:
    try:
        check_libraries(venv_python)
        code = run()
        sys.stdout.flush()
    except Error as error:
        write_message(f"{name}: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        discard(sys.stdout)  # the reader has closed the pipe, as head does
        return 1
    return code


def check_libraries(venv_python: Path) -> None:
    """Check that the libraries that all commands need are installed.

    `venv_python` is the Python of .venv, which can exist without these libraries.

    Raises:
        UsageError: A library is missing.
    """
    needed = {"boto3": "boto3", "PyYAML": "yaml"}
    missing = " and ".join(name for name, module in needed.items() if not importlib.util.find_spec(module))
    if missing:
        python = venv_python if venv_python.is_file() else sys.executable
        raise UsageError(
            f"{missing} is required but not installed for {sys.executable}. To install it into .venv, run this once in "
            f"bash: . scripts/venv deploy. Or run this: {python} -m pip install boto3 PyYAML"
        )
