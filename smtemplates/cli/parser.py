"""The parser of the command line: all commands, and the scripts of a checkout that run some of them."""

from __future__ import annotations

import argparse

import smtemplates
from smtemplates import program
from smtemplates.cli import config, demo, deploy_commands, init, local, publish, render_options
from smtemplates.cli.command import Command, parser_of

COMMANDS = (
    init.COMMAND,
    *render_options.COMMANDS,
    *deploy_commands.COMMANDS,
    publish.COMMAND,
    config.COMMAND,
    local.COMMAND,
    demo.COMMAND,
)
WHOLE = Command(
    name=program.PACKAGE,
    help="""\
CloudFormation templates for an Amazon SageMaker workspace: render, validate,
deploy and publish them.""",
    commands=COMMANDS,
)
DEPLOY = Command(
    name="deploy",
    help="""\
Deploy a template through change sets, and manage the stack.""",
    commands=deploy_commands.COMMANDS,
)
# The commands of each script of a checkout.
SCRIPTS = {
    program.SCRIPTS["deploy"]: DEPLOY,
    program.SCRIPTS["publish"]: publish.COMMAND,
    program.SCRIPTS["local"]: local.COMMAND,
}
EXIT_CODES = """\

Results go to standard output, everything else to standard error.

exit codes: 0 done or no change, 1 finding, stale file or failure, 2 wrong
usage or bad input, 3 changes present (plan or drift with
--detailed-exitcode), 4 refused as destructive, 5 timed out while the
operation continues in AWS, 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """Build the parser of the program that was run."""
    if program.is_script():
        return parser_of(SCRIPTS[program.name()], epilog=EXIT_CODES, prog=program.title())
    whole = parser_of(WHOLE, epilog=EXIT_CODES)
    version = f"{program.PACKAGE} {smtemplates.__version__}"
    whole.add_argument("--version", action="version", version=version, help="print the version, and exit")
    return whole
