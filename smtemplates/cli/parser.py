"""The parser of the command line: all commands, and the scripts of a checkout that run some of them."""

from __future__ import annotations

import argparse

import smtemplates
from smtemplates.cli import (
    adopt_command,
    completion,
    config_command,
    deploy_commands,
    init_command,
    local_commands,
    prove_command,
    publish_command,
    render_commands,
)
from smtemplates.cli.command import Command, parser_of
from smtemplates.console import program

COMMANDS = (
    init_command.COMMAND,
    *render_commands.COMMANDS,
    *deploy_commands.COMMANDS,
    publish_command.COMMAND,
    config_command.COMMAND,
    local_commands.LOCAL,
    local_commands.DEMO,
    adopt_command.COMMAND,
    prove_command.COMMAND,
    completion.COMMAND,
)
# The help of the whole command shows only these examples. The help of each command shows its own.
EXAMPLES = """\
  smtemplates demo
      create, update and delete a stack on a local AWS, without an account
  smtemplates render workspace -o workspace.yaml
      write the template of the workspace, and validate it
  smtemplates deploy churn --create-staging-bucket
      show the plan, ask for confirmation, and create or update the stack
  smtemplates deploy --help
      show the options, examples and exit codes of a command
"""
STREAMS = "Results go to standard output, everything else to standard error.\n\n"
WHOLE = Command(
    name=program.PACKAGE,
    help="""\
CloudFormation templates for an Amazon SageMaker workspace: render, validate,
deploy and publish them.""",
    examples=EXAMPLES,
    commands=COMMANDS,
    note=STREAMS,
)
DEPLOY = Command(
    name="deploy",
    help="""\
Deploy a template through change sets, and manage the stack.""",
    commands=deploy_commands.COMMANDS,
    note=STREAMS,
)
# The commands of each script of a checkout.
SCRIPTS = {
    program.SCRIPTS["deploy"]: DEPLOY,
    program.SCRIPTS["publish"]: publish_command.COMMAND,
    program.SCRIPTS["local"]: local_commands.LOCAL,
}


def parser() -> argparse.ArgumentParser:
    """Build the parser of the program that was run."""
    if program.is_script():
        return parser_of(SCRIPTS[program.name()], prog=program.title())
    whole = parser_of(WHOLE)
    version = f"{program.PACKAGE} {smtemplates.__version__}"
    whole.add_argument("--version", action="version", version=version, help="print the version, and exit")
    return whole
