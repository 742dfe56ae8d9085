"""The command `adopt`: migrate from Terraform."""

from __future__ import annotations

from smtemplates.cli.command import Command

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


COMMAND = Command(
    name="adopt",
    help="migrate from Terraform: turn a state file into a stack",
    description=DESCRIPTION,
    examples=EXAMPLES,
    add="smtemplates.cli.adopt_options:add_adopt",
    run="smtemplates.cli.adopt:run",
)
