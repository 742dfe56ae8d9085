"""The arguments of the command `init`."""

from __future__ import annotations

import argparse

from smtemplates.config.init.project_files import PIPELINES
from smtemplates.console.streams import named


def add_init(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `init` to its parser."""
    command.add_argument(
        "folder",
        nargs="?",
        type=named,
        default=".",
        metavar="DIR",
        help="folder of the project, which is created if it does not exist (default: this folder)",
    )
    command.add_argument(
        "--ci",
        choices=tuple(PIPELINES),
        default="both",
        help="pipelines that the project contains (default: %(default)s)",
    )
