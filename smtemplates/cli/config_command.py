"""The command `config`, with its help."""

from __future__ import annotations

from smtemplates.cli.command import Command

CHECK = """\
  smtemplates config check
      find all problems of smtemplates.toml, without calling AWS
"""

COMMAND = Command(
    name="config",
    help="check the configuration file",
    commands=(
        Command(
            name="check",
            help="build the templates of the configuration file, and check its stacks, without calling AWS",
            examples=CHECK,
            add="smtemplates.cli.config:add_config",
            run="smtemplates.cli.config:check_config",
        ),
    ),
)
