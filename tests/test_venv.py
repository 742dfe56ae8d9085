"""scripts/venv installs the same packages with each program, and continues after an interruption or a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions, version
from pathlib import Path

import install_lock
import pytest
from clouds.installing import WHEEL, bare, wheel, write_lock
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
FOUND = "import smtemplates, tiny; print(smtemplates.__file__); print(tiny.__file__)"
# Files that name the program that installed a package.
OF_INSTALLER = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json"}


@dataclass
class Checkout:
    """A checkout with one lock file, which contains a package of a few bytes, and the programs on the PATH."""

    folder: Path
    programs: Path

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    @property
    def stamp(self) -> Path:
        return self.venv / "tiny.installed"

    @property
    def lock(self) -> Path:
        return self.folder / "requirements" / "tiny.txt"

    def use_uv(self) -> None:
        """Add uv to the PATH."""
        (self.programs / "uv").symlink_to(Path(sys.executable).with_name("uv"))

    def install(self, python: Path | str = sys.executable) -> tuple[int, list[str]]:
        """Read scripts/venv in a shell as a user does, and return the exit code and the lines of its messages."""
        home = str(self.folder.parent)
        done = subprocess.run(
            ["bash", "-c", ". scripts/venv tiny"],
            cwd=self.folder,
            env={
                "PATH": f"{self.programs}{os.pathsep}{os.defpath}",
                "HOME": home,
                "PYTHON": str(python),
                "PIP_CONFIG_FILE": os.devnull,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    def imported(self) -> list[Path]:
        """Return the files of the package and of smtemplates that the Python of .venv imports in a different folder."""
        command = [str(self.venv / "bin" / "python"), "-c", FOUND]
        return [Path(word) for word in subprocess.check_output(command, cwd="/", text=True).splitlines()]

    def installed(self) -> dict[str, dict[str, str]]:
        """Return the files of each installed distribution with their hashes."""
        (packages,) = self.venv.glob("lib/python3*/site-packages")
        return {f"{found.name} {found.version}": _files(found) for found in distributions(path=[str(packages)])}


def _files(found: Distribution) -> dict[str, str]:
    return {
        str(file): file.hash.value if file.hash else "" for file in found.files or () if file.name not in OF_INSTALLER
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "a checkout", tmp_path / "programs")
    for folder in ("scripts", "requirements", "smtemplates"):
        (made.folder / folder).mkdir(parents=True)
    made.programs.mkdir()
    for script in ("venv", "install_lock.py"):
        shutil.copy(ROOT / "scripts" / script, made.folder / "scripts")
    (made.folder / "smtemplates" / "__init__.py").touch()
    (tmp_path / WHEEL).write_bytes(wheel())
    write_lock(made.lock, (tmp_path / WHEEL).as_uri(), wheel())
    return made


INSTALLING = "installing requirements/tiny.txt into .venv ..."


def test_uv_and_pip_install_the_same_files(checkout: Checkout) -> None:
    """Both programs create an environment with the same packages. A second run installs nothing."""
    results = []
    for program in ("pip", "uv"):
        if program == "uv":
            checkout.use_uv()
        assert checkout.install() == (0, [INSTALLING])
        package, tiny = checkout.imported()
        assert (package.parent.parent, tiny.is_relative_to(checkout.venv)) == (checkout.folder, True)
        assert checkout.install() == (0, [])
        results.append(checkout.installed())
        shutil.rmtree(checkout.venv)
    assert results[0] == results[1]
    assert list(results[0]) == ["tiny 1.0"]


def test_half_an_environment_is_completed(checkout: Checkout) -> None:
    """An installation that was interrupted while it created the environment continues in the next run."""
    venv.create(checkout.venv, symlinks=True)  # without pip, and without the file for the package of the checkout
    assert checkout.install() == (0, [INSTALLING])
    assert len(checkout.imported()) == 2


def test_failed_installation_is_repeated(checkout: Checkout) -> None:
    """A package with a wrong hash is not installed. The last message contains the fix, and the next run tries again."""
    right = checkout.lock.read_text(encoding="utf-8")
    write_lock(checkout.lock, (checkout.folder.parent / WHEEL).as_uri(), b"a different wheel")
    code, messages = checkout.install()
    assert (code, messages[0]) == (1, INSTALLING)
    assert messages[-1] == (
        "the packages of requirements/tiny.txt could not be installed; check the network and the package index, and "
        "repeat the command"
    )
    assert not checkout.stamp.exists()
    checkout.lock.write_text(right, encoding="utf-8")
    assert checkout.install()[0] == 0


def test_python_without_pip(checkout: Checkout, tmp_path: Path) -> None:
    """Without pip and ensurepip, one sentence says what to install. uv needs neither."""
    python = bare(tmp_path / "bare")
    code, messages = checkout.install(python)
    assert (code, messages) == (
        2,
        [
            INSTALLING,
            f"'{python}' has neither pip nor ensurepip; install uv (https://docs.astral.sh/uv/) or a Python with pip",
        ],
    )
    checkout.use_uv()
    assert checkout.install(python) == (0, [INSTALLING])


@pytest.mark.parametrize("lock", [path.stem for path in sorted((ROOT / "requirements").glob("*.txt"))])
def test_two_processes_of_pip_install_all_requirements(lock: str) -> None:
    """Each requirement is in one half with all its hashes."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    first, second = install_lock.halves(text)
    assert (first + second).splitlines() == lines
    assert all(half[:1].isalnum() or not half for half in (first, second))


@pytest.mark.slow
def test_old_pip_of_python_is_not_used(checkout: Checkout, tmp_path: Path) -> None:
    """A pip that cannot install into a different environment is replaced by the pip that Python contains."""
    (tmp_path / "old" / "pip").mkdir(parents=True)
    (tmp_path / "old" / "pip" / "__init__.py").write_text('__version__ = "22.0.2"\n', encoding="utf-8")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}/old" exec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    assert checkout.install(python) == (0, [INSTALLING])
    assert {"tiny 1.0", "pip"} <= {name if name == "tiny 1.0" else name.split()[0] for name in checkout.installed()}


def test_unsuitable_python(checkout: Checkout, tmp_path: Path) -> None:
    """One sentence names a Python that is too old or missing."""
    code, messages = checkout.install(tmp_path / "python2")
    assert (code, len(messages)) == (2, 1)
    assert messages[0].startswith(f"smtemplates requires Python 3.10 or newer, but '{tmp_path}/python2' is not")
    assert not checkout.venv.exists()


def test_environment_of_the_tests_contains_the_locked_versions() -> None:
    """Each package of the lock for this Python and platform is installed in its locked version."""
    text = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
    lines = [line.rstrip("\\ ") for line in text.splitlines() if line[:1].isalnum()]
    needed = [each for each in map(Requirement, lines) if not each.marker or each.marker.evaluate()]
    wrong = [str(each) for each in needed if not each.specifier.contains(version(each.name), prereleases=True)]
    assert (len(needed) > 100, wrong) == (True, [])
