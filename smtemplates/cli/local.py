"""The commands that start and stop a local AWS for trials."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import urllib.request
from collections.abc import Iterator, Mapping

from smtemplates import __version__
from smtemplates.cli.command import Command
from smtemplates.console import program
from smtemplates.console.streams import write_message
from smtemplates.errors import Error, UsageError

MAX_PORT = 65_535
# Variables with which the AWS SDK would not call the local cloud, or with which its calls would fail.
CONFLICTING = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_")

DESCRIPTION = """\
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


def add_start(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=port, help="port of the server (default: any unused port)")


def port(text: str) -> int:
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


def check_platform() -> None:
    """Check that the local cloud can run on this operating system.

    Raises:
        UsageError: This is Windows.
    """
    if os.name != "posix":
        raise UsageError("The local cloud runs on Linux and macOS. On Windows, use the Windows Subsystem for Linux.")


def run(arguments: argparse.Namespace) -> int:
    """Run one command, print what to do next, and return the exit code."""
    check_platform()
    # imported here because Windows has no fcntl
    from smtemplates.local_cloud import background  # noqa: PLC0415
    from smtemplates.local_cloud.lifecycle import CLIENT  # noqa: PLC0415

    start = program.command("local", "start")
    if arguments.command == "start":
        found = background.start(arguments.port)
        if found.version != __version__:
            stop = program.command("local", "stop")
            _report(f"version {found.version} of smtemplates started it. To use this version, run {stop} first.")
        _print_client(found.endpoint, CLIENT)
    elif arguments.command == "stop":
        _report("stopped the local cloud" if background.stop() else "no local cloud was running")
    elif arguments.command == "reset":
        running = background.reset()
        if not running:
            raise Error(f"No local cloud is running. Start it with: {start}")
        _report(f"deleted all data of the local cloud at {running.endpoint}")
    else:
        _report("deleted the local cloud" if background.remove() else "the local cloud is not installed")
    return 0


def _report(text: str) -> None:
    write_message(f"{text}\n")


def _print_client(endpoint: str, client: Mapping[str, str]) -> None:
    """Print the environment variables of the local cloud as commands for a shell."""
    _report(f"the local cloud is running at {endpoint}. To stop it, run: {program.command('local', 'stop')}")
    if sys.stdout.isatty():
        _report(f'to use it in this shell: eval "$({program.command("local", "start")})"')
    for line in _lines({**client, "AWS_ENDPOINT_URL": endpoint}):
        print(line)


def _lines(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the commands that let the AWS SDK in a shell call the local cloud."""
    for name in sorted(os.environ):
        if name.startswith(CONFLICTING):
            yield f"unset {name}"
    proxies = urllib.request.getproxies()
    if proxies and not urllib.request.proxy_bypass("127.0.0.1"):
        direct = ",".join(filter(None, [proxies.get("no"), "127.0.0.1"]))
        variables = {**variables, "NO_PROXY": direct, "no_proxy": direct}
    for name, value in variables.items():
        yield f"export {name}={shlex.quote(value)}"


RUN = "smtemplates.cli.local:run"
COMMAND = Command(
    name="local",
    help="start and stop a local AWS for trials",
    description=DESCRIPTION,
    commands=(
        Command(
            name="start",
            help="start it in the background, and print its environment variables",
            description=START,
            examples='  eval "$(smtemplates local start)"\n  smtemplates plan churn --create-staging-bucket\n',
            add=add_start,
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
