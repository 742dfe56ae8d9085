"""The locked environments that the tests need, and which of them are missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
# The locks that scripts/test installs, each with the copy of it that scripts/venv leaves in .venv.
INSTALLED = {
    "uv": ("uv.txt", "uv.installed"),
    "dev": ("dev.txt", "dev.installed"),
    "images": ("images.txt", "images.installed"),
    "npm": ("npm/package-lock.json", "npm/package-lock.json"),
}


def missing(environment: Path = Path(sys.prefix)) -> list[str]:
    """Return the locks that are not installed in an environment, or not in their current version."""
    return [
        name
        for name, (lock, installed) in INSTALLED.items()
        if not (environment / installed).is_file()
        or (environment / installed).read_bytes() != (REQUIREMENTS / lock).read_bytes()
    ]


def sentence(names: Sequence[str], environment: Path = Path(sys.prefix)) -> str:
    """Return the sentence that names the missing locks and the command that installs them."""
    return (
        f"{environment} lacks the current version of {' and '.join(names)} (see requirements/), which the tests need: "
        f"in bash, run '. scripts/venv {' '.join(INSTALLED)}' and then .venv/bin/pytest."
    )
