"""Files that a user names: read and written with errors that say what to mend."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smtemplates.console.signals import uninterrupted
from smtemplates.errors import UsageError


def read(path: Path) -> str:
    """Read a file of text; what cannot be read is the user's to mend, in one sentence."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {why(error)}.") from error


def write(path: Path, text: str) -> None:
    """Write a whole file or none: a reader never sees half a template."""
    beside = path.parent / f".{path.name}.{os.getpid()}"
    with uninterrupted():
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            raise UsageError(f"Cannot write {path}: {why(error)}.") from error
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()


def make(folder: Path) -> None:
    """Make a folder, in one that is there: a typing error in a path makes no tree of folders."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot make the folder {folder}: {why(error)}.") from error


def why(error: OSError | UnicodeDecodeError) -> str:
    """Say in words what went wrong with a file."""
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"
