"""The command-line options for the connection to AWS and for time limits."""

from __future__ import annotations

import argparse
import logging
import re
import sys

from smtemplates.aws.connection import Connection
from smtemplates.aws.session import LOG, Cloud
from smtemplates.console import program
from smtemplates.console.regions import add_regions, checked_regions
from smtemplates.console.signals import read_line
from smtemplates.console.streams import named, write_message
from smtemplates.errors import UsageError

_CODE = re.compile(r"[0-9]{6}")


def add_connection(command: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the options of the connection; `several` allows more than one Region."""
    where = command.add_argument_group("connection (default: as for other AWS tools)")
    if several:
        add_regions(where, "Regions, or repeat the option", words=True)
    else:
        add_regions(where, "Region")
    where.add_argument("--profile", type=named)
    where.add_argument("--assume-role", type=named, metavar="ARN", help="assume this role for all calls")
    where.add_argument("--external-id", type=named, metavar="ID", help="external ID that the role requires")
    where.add_argument("--source-identity", type=named, metavar="NAME", help="source identity of the session")
    where.add_argument(
        "--role-session-name", type=named, metavar="NAME", help="name of the session (default: smtemplates-deploy)"
    )
    where.add_argument(
        "--role-duration", type=int, metavar="SECONDS", help="duration of a session, which is renewed (default: 3600)"
    )
    where.add_argument(
        "--mfa-serial", type=named, metavar="ARN", help="MFA device of the user, whose code you enter on the terminal"
    )
    where.add_argument(
        "--endpoint-url", type=named, metavar="URL", help="an https URL, or an http URL of this computer"
    )
    where.add_argument("--debug", action="store_true", help="log the calls to AWS, without their content")


def cloud_of(arguments: argparse.Namespace, *, several: bool = False) -> Cloud:
    """Return the services of AWS for the options of the connection; `several` chooses the first of several Regions.

    Raises:
        UsageError: A name is not a Region, or there are several Regions.
    """
    if arguments.debug:
        # only our log: the log of the SDK contains session tokens, signatures and the values of parameters
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("debug %(asctime)s %(message)s"))
        LOG.addHandler(handler)
        LOG.setLevel(logging.DEBUG)
    regions = checked_regions(arguments.region, several=several)
    return Cloud(
        Connection(
            region=next(iter(regions), None),
            profile=arguments.profile,
            assume_role=arguments.assume_role,
            external_id=arguments.external_id,
            source_identity=arguments.source_identity,
            role_session_name=arguments.role_session_name,
            role_seconds=arguments.role_duration,
            mfa_serial=arguments.mfa_serial,
            ask_mfa_code=ask_mfa_code if sys.stdin.isatty() else None,
            endpoint_url=arguments.endpoint_url,
            local_command=program.command("local"),
        )
    )


def ask_mfa_code(device: str) -> str:
    """Ask for the code of an MFA device on the terminal, and return it.

    Raises:
        UsageError: No code was entered.
    """
    question = f"MFA code of {device}: "
    while write_message(question) and (answer := read_line()):
        if _CODE.fullmatch(answer.strip()):
            return answer.strip()
        question = f"A code has six digits. MFA code of {device}: "
    raise UsageError("No MFA code was entered. Repeat this command in a terminal.")


def seconds(minutes: float | None) -> float | None:
    """Return the value of --timeout in seconds; None without a time limit.

    Raises:
        UsageError: The value is not greater than 0.
    """
    if minutes is not None and not minutes > 0:
        raise UsageError("--timeout must be greater than 0 minutes.")
    return None if minutes is None else minutes * 60
