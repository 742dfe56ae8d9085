"""Figures of the deployer, with the local cloud in place of AWS."""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benching.measure import ROOT, Command, Make, Row
from benching.render import WORKSPACE
from benching.tools import TOOLS, aws, base

STAGING = "bench-staging"


def _python(title: str, *words: str) -> Make:
    def command(_: Path) -> Command:
        return Command(title, [sys.executable, *words])

    return command


@cache
def cloud() -> dict[str, str]:
    """Start a local AWS with one bucket, stop it at exit, and return its environment variables.

    It is not that of the user, whose data would be deleted.
    """
    script = [sys.executable, str(ROOT / "scripts" / "local_cloud.py")]
    own = {**os.environ, "XDG_CACHE_HOME": str(TOOLS / "cache")}
    output = subprocess.run([*script, "start"], env=own, capture_output=True, text=True, check=True).stdout
    atexit.register(subprocess.run, [*script, "stop"], env=own, capture_output=True, check=True)
    environment = dict(shlex.split(line)[1].split("=", 1) for line in output.splitlines() if line.startswith("export "))
    create = ["s3api", "create-bucket", "--bucket", STAGING]
    subprocess.run([aws(), *create], env={**os.environ, **environment}, capture_output=True, check=True)
    return environment


def _plan(checkout: Callable[[], Path]) -> Make:
    def command(_: Path) -> Command:
        options = ["--template", str(WORKSPACE), "--staging-bucket", STAGING]
        words = [sys.executable, "-m", "smtemplates", "plan", "bench-smtemplates", *options]
        return Command("plan", words, environment={**cloud(), "PYTHONPATH": str(checkout())}, folder=checkout())

    return command


def _smtemplates(*words: str) -> Make:
    return _python(f"smtemplates {' '.join(words)}", "-m", "smtemplates", *words)


def _aws_deploy(_: Path) -> Command:
    options = ["--stack-name", "bench-aws-cli", "--template-file", str(WORKSPACE), "--capabilities", "CAPABILITY_IAM"]
    words = [aws(), "cloudformation", "deploy", "--no-execute-changeset", *options, "--s3-bucket", STAGING]
    return Command("aws cloudformation deploy --no-execute-changeset", words, environment=cloud())


_START = _python("start of Python", "-c", "pass")
_SDK = _python("import boto3", "-c", "import boto3")

ROWS = (
    Row("help", _smtemplates("--help"), _SDK, 0.15, start=_START),
    Row("version", _smtemplates("--version"), _SDK, 0.15, start=_START),
    Row("plan", _plan(lambda: ROOT), _aws_deploy, 0.70, 0.60),
    Row("plan-base", _plan(lambda: ROOT), _plan(base), 1.0),
)
