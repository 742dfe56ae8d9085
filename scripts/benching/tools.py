"""Install other tools and an earlier state of this repository for comparison, into .venv-bench."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from benching import NotMeasuredError
from benching.measure import ROOT

TOOLS = ROOT / ".venv-bench"
CDK = ("aws-cdk-lib@2.276.0", "constructs@10.8.1", "aws-cdk@2.1148.1")
SAM = "aws-sam-cli==1.170.0"
AWS = "awscli==1.46.3"
BASE = "2e801e4d0d5d1dd965137142a2074f3e9fdbdc29"
"""The commit before the work on speed, which some rows compare with."""


def aws() -> str:
    """Return the path of an AWS CLI of version 1 in a separate environment."""
    return _tool("aws", AWS, "aws")


def sam() -> str:
    """Return the path of a SAM CLI in a separate environment."""
    return _tool("sam", SAM, "sam")


def cdk() -> Path:
    """Return the folder of Node.js modules that contains the CDK."""
    npm = shutil.which("npm")
    if not npm:
        raise NotMeasuredError("npm is not installed.")
    home = TOOLS / "cdk"
    if not (home / "node_modules" / ".bin" / "cdk").exists():
        install([npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(home), *CDK])
    return home / "node_modules"


def user_python() -> str:
    """Return Python in the environment of users: with the packages of requirements/render.txt, and no others.

    A package that only developers have can slow cfn-lint down.
    """
    home = TOOLS / "user"
    lock = ROOT / "requirements" / "render.txt"
    stamp = home / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock.read_text(encoding="utf-8"):
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        pip(home, "--require-hashes", "--no-deps", "-r", str(lock))
        shutil.copyfile(lock, stamp)
    return str(home / "bin" / "python")


def base() -> Path:
    """Return a checkout of the commit `BASE`, without an environment.

    Raises:
        NotMeasuredError: The history does not contain it, for example in a shallow clone.
    """
    home = TOOLS / f"base-{BASE[:12]}"
    if not home.exists():
        unfinished = home.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        install(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(unfinished)])
        install(["git", "-C", str(unfinished), "-c", "advice.detachedHead=false", "checkout", "--quiet", BASE])
        unfinished.rename(home)
    return home


def pip(home: Path, *words: str) -> None:
    """Install packages into a virtual environment."""
    install([str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words])


def install(words: Sequence[str], *, quiet: bool = False) -> None:
    """Run a command that installs something, and print it first unless `quiet` is True.

    Raises:
        NotMeasuredError: It failed.
    """
    if not quiet:
        print(f"installing: {' '.join(words)}", file=sys.stderr)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no output"]
        raise NotMeasuredError(f"The installation failed: {lines[-1]}")


def _tool(name: str, requirement: str, program: str) -> str:
    home = TOOLS / name
    path = home / "bin" / program
    if not path.exists():
        venv.create(home, with_pip=True)
        pip(home, requirement)
    return str(path)
