"""What the command lines of scripts/ have in common: how they connect, and how they end."""

# ruff: noqa: PLC0415 - what calls AWS is imported by who calls it: --help answers before the SDK would be loaded
from __future__ import annotations

import argparse
import gc
import importlib.util
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.console.signals import raise_on_signals
from smtemplates.console.streams import discard, named, open_streams, write_message
from smtemplates.errors import Error, UsageError

if TYPE_CHECKING:
    from smtemplates.aws.session import Cloud

# The SDK makes hundreds of thousands of small objects that live as long as we do: looking for garbage less often
# saves a tenth of a plan's time.
GARBAGE = 200_000

INTERRUPTED = 130


def add_connection(command: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add what says where and as whom to call AWS."""
    where = command.add_argument_group("where and as whom (default: as any AWS tool)")
    if several:
        where.add_argument("--region", type=named, nargs="+", default=[], metavar="REGION")
    else:
        where.add_argument("--region", type=named)
    where.add_argument("--profile", type=named)
    where.add_argument("--assume-role", type=named, metavar="ARN", help="call AWS as this role")
    where.add_argument("--endpoint-url", type=named, metavar="URL", help="https, or http on this machine only")
    where.add_argument("--debug", action="store_true", help="log each call to AWS, but nothing that it carries")


def cloud_of(arguments: argparse.Namespace) -> Cloud:
    """Take the connection from the command line; of several Regions, the first."""
    from smtemplates.aws.session import LOG, Cloud, Connection

    if arguments.debug:
        # ours only: the SDK's own log holds session tokens, signatures and the values of parameters
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("debug %(asctime)s %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.DEBUG)
    regions = arguments.region
    return Cloud(
        Connection(
            region=next(iter(regions), None) if isinstance(regions, list) else regions,
            profile=arguments.profile,
            assume_role=arguments.assume_role,
            endpoint_url=arguments.endpoint_url,
        )
    )


def seconds(minutes: float | None) -> float | None:
    """Read --timeout."""
    if minutes is not None and not minutes > 0:
        raise UsageError("--timeout must be more than 0 minutes")
    return None if minutes is None else minutes * 60


def check_modules(venv_python: Path) -> None:
    """Refuse to go on without the libraries that every command needs: .venv may be there without them."""
    needed = {"boto3": "boto3", "PyYAML": "yaml"}
    missing = " and ".join(name for name, module in needed.items() if not importlib.util.find_spec(module))
    if missing:
        python = venv_python if venv_python.is_file() else sys.executable
        raise UsageError(
            f"this needs {missing}, which {sys.executable} does not have; run this once in bash, which installs "
            f"them into .venv: . scripts/venv deploy; or this: {python} -m pip install boto3 PyYAML"
        )


def carry_out(name: str, venv_python: Path, run: Callable[[], int]) -> int:
    """Run a command, report every failure in one message, and return the exit code."""
    open_streams()
    gc.set_threshold(GARBAGE)
    raise_on_signals()
    try:
        return _run(name, venv_python, run)
    except KeyboardInterrupt:
        write_message(f"{name}: interrupted\n")
        return INTERRUPTED


def _run(name: str, venv_python: Path, run: Callable[[], int]) -> int:
    try:
        check_modules(venv_python)
        code = run()
        sys.stdout.flush()
    except Error as error:
        write_message(f"{name}: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        discard(sys.stdout)  # the reader has closed the pipe, as head does
        return 1
    return code
