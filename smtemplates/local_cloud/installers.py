"""Install locked packages into a new virtual environment: with uv, or with venv and pip."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from smtemplates.errors import UsageError

# Variables of the user's shell that would install into a different place.
IGNORED = frozenset(
    {
        "PIP_PREFIX",
        "PIP_REQUIRE_VIRTUALENV",
        "PIP_ROOT",
        "PIP_TARGET",
        "PYTHONHOME",
        "PYTHONPATH",
        "UV_PYTHON",
        "UV_SYSTEM_PYTHON",
        "VIRTUAL_ENV",
        "__PYVENV_LAUNCHER__",
    }
)


# The characters with which uv draws the causes of an error as a tree.
TREE = " \t\u00d7\u2502\u251c\u2570\u2500\u25b6"


class InstallationError(Exception):
    """Report that one installer failed, with the reason that it printed."""


@dataclass(frozen=True)
class Installer:
    """A program that creates an environment. In its commands, {folder} and {lock} are replaced by paths."""

    name: str
    commands: tuple[tuple[str, ...], ...]

    def install(self, folder: Path, lock: Path, file: int) -> None:
        """Run the commands. They inherit a descriptor, so that they hold its lock until they end.

        Raises:
            InstallationError: A command failed or could not be started.
        """
        for command in self.commands:
            words = [word.replace("{folder}", str(folder)).replace("{lock}", str(lock)) for word in command]
            try:
                code, output = _run(words, folder.parent, file)
            except OSError as error:
                raise InstallationError(f"{words[0]}: {error.strerror}") from error
            if code:
                raise InstallationError(_reason(output.splitlines()))


def _run(words: Sequence[str], directory: Path, file: int) -> tuple[int, str]:
    """Run a command, and return its exit code and its output. An interruption ends all processes that it started."""
    environment = {name: value for name, value in os.environ.items() if name not in IGNORED}
    with subprocess.Popen(
        words,
        cwd=directory,  # so that no configuration of the user's project applies
        env={**environment, "PIP_USER": "0", "PIP_NO_INPUT": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[file],
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            # pip installs in a second process, which does not hold the lock
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()  # until the last of them has ended
            raise
    return process.returncode, output


def installers(title: str) -> list[Installer]:
    """Return the installers of this computer, the fastest first.

    Raises:
        UsageError: There is none.

    Source: https://docs.astral.sh/uv/reference/cli/#uv-pip-install
    Source: https://pip.pypa.io/en/stable/cli/pip/#cmdoption-python
    """
    python = "{folder}/bin/python"
    # The lock contains all dependencies. Python compiles the modules that it imports.
    locked = ("--quiet", "--require-hashes", "--no-deps", "-r", "{lock}")
    options = ("--disable-pip-version-check", "install", "--no-compile", *locked)
    found = []
    if uv := shutil.which("uv"):
        venv = (uv, "venv", "--quiet", "--no-project", "--python", sys.executable, "{folder}")
        sync = (uv, "pip", "install", "--python", python, *locked)
        found.append(Installer("uv", (venv, sync)))
    create = (sys.executable, "-I", "-m", "venv", "{folder}")
    if find_spec("venv") and _has_pip():
        # faster than ensurepip, which takes longer than the installation of the packages
        own_pip = (sys.executable, "-m", "pip", "--python", python, *options)
        found.append(Installer("pip", ((*create, "--without-pip"), own_pip)))
    elif find_spec("venv") and find_spec("ensurepip"):
        found.append(Installer("pip", (create, (python, "-I", "-m", "pip", *options))))
    if not found:
        raise UsageError(
            f"To install {title}, smtemplates needs uv, or the modules venv and ensurepip of {sys.executable}. "
            "Install uv (https://docs.astral.sh/uv/), or on Debian or Ubuntu run this: sudo apt install python3-venv"
        )
    return found


def _has_pip() -> bool:
    """Return whether this Python has pip 23 or newer, which can install into a different environment."""
    try:
        return int(import_module("pip").__version__.partition(".")[0]) >= 23  # noqa: PLR2004
    except (ImportError, ValueError):
        return False


def _reason(lines: Sequence[str]) -> str:
    """Return the reason in the output of an installer: its first error, and the cause of that error."""
    texts = [text for line in lines if (text := line.strip(TREE))]
    first = next((text for text in texts if text.lower().startswith("error:")), texts[0] if texts else "no output")
    last = texts[-1] if texts else first
    return first if last == first or first.lower().startswith("error:") else f"{first}: {last}"
