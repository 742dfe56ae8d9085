"""The wheel of the package, installed into an empty environment outside the checkout, as users install it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import venvs

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "deploy,policy"
# The lock with the libraries of these extras. The environment that is made from it has no package of ours.
LOCK = "deploy"


@dataclass(frozen=True)
class Installation:
    """An environment with the package from its wheel, and a home folder of its own."""

    folder: Path

    @property
    def programs(self) -> Path:
        return self.folder / "environment" / "bin"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a user's shell in which the environment is active, without access to the checkout."""
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.defpath}",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
        }

    def run(self, *words: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, such as `smtemplates`, and return its result."""
        done = subprocess.run(
            [str(self.programs / words[0]), *words[1:]],
            cwd=cwd,
            env={**(env or {}), **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


def build(folder: Path) -> Path:
    """Build the wheel without a network connection, and return its path."""
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(words, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installation:
    """Install a wheel into a new environment, with the libraries of its extras from the lock.

    The environment reads the libraries from another environment, which is installed once for all tests. pip fails if
    the wheel needs a library or a version that the lock does not have.
    """
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    (folder / "home").mkdir()
    libraries, packages = (
        sysconfig.get_path("purelib", vars={"base": str(base)})
        for base in (venvs.prepare(LOCK).parents[1], environment)
    )
    Path(packages, "libraries.pth").write_text(libraries, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--no-index", "--quiet"]
    # pip skips installed libraries, also those that only the .pth file adds
    subprocess.run([*pip, f"smtemplates[{EXTRAS}] @ {wheel.as_uri()}"], check=True)
    return Installation(folder)
