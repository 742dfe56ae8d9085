"""Read and write the files that a user specifies, with errors for the user."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smtemplates.console.signals import uninterrupted
from smtemplates.errors import UsageError


def read(path: Path) -> str:
    """Return the content of a text file.

    Raises:
        UsageError: The file cannot be read or is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {reason_of(error)}.") from error


def write(path: Path, text: str) -> None:
    """Write a complete file or nothing, also when a signal arrives, so that no reader finds half a template.

    Raises:
        UsageError: The file cannot be written.
    """
    temporary = path.parent / f".{path.name}.{os.getpid()}"
    with uninterrupted():
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise UsageError(f"Cannot write {path}: {reason_of(error)}.") from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


def create_folder(folder: Path) -> None:
    """Create a folder if it does not exist. Its parent must exist, so that a typing error cannot create many folders.

    Raises:
        UsageError: The folder cannot be created.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot create the folder {folder}: {reason_of(error)}.") from error


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Return the reason of an error of a file in words."""
    return error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"
