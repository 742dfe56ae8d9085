"""The place of a configuration file. Without one, commands need no other module of this package."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

FILE = "smtemplates.toml"


def find_project(start: Path) -> Path | None:
    """Return the configuration file of a folder: that of the folder itself, or of the nearest folder above it."""
    for folder in (start, *start.absolute().parents):
        with suppress(PermissionError):  # a folder that the user cannot read contains no file for the user
            if (folder / FILE).is_file():
                return folder / FILE
    return None
