"""The command `init`: create a new project."""

from __future__ import annotations

from smtemplates.cli.command import Command

EXAMPLES = """\
  smtemplates init ml-platform
      create a project in the new folder ml-platform
  smtemplates init churn --ci github
      create a project in the folder churn, with a pipeline for GitHub only
"""


COMMAND = Command(
    name="init",
    help="create a new project: a configuration file, an example of a construct, and pipelines",
    examples=EXAMPLES,
    add="smtemplates.cli.init_options:add_init",
    run="smtemplates.cli.init:run",
)
