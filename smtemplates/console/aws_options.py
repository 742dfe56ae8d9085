"""The command-line options for the connection to AWS and for time limits."""

from __future__ import annotations

import argparse
import logging

from smtemplates.aws.session import LOG, Cloud, Connection
from smtemplates.console.streams import named
from smtemplates.errors import UsageError


def add_connection(command: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add the options of the connection; `several` allows more than one Region."""
    where = command.add_argument_group("connection (default: as for other AWS tools)")
    if several:
        where.add_argument("--region", type=named, nargs="+", default=[], metavar="REGION")
    else:
        where.add_argument("--region", type=named)
    where.add_argument("--profile", type=named)
    where.add_argument("--assume-role", type=named, metavar="ARN", help="assume this role for all calls")
    where.add_argument(
        "--endpoint-url", type=named, metavar="URL", help="an https URL, or an http URL of this computer"
    )
    where.add_argument("--debug", action="store_true", help="log the calls to AWS, without their content")


def cloud_of(arguments: argparse.Namespace) -> Cloud:
    """Return the services of AWS for the options of the connection, in the first Region if there are several."""
    if arguments.debug:
        # only our log: the log of the SDK contains session tokens, signatures and the values of parameters
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
    """Return the value of --timeout in seconds; None without a time limit.

    Raises:
        UsageError: The value is not greater than 0.
    """
    if minutes is not None and not minutes > 0:
        raise UsageError("--timeout must be greater than 0 minutes.")
    return None if minutes is None else minutes * 60
