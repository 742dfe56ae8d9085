"""The wheel of the package, installed into an empty environment outside the checkout, as users install it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

import forked
import processes
import venvs
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = "deploy,policy"
# The lock with the libraries of these extras. The environment that is made from it does not contain the package.
LOCK = "deploy"


@dataclass(frozen=True)
class Installation:
    """An environment with the package from its wheel, and its own home folder."""

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
        command = [str(self.programs / words[0]), *words[1:]]
        return processes.run(command, {**(env or {}), **self.environment}, cwd)

    def fork(self) -> forked.Server:
        """Run the installed package in processes that the server forks, until another installation replaces it."""
        program, entry = self.programs / "smtemplates", self.folder / "entry" / "smtemplates"
        entry.parent.mkdir(exist_ok=True)
        program.replace(entry)
        server = forked.Server(self.programs / "python", self.environment)
        server.write_program(program, [entry])
        server.write_program(
            self.programs / "python", [], [["-m", name] for name in ("smtemplates", "pytest", "awscli")]
        )
        return server


def build(folder: Path) -> Path:
    """Build the wheel without a network connection, once for all tests of this process, and return its path."""
    return Path(shutil.copy(_built(), folder))


@cache
def _built() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    words = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, str(ROOT)]
    subprocess.run(words, check=True, capture_output=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path, tools: Iterable[str] = ()) -> Installation:
    """Install a wheel into a new environment, with the libraries of its extras from the lock.

    The environment reads the libraries from another environment, which is installed once for all tests. pip fails if
    the wheel needs a library or a version that the lock does not have. `tools` are installed libraries of the tests
    that the environment also receives, such as pytest.
    """
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    (folder / "home").mkdir()
    libraries, packages = (
        sysconfig.get_path("purelib", vars={"base": str(base)})
        for base in (venvs.prepare(LOCK).parents[1], environment)
    )
    Path(packages, "libraries.pth").write_text(libraries, encoding="utf-8")
    for found in _closure(tools).values():
        _link(found, Path(packages))
    pip = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--no-index", "--quiet"]
    # pip skips installed libraries, also those that only the .pth file adds
    subprocess.run([*pip, f"smtemplates[{EXTRAS}] @ {wheel.as_uri()}"], check=True)
    return Installation(folder)


def _closure(names: Iterable[str]) -> dict[str, Distribution]:
    """Return installed libraries by their names, with all libraries that they need."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found[name] = distribution(name)
            needed = map(Requirement, found[name].requires or ())
            waiting += [each.name for each in needed if not each.marker or each.marker.evaluate({"extra": ""})]
    return found


def _link(found: Distribution, packages: Path) -> None:
    """Link the modules and the metadata of a library into the folder of an environment's libraries."""
    for top in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
        (packages / top).symlink_to(Path(str(found.locate_file(top))))
