"""The command `adopt`: migrate from Terraform."""

from __future__ import annotations

import argparse

from smtemplates.cli.command import Command
from smtemplates.console.streams import named

DESCRIPTION = """\
Turn a Terraform state into a stack that uses the existing buckets, role and data.

The command reads the state file, calls neither AWS nor Terraform, and changes
nothing. It classes each resource as Reuse, Recreate, Keep in Terraform or Copy
first, and writes a table for smtemplates.toml, blocks that release resources
from Terraform without deleting them, and commands. Values that the state marks
as sensitive are never written."""
EXAMPLES = """\
  smtemplates adopt terraform.tfstate
      show the outcome of each resource
  smtemplates adopt terraform.tfstate --tfvars terraform.tfvars -o migration
      use the values of variables, and write all files into a new folder
"""


def add_adopt(command: argparse.ArgumentParser) -> None:
    from smtemplates.adopt.kinds import ROLES  # noqa: PLC0415  only this command needs it

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


COMMAND = Command(
    name="adopt",
    help="migrate from Terraform: turn a state file into a stack",
    description=DESCRIPTION,
    examples=EXAMPLES,
    add="smtemplates.cli.adopt_command:add_adopt",
    run="smtemplates.cli.adopt:run",
)
