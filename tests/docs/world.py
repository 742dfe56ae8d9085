"""Where the documentation's commands are run: a copy of the checkout, a local cloud, and what the commands name."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploying.local_aws import Aws
from deploying.proxy import serving
from publishing.service_catalog import ServiceCatalog

from docs.text import ROOT, arguments_of
from smtemplates.local_cloud import environment
from smtemplates.local_cloud.lifecycle import running

PROMPT = re.compile(r"\[y/N\] \Z|\((\S+)\): \Z")
LONGEST_SECONDS = 120
IGNORED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "dist")
PARAMETERS = "ProjectName: churn\nNotebookIdleMinutes: 30\n"
POLICY = "rule described { Description exists }\n"
CATALOG = """
Resources: {Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}
Outputs: {ProductId: {Value: %s}}
"""
PRODUCT = "prod-abcdefghijklm"


def borrow(source: Path, target: Path, lock: Path, stamp: str) -> None:
    """Give a checkout another's installed libraries as if it had installed them itself; what it notes is its own."""
    target.mkdir()
    for name in ("bin", "lib", "lib64", "npm"):
        if (source / name).exists():
            (target / name).symlink_to(source / name)
    shutil.copy(source / "pyvenv.cfg", target)
    shutil.copy(lock, target / stamp)


@dataclass(frozen=True)
class World:
    """A copy of the checkout, and a cloud that its commands reach; `kept` is what they exported."""

    folder: Path
    aws: Aws
    catalog: ServiceCatalog

    @property
    def kept(self) -> Path:
        return self.folder.with_name("environment")

    def begin(self) -> None:
        """Begin as somebody does who has just cloned: nothing is exported, and nothing was rendered yet."""
        self.kept.write_text("")
        (self.folder / ".venv" / "render.installed").unlink(missing_ok=True)

    @property
    def environment(self) -> dict[str, str]:
        home, programs = (str(self.folder.with_name(name)) for name in ("home", "bin"))
        ours = {"HOME": home, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(self.folder)}
        given = {name: value for name, value in self.aws.environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**given, **ours, "AWS_ENDPOINT_URL": self.catalog.url, "KEPT": str(self.kept)}

    def run(self, command: str) -> tuple[int, str]:
        """Run a command in the shell of those before it, as a person who agrees to all it asks; give what it prints."""
        text = f'. "$KEPT"\n{command}\ncode=$?; export -p >"$KEPT"; exit $code'
        master, slave = pty.openpty()
        try:
            with subprocess.Popen(
                ["/bin/bash", "-c", text],
                cwd=self.folder,
                env=self.environment,
                stdin=slave,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ) as process:
                told = _conversation(process, master)
        finally:
            os.close(master)
            os.close(slave)
        return process.returncode, told

    def give(self, command: str) -> None:
        """Make what a command names and takes to exist: files, buckets, stacks and products."""
        if arguments := arguments_of(command):
            self._files(arguments)
            self._cloud(arguments)

    def _files(self, arguments: Namespace) -> None:
        for path in getattr(arguments, "parameters", []):
            (self.folder / path).write_text(PARAMETERS)
        for path in getattr(arguments, "policy", []):
            (self.folder / path).write_text(POLICY)
        for path in getattr(arguments, "files", []):
            shutil.copy(ROOT / "templates" / "workspace.yaml", self.folder / path)

    def _cloud(self, arguments: Namespace) -> None:
        if bucket := getattr(arguments, "staging_bucket", None):
            self.aws.client("s3").create_bucket(Bucket=bucket)
        if product := getattr(arguments, "product", None):
            self.catalog.products.setdefault(product, [])
        if stack := getattr(arguments, "catalog", None):
            if self.aws.status(stack) is None:
                self.aws.client("cloudformation").create_stack(StackName=stack, TemplateBody=CATALOG % PRODUCT)
            self.catalog.products.setdefault(self.aws.outputs(stack)["ProductId"], [])
        if arguments.__dict__.get("command") in {"destroy", "status", "outputs", "drift"}:
            self._stack(arguments.stack)

    def _stack(self, name: str) -> None:
        if self.aws.status(name) is None:
            code, told = self.run(f"scripts/deploy.py deploy {name} --create-staging-bucket --yes")
            assert code == 0, told


def _conversation(process: subprocess.Popen[bytes], terminal: int) -> str:
    """Read what a process prints until it ends, and answer what it asks."""
    assert process.stdout
    told = ""
    while True:
        if not select.select([process.stdout], [], [], LONGEST_SECONDS)[0]:
            process.kill()
            raise AssertionError(f"this hangs after printing:\n{told}")
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            return told
        told += chunk.decode()
        if asked := PROMPT.search(told):
            os.write(terminal, f"{asked.group(1) or 'y'}\n".encode())


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Make a copy of the checkout and a cloud for it, and end what its commands have left running."""
    copy = folder / "smtemplates"
    shutil.copytree(ROOT, copy, ignore=IGNORED)
    (folder / "home").mkdir()
    (folder / "bin").mkdir()
    # the help says 'python', which is the one of .venv once that is active
    (folder / "bin" / "python").write_text(f'#!/bin/sh\nexec {copy}/.venv/bin/python "$@"\n')
    (folder / "bin" / "python").chmod(0o755)
    environment.prepare()
    locks = copy / "requirements"
    borrow(Path(sys.prefix), copy / ".venv", locks / "dev.txt", "dev.installed")
    borrow(environment.VENV, copy / ".venv-local-cloud", locks / "local-cloud.txt", "installed.txt")
    with running() as url, serving(ServiceCatalog(url)) as catalog:
        made = World(copy, Aws(url), catalog)
        try:
            yield made
        finally:
            made.run("scripts/local_cloud.py stop")
    assert catalog.complaints == []
