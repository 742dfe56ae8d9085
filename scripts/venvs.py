"""Environments beside .venv, for tools whose dependencies would not fit in there."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def prepare(name: str, modules: Mapping[str, str] | None = None) -> Path:
    """Make .venv-NAME from requirements/NAME.txt once, again when that changes, and return its Python.

    `modules` are more files to import there, by their names.
    """
    home, lock = ROOT / f".venv-{name}", ROOT / "requirements" / f"{name}.txt"
    home.mkdir(exist_ok=True)
    with (home / "lock").open("w") as held:
        # tests that run side by side come here at the same time
        fcntl.flock(held, fcntl.LOCK_EX)
        python, stamp = home / "bin" / "python", home / "installed.txt"
        if not (stamp.is_file() and stamp.read_bytes() == lock.read_bytes()):
            print(f"installing {name} into .venv-{name} ...", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*pip, "-r", str(lock)], check=True)
            packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
            for module, code in (modules or {}).items():
                (packages / module).write_text(code, encoding="utf-8")
            stamp.write_bytes(lock.read_bytes())
    return python
