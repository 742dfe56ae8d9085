"""Start and stop a local AWS to try the deployer with: no account, no Docker.

It is MiniStack with the SageMaker types added (smtemplates/local_cloud),
in .venv-local-cloud, which it makes on first use from
requirements/local-cloud.txt. Nothing leaves 127.0.0.1. What it holds is gone
when it stops, and nothing here is AWS: prices and most of the checks that
services make are not simulated, and IAM judges calls and functions, but not
what CloudFormation does for a stack. A catalog and a stack set can be deployed,
but not asked: publish.py, but for its link, and status of a fleet fail here.
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
    """Describe the command line."""

    def shown(examples: str) -> dict[str, Any]:
        return {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": f"examples:\n{examples}"}

    whole = argparse.ArgumentParser(prog="local_cloud.py", description=__doc__, **shown(START + STOP))
    commands = whole.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="start it in the background, and print how to use it", **shown(START))
    starting.add_argument("--port", type=port, help="default: any free port")
    commands.add_parser("stop", help="stop it; all it held is gone", **shown(STOP))
    return whole


def port(text: str) -> int:
    """Read --port."""
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, print what to do next, and return the exit code."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "stop":
            print("stopped" if lifecycle.stop() else "no local cloud was running", file=sys.stderr)
        else:
            _print_client(lifecycle.start(options.port))
    except Error as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _print_client(endpoint: str) -> None:
    """Print the lines that a shell evaluates to use the local cloud."""
    print(f"the local cloud runs at {endpoint}; stop it with: scripts/local_cloud.py stop", file=sys.stderr)
    if sys.stdout.isatty():
        print('to use it in this shell: eval "$(scripts/local_cloud.py start)"', file=sys.stderr)
    for name, value in {**CLIENT, "AWS_ENDPOINT_URL": endpoint}.items():
        print(f"export {name}={value}")
