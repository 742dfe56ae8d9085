"""The arguments of the command `adopt`."""

from __future__ import annotations

import argparse

from smtemplates.adopt.kinds import ROLES
from smtemplates.console.streams import named


def add_adopt(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `adopt` to its parser."""
    command.add_argument("state", type=named, metavar="STATE", help="state file, such as terraform.tfstate")
    command.add_argument(
        "--tfvars", type=named, metavar="FILE", help="file of variable values (.tfvars or .tfvars.json)"
    )
    command.add_argument("-o", "--output", type=named, metavar="DIR", help="new or empty folder for all files")
    command.add_argument("--stack", metavar="NAME", help="name of the stack (default: workspace)")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    command.add_argument(
        "--copied",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="confirm that the data of this resource has been copied (repeatable)",
    )
    group = command.add_argument_group(
        "resources", "the resource to use if several are possible: name, ID, ARN, address or none"
    )
    for role, (_, option, words) in ROLES.items():
        group.add_argument(option, dest=f"use_{role}", type=named, metavar="NAME", help=words)
