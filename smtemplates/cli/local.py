"""Start and stop a local AWS, or play the demo. The modules of the local cloud do not exist on Windows."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import urllib.request
from collections.abc import Iterator, Mapping

from smtemplates import __version__
from smtemplates.console import program
from smtemplates.console.streams import write_message
from smtemplates.errors import Error
from smtemplates.local_cloud import background
from smtemplates.local_cloud.demo import play
from smtemplates.local_cloud.lifecycle import CLIENT

# Variables with which the AWS SDK would not call the local cloud, or with which its calls would fail.
CONFLICTING = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_")


def run(arguments: argparse.Namespace) -> int:
    """Run one command, print what to do next, and return the exit code."""
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


def run_demo(_arguments: argparse.Namespace) -> int:
    """Run the demo, and return the exit code."""
    play()
    return 0
