"""The tests report an environment that is not installed, before any test fails because of it."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import environments
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Create a folder with the files that scripts/venv leaves after the installation of all locks."""
    for lock, copy in environments.INSTALLED.values():
        (tmp_path / copy).parent.mkdir(exist_ok=True)
        shutil.copy(environments.REQUIREMENTS / lock, tmp_path / copy)
    return tmp_path


def test_installed_locks_are_not_missing(installed: Path) -> None:
    """An environment with the current version of each lock is complete."""
    assert environments.missing(installed) == []


@pytest.mark.parametrize("name", environments.INSTALLED)
def test_missing_and_outdated_locks_are_named(installed: Path, name: str) -> None:
    """A lock is missing if it was never installed, or if it changed after its installation."""
    copy = installed / environments.INSTALLED[name][1]
    copy.write_text("an older version", encoding="utf-8")
    assert environments.missing(installed) == [name]
    copy.unlink()
    assert environments.missing(installed) == [name]


def test_scripts_test_installs_every_lock() -> None:
    """The command in the message is the command that scripts/test runs."""
    assert f". scripts/venv {' '.join(environments.INSTALLED)}\n" in (ROOT / "scripts" / "test").read_text()


@pytest.mark.parametrize("options", [[], ["-n", "1"]])
def test_pytest_names_the_missing_locks_and_the_command(tmp_path: Path, options: list[str]) -> None:
    """Without the environments, pytest prints one sentence and runs no test."""
    venv.create(tmp_path, symlinks=True)
    (packages,) = tmp_path.glob("lib/python3*/site-packages")
    (packages / "development.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    shutil.copy(environments.REQUIREMENTS / "dev.txt", tmp_path / "dev.installed")
    command = [str(tmp_path / "bin" / "python"), "-m", "pytest", "-p", "no:cacheprovider", *options, __file__]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (2, "")
    assert done.stderr == (
        f"Exit: {tmp_path} lacks the current version of uv and images and npm (see requirements/), which the tests "
        "need: in bash, run '. scripts/venv uv dev images npm' and then .venv/bin/pytest.\n"
    )


def test_pytest_shows_its_help_without_environments(tmp_path: Path) -> None:
    """The check does not prevent options that run no test."""
    venv.create(tmp_path, symlinks=True)
    (packages,) = tmp_path.glob("lib/python3*/site-packages")
    (packages / "development.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    command = [str(tmp_path / "bin" / "python"), "-m", "pytest", "--help"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
