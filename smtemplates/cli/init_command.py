"""The command `init`: create a new project."""

from __future__ import annotations

import argparse

from smtemplates.cli.command import Command
from smtemplates.console.streams import named

EXAMPLES = """\
  smtemplates init ml-platform
      create a project in the new folder ml-platform
  smtemplates init churn --ci github
      create a project in the folder churn, with a pipeline for GitHub only
"""


def add_init(command: argparse.ArgumentParser) -> None:
    from smtemplates.config.init.project_files import PIPELINES  # noqa: PLC0415  only this command needs it

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


COMMAND = Command(
    name="init",
    help="create a new project: a configuration file, an example of a construct, and pipelines",
    examples=EXAMPLES,
    add="smtemplates.cli.init_command:add_init",
    run="smtemplates.cli.init:run",
)
