"""The command `init`: create a new project."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from shlex import quote

from smtemplates.cli.command import Command
from smtemplates.config.init.project_files import PIPELINES, create_project
from smtemplates.console import program
from smtemplates.console.streams import named

EXAMPLES = """\
  smtemplates init ml-platform
      create a project in the new folder ml-platform
  smtemplates init churn --ci github
      create a project in the folder churn, with a pipeline for GitHub only
"""


def add_init(command: argparse.ArgumentParser) -> None:
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


def run_init(options: argparse.Namespace) -> int:
    """Create the project, and print its files and the next commands."""
    folder = Path(options.folder)
    for path in create_project(folder, options.ci):
        print(path)
    enter = [] if folder == Path() else [f"cd {quote(str(folder))}"]
    commands = [program.command("plan", "--all"), program.command("deploy", "--all")]
    print("\nnext commands:", *(f"  {line}" for line in [*enter, *commands]), sep="\n", file=sys.stderr)
    return 0


COMMAND = Command(
    name="init",
    help="create a new project: a configuration file, an example of a construct, and pipelines",
    examples=EXAMPLES,
    add=add_init,
    run="smtemplates.cli.init:run_init",
)
