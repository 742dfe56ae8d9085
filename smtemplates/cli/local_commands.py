"""The commands that start and stop a local AWS for trials, and that show the life of a stack on one."""

from __future__ import annotations

import argparse

from smtemplates.cli.command import Command

MAX_PORT = 65_535

LOCAL_DESCRIPTION = """\
Start and stop a local AWS for trials, without an account and without Docker.

The local cloud is MiniStack with the SageMaker types added. The first start
installs it into the cache directory of the user. It listens on 127.0.0.1 only,
and all its data is deleted when it stops.

It does not simulate prices, or most of the validation in the services of AWS.
IAM evaluates API calls and functions, but not the calls of CloudFormation for a
stack. A Service Catalog portfolio can be deployed, and versions of its product
can be published and launched in the same account. A stack set deploys to
accounts, and not to organizational units."""
START = """\
Start the local cloud in the background, and print its environment variables for
the AWS SDK and the AWS CLI as commands for sh, bash or zsh. The first start
installs it, which requires uv, or the modules venv and pip of Python."""
DEMO_DESCRIPTION = """\
Create, update and delete a workspace stack on a local AWS, in about a minute.

The demo needs no AWS account, costs nothing, and does not call AWS. It renders
the template, shows the plan, deploys the stack, adds a notebook instance and a
Studio domain, and shows that a replacement of the domain is rejected. Then it
destroys the stack and its data. It prints each command that it runs.

It starts a separate local cloud and stops it at the end. A local cloud that is
already running is not used or changed. The first run installs the local cloud
into the cache directory of the user, which requires uv, or the modules venv and
pip of Python. Nothing else is left behind."""


def add_start(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=port, help="port of the server (default: any unused port)")


def port(text: str) -> int:
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


RUN = "smtemplates.cli.local:run"
LOCAL = Command(
    name="local",
    help="start and stop a local AWS for trials",
    description=LOCAL_DESCRIPTION,
    posix=True,
    commands=(
        Command(
            name="start",
            help="start it in the background, and print its environment variables",
            description=START,
            examples='  eval "$(smtemplates local start)"\n  smtemplates plan churn --create-staging-bucket\n',
            add="smtemplates.cli.local_commands:add_start",
            run=RUN,
        ),
        Command(
            name="reset",
            help="delete its data, and keep it running at the same endpoint",
            examples="  smtemplates local reset\n",
            run=RUN,
        ),
        Command(name="stop", help="stop it and delete its data", examples="  smtemplates local stop\n", run=RUN),
        Command(
            name="remove",
            help="stop it, and delete its data and its installation",
            examples="  smtemplates local remove\n",
            run=RUN,
        ),
    ),
)
DEMO = Command(
    name="demo",
    help="create, update and delete a demo stack on a local AWS",
    description=DEMO_DESCRIPTION,
    examples="  smtemplates demo\n",
    run="smtemplates.cli.local:run_demo",
    calls_aws=True,
    posix=True,
)
