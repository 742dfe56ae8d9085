"""The options for the format of findings."""

from __future__ import annotations

import argparse

from smtemplates.console.streams import named
from smtemplates.linting.formats import FORMATS


def add_findings_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("findings")
    group.add_argument(
        "--findings-format",
        choices=FORMATS,
        help="format of the findings (default: the suffix of the findings file, otherwise text)",
    )
    group.add_argument(
        "--findings-output",
        type=named,
        metavar="FILE",
        help="write the findings to this file, and show them as text on the terminal",
    )
