"""Figures of a fresh machine: scripts/render from a clone without an environment to validated templates.

The commit HEAD is compared, without changes that are not committed. The packages come from the cache or the index that
pip and uv use, which are the same for both. The first run of each, which is not measured, fills the caches.
"""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from benching import NotMeasuredError
from benching.measure import ROOT, Command, Make, Measure, Row
from benching.tools import BASE, install


def _clone(folder: Path, commit: str) -> None:
    """Create a clone of a commit again, without an environment and without compiled modules."""
    shutil.rmtree(folder, ignore_errors=True)
    install(["git", "clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(folder / "clone")], quiet=True)
    install(["git", "-C", str(folder / "clone"), "checkout", "--quiet", "--detach", commit], quiet=True)


def _render(commit: str, *, uv: bool) -> Make:
    def command(folder: Path) -> Command:
        home = folder / f"fresh-{commit}"
        found = [str(path) for path in map(Path, os.get_exec_path()) if not (path / "uv").is_file()]
        environment = {
            "PATH": os.pathsep.join([str(_uv().parent), *found] if uv else found),
            "PYTHON": str(Path(sys.base_prefix, "bin", "python3")),
            "XDG_CACHE_HOME": str(home / "cache"),
            **({"UV_CACHE_DIR": str(folder / "uv")} if uv else {}),
        }
        title = f"scripts/render in a clone of {commit[:7]}{' with uv' if uv else ''}"
        return Command(title, ["scripts/render"], (0,), environment, home / "clone", partial(_clone, home, commit))

    return command


def _uv() -> Path:
    found = Path(sys.executable).with_name("uv")
    if not found.is_file():
        raise NotMeasuredError("uv is not installed in .venv. In bash, run: . scripts/venv uv")
    return found


ROWS = tuple(
    Row(name, _render("HEAD", uv=uv), _render(BASE, uv=uv), 0.5, measure=Measure.WALL)
    for name, uv in (("fresh", False), ("fresh-uv", True))
)
