"""The commands that start and stop a local AWS for trials."""

from __future__ import annotations

import argparse
import sys

from smtemplates import program
from smtemplates.cli.command import Command

MAX_PORT = 65_535

DESCRIPTION = """\
Start and stop a local AWS for trials, without an account and without Docker.

The local cloud is MiniStack with the SageMaker types added. It runs in the
environment .venv-local-cloud, which the first start creates from
requirements/local-cloud.txt. It listens on 127.0.0.1 only, and all its data is
deleted when it stops.

It does not simulate prices, or most of the validation in the services of AWS.
IAM evaluates API calls and functions, but not the calls of CloudFormation for a
stack. A Service Catalog portfolio or a stack set can be deployed, but not read:
smtemplates publish (except link) and the status of a stack set fail."""
START = '  eval "$(smtemplates local start)"\n  smtemplates plan churn --create-staging-bucket\n'
STOP = "  smtemplates local stop\n"


def add_start(command: argparse.ArgumentParser) -> None:
    """Add the options of start."""
    command.add_argument("--port", type=port, help="port of the server (default: any unused port)")


def port(text: str) -> int:
    """Return the value of --port."""
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


def run(arguments: argparse.Namespace) -> int:
    """Run one command, print what to do next, and return the exit code."""
    # imported here because --help of other commands does not need it
    from smtemplates.local_cloud import lifecycle  # noqa: PLC0415

    if arguments.command == "stop":
        print("stopped the local cloud" if lifecycle.stop() else "no local cloud was running", file=sys.stderr)
    else:
        _print_client(lifecycle.start(arguments.port), lifecycle.CLIENT)
    return 0


def _print_client(endpoint: str, client: dict[str, str]) -> None:
    """Print the environment variables of the local cloud as lines for a shell."""
    stop, start = program.command("local", "stop"), program.command("local", "start")
    print(f"the local cloud is running at {endpoint}. To stop it, run: {stop}", file=sys.stderr)
    if sys.stdout.isatty():
        print(f'to use it in this shell: eval "$({start})"', file=sys.stderr)
    for name, value in {**client, "AWS_ENDPOINT_URL": endpoint}.items():
        print(f"export {name}={value}")


COMMAND = Command(
    name="local",
    help="start and stop a local AWS for trials",
    description=DESCRIPTION,
    commands=(
        Command(
            name="start",
            help="start it in the background, and print its environment variables",
            examples=START,
            add=add_start,
            run="smtemplates.cli.local:run",
        ),
        Command(name="stop", help="stop it and delete its data", examples=STOP, run="smtemplates.cli.local:run"),
    ),
)
