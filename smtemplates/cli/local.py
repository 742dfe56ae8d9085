"""Start and stop a local AWS for trials, without an account and without Docker.

The local cloud is MiniStack with the SageMaker types added. It runs in the
environment .venv-local-cloud, which the first start creates from
requirements/local-cloud.txt. It listens on 127.0.0.1 only, and all its data is
deleted when it stops.

It does not simulate prices, or most of the validation in the services of AWS.
IAM evaluates API calls and functions, but not the calls of CloudFormation for a
stack. A Service Catalog portfolio or a stack set can be deployed, but not read:
publish.py (except link) and the status of a stack set fail.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from smtemplates.errors import Error
from smtemplates.local_cloud import lifecycle
from smtemplates.local_cloud.lifecycle import CLIENT

MAX_PORT = 65_535

START = '  eval "$(scripts/local_cloud.py start)"\n  scripts/deploy.py plan churn --create-staging-bucket\n'
STOP = "  scripts/local_cloud.py stop\n"


def parser() -> argparse.ArgumentParser:
    """Build the parser of local_cloud.py."""

    def texts(examples: str) -> dict[str, Any]:
        return {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": f"examples:\n{examples}"}

    program = argparse.ArgumentParser(prog="local_cloud.py", description=__doc__, **texts(START + STOP))
    commands = program.add_subparsers(dest="command", required=True)
    starting = commands.add_parser(
        "start", help="start it in the background, and print its environment variables", **texts(START)
    )
    starting.add_argument("--port", type=port, help="port of the server (default: any unused port)")
    commands.add_parser("stop", help="stop it and delete its data", **texts(STOP))
    return program


def port(text: str) -> int:
    """Return the value of --port."""
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, print what to do next, and return the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "stop":
            print("stopped the local cloud" if lifecycle.stop() else "no local cloud was running", file=sys.stderr)
        else:
            _print_client(lifecycle.start(options.port))
    except Error as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _print_client(endpoint: str) -> None:
    """Print the environment variables of the local cloud as lines for a shell."""
    print(f"the local cloud is running at {endpoint}. To stop it, run: scripts/local_cloud.py stop", file=sys.stderr)
    if sys.stdout.isatty():
        print('to use it in this shell: eval "$(scripts/local_cloud.py start)"', file=sys.stderr)
    for name, value in {**CLIENT, "AWS_ENDPOINT_URL": endpoint}.items():
        print(f"export {name}={value}")
