"""The options of the command `prove`."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from smtemplates.console.aws_options import add_connection
from smtemplates.console.streams import named

BUDGET_USD = Decimal(5)


def dollars(text: str) -> Decimal:
    """Return an amount.

    Raises:
        argparse.ArgumentTypeError: It is not a positive number.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount > 0):
        raise argparse.ArgumentTypeError("the amount must be a number greater than 0")
    return amount


def add_prove(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="name of an experiment that --plan shows (default: all)"
    )
    command.add_argument("--account", type=named, metavar="ID", help="account of the credentials, as a confirmation")
    command.add_argument(
        "--budget-usd",
        type=dollars,
        default=BUDGET_USD,
        metavar="USD",
        help=f"highest cost of all experiments together (default: {BUDGET_USD})",
    )
    command.add_argument("-o", "--output", type=named, metavar="DIR", help="folder for the report in both formats")
    command.add_argument("--json", action="store_true", help="print the report or the protocol as JSON")
    modes = command.add_mutually_exclusive_group()
    modes.add_argument("--plan", action="store_true", help="only show the protocol")
    modes.add_argument("--clean", action="store_true", help="only delete the resources of earlier runs")
    add_connection(command)
