"""The life of a workspace stack on a separate local cloud, with the commands that a user would run."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from smtemplates.console import program
from smtemplates.console.columns import coloured
from smtemplates.errors import Error
from smtemplates.local_cloud.lifecycle import CLIENT, PACKAGE, running

STACK = "demo-workspace"
TEMPLATE = "workspace.yaml"
OUTPUTS = "outputs.json"
OPTIONS = ("--template", TEMPLATE, "--create-staging-bucket", "--yes")
REFUSED = 4  # the exit code of a change that would delete or replace resources
BOLD, CYAN, PLAIN = "\x1b[1m", "\x1b[36m", "\x1b[0m"


def play() -> None:
    """Create, update and delete a stack on a local cloud that exists only for this time, and print every command.

    Raises:
        Error: A command did not end as expected, or the local cloud could not be installed or started.
    """
    with running() as endpoint, variables(endpoint), tempfile.TemporaryDirectory(prefix="smtemplates-demo-") as folder:
        demo = Demo(Path(folder))
        demo.create()
        demo.update()
        demo.delete()


@contextlib.contextmanager
def variables(endpoint: str) -> Iterator[None]:
    """Set the variables with which this process and its commands call the local cloud only, and restore them later."""
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull))
    os.environ.update(dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1"))  # not through a proxy of a company
    os.environ.update({**CLIENT, "AWS_ENDPOINT_URL": endpoint})
    place = str(PACKAGE.parent)
    if os.path.realpath(sys.path[0] or ".") == place:  # a checkout that is not installed
        os.environ["PYTHONPATH"] = os.pathsep.join([place, *filter(None, [before.get("PYTHONPATH")])])
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class Demo:
    """The steps of the demo. `folder` is the working directory of the commands."""

    folder: Path

    def create(self) -> None:
        """Render the template, show its plan, and deploy it."""
        say("1. Render the template")
        self.run("render", "workspace", "--no-lint", "-o", TEMPLATE)
        say("2. Plan: show the resources, without creating them")
        self.run("plan", STACK, *OPTIONS[:-1])
        say("3. Deploy the stack")
        self.deploy()
        line("The folders in the input bucket:")
        for item in self.call("s3", "list_objects_v2", Bucket=self.output("InputBucketName"))["Contents"]:
            show(item["Key"])

    def update(self) -> None:
        """Add a notebook instance and a Studio domain, and show that a replacement of the domain is rejected."""
        say("4. Add a notebook instance. The other parameters keep their values")
        self.deploy("--set", "CreateNotebook=true")
        name = self.output("NotebookInstanceName")
        found = self.call("sagemaker", "describe_notebook_instance", NotebookInstanceName=name)
        show(found["NotebookInstanceName"], found["NotebookInstanceStatus"])

        say("5. Add a Studio domain in a VPC")
        line("A change of the VPC replaces the notebook instance, which requires --allow-destructive.")
        vpc = self.call("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.call("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        settings = ("CreateDomain=true", f"VpcId={vpc}", f"SubnetIds={subnet}")
        self.deploy("--allow-destructive", *(word for setting in settings for word in ("--set", setting)))
        domain = self.call("sagemaker", "describe_domain", DomainId=self.output("DomainId"))
        show(domain["DomainId"], domain["Status"])

        say(f"6. A change that would replace the domain is rejected (exit code {REFUSED})")
        self.run("deploy", STACK, *OPTIONS, "--set", "DomainAuthMode=SSO", expected=REFUSED)
        line(f"exit code {REFUSED}")

    def delete(self) -> None:
        """Delete the stack, and then the buckets that it retains."""
        say("7. Delete the stack. Its buckets are retained")
        self.run("destroy", STACK, "--confirm", STACK)
        say("8. Delete the retained buckets and their objects")
        self.run("destroy", STACK, "--confirm", STACK, "--delete-data")

    def deploy(self, *options: str) -> None:
        """Deploy the stack, and write its outputs to a file."""
        self.run("deploy", STACK, *OPTIONS, *options, "--json", into=OUTPUTS)

    def output(self, name: str) -> str:
        """Return an output of the stack."""
        value: str = json.loads((self.folder / OUTPUTS).read_text(encoding="utf-8"))["outputs"][name]
        return value

    def run(self, *words: str, into: str | None = None, expected: int = 0) -> None:
        """Print a command as a user would type it, and run it.

        `into` is the file for its standard output, and `expected` its exit code.

        Raises:
            Error: The exit code is a different one.
        """
        redirection = f" >{into}" if into else ""
        line(f"{style(CYAN)}$ {program.command(*map(shlex.quote, words))}{redirection}{style(PLAIN)}")
        command = [sys.executable, "-m", program.PACKAGE, *words]
        with contextlib.ExitStack() as stack:
            target = stack.enter_context((self.folder / into).open("w")) if into else None
            # an interruption kills the command: the local cloud ends too, so there is nothing to clean up
            done = subprocess.run(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=target, check=False)
        if done.returncode != expected:
            raise Error(f"The command above ended with exit code {done.returncode} instead of {expected}.")

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Return the answer of the local cloud to a call."""
        return getattr(import_module("boto3").client(service), operation)(**arguments)


def say(text: str) -> None:
    """Print the title of a step."""
    line(f"\n{style(BOLD)}# {text}{style(PLAIN)}")


def show(*words: str) -> None:
    """Print a line of the answer of a service."""
    line(f"    {' '.join(words)}")


def line(text: str) -> None:
    """Print a line before the next command prints."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def style(code: str) -> str:
    """Return a code for the terminal, or nothing if no colors can be used."""
    return code if coloured(sys.stdout) else ""
