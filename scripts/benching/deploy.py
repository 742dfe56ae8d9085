"""Figures of the deployer, with the local cloud in place of AWS."""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

from benching.measure import ROOT, Command, Make, Row
from benching.render import WORKSPACE
from benching.tools import aws

STAGING = "bench-staging"


def _python(title: str, *words: str) -> Make:
    def command(_: Path) -> Command:
        return Command(title, [sys.executable, *words])

    return command


@cache
def cloud() -> dict[str, str]:
    """Start a local AWS with one bucket, stop it at exit, and return its environment variables."""
    script = str(ROOT / "scripts" / "local_cloud.py")
    output = subprocess.run([sys.executable, script, "start"], capture_output=True, text=True, check=True).stdout
    atexit.register(subprocess.run, [sys.executable, script, "stop"], capture_output=True, check=True)
    environment = dict(shlex.split(line)[1].split("=", 1) for line in output.splitlines() if line.startswith("export "))
    create = ["s3api", "create-bucket", "--bucket", STAGING]
    subprocess.run([aws(), *create], env={**os.environ, **environment}, capture_output=True, check=True)
    return environment


def _plan(_: Path) -> Command:
    script = str(ROOT / "scripts" / "deploy.py")
    options = ["--template", str(WORKSPACE), "--staging-bucket", STAGING]
    words = [sys.executable, script, "plan", "bench-smtemplates", *options]
    return Command("deploy.py plan", words, environment=cloud())


def _aws_deploy(_: Path) -> Command:
    options = ["--stack-name", "bench-aws-cli", "--template-file", str(WORKSPACE), "--capabilities", "CAPABILITY_IAM"]
    words = [aws(), "cloudformation", "deploy", "--no-execute-changeset", *options, "--s3-bucket", STAGING]
    return Command("aws cloudformation deploy --no-execute-changeset", words, environment=cloud())


ROWS = (
    Row(
        "deploy-help",
        _python("deploy.py --help", str(ROOT / "scripts" / "deploy.py"), "--help"),
        _python("import boto3", "-c", "import boto3"),
        1.3,
    ),
    Row("plan", _plan, _aws_deploy, 0.7),
)
