"""Create a new project. Its files are written without overwriting anything."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from smtemplates.config import templates
from smtemplates.config.init.project_files import ASSETS, PIPELINES, RENDERED
from smtemplates.config.location import FILE
from smtemplates.config.reader import read_project
from smtemplates.console.files import reason_of
from smtemplates.console.signals import uninterrupted
from smtemplates.errors import UsageError


def create_project(folder: Path, ci: str) -> list[Path]:
    """Write the files of a new project into a folder, which is created if it does not exist, and return their paths.

    The rendered template is one of the files, so that the steps of the pipeline succeed in the new project. `ci` is a
    key of PIPELINES. If writing fails or is interrupted, the files that were written are deleted.

    Raises:
        UsageError: A file exists already or cannot be written. Nothing was written.
    """
    assets = {folder / asset.path: asset for asset in ASSETS if asset.service in {"", *PIPELINES[ci]}}
    _check(folder, [*assets, folder / RENDERED])
    with uninterrupted():
        _write(folder, {path: asset.text(_project_name(folder)) for path, asset in assets.items()})
    return [*assets, folder / RENDERED]


def _project_name(folder: Path) -> str:
    """Return the name of a folder, without the characters that the name of a project cannot contain."""
    return re.sub(r"^[^A-Za-z0-9]+|[^A-Za-z0-9._-]", "", folder.resolve().name)[:128] or "project"


def _check(folder: Path, paths: list[Path]) -> None:
    """Raise an error that names all files that exist already.

    Raises:
        UsageError: A file exists, the folder is a file, or its parent does not exist.
    """
    if not folder.is_dir() and not folder.parent.is_dir():
        raise UsageError(
            f"There is no folder {folder.parent}. Create it first: a new project can only be created in an existing "
            "folder, or in a new folder inside one."
        )
    # a link to a file that does not exist is also a file of the user
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    folders = {parent for path in paths for parent in path.parents if parent == folder or folder in parent.parents}
    existing += sorted(path for path in folders if (path.exists() or path.is_symlink()) and not path.is_dir())
    if existing:
        raise UsageError(
            f"Nothing was written, because {'this file exists' if len(existing) == 1 else 'these files exist'}: "
            f"{', '.join(map(str, existing))}. Specify a different folder, or move the existing files away."
        )


def _write(folder: Path, texts: Mapping[Path, str]) -> None:
    """Write all files and the rendered template, or nothing. A file that has appeared since the check is not replaced.

    Raises:
        UsageError: A file cannot be written.
    """
    created: list[Path] = []
    try:
        for path, text in texts.items():
            _create(path, text, created)
        _create(folder / RENDERED, _rendered(folder), created)
    except BaseException as error:
        for made in reversed(created):
            with suppress(OSError):
                made.rmdir() if made.is_dir() else made.unlink()
        if isinstance(error, UsageError):
            raise UsageError(f"{error} Nothing was written.") from error
        raise


def _create(path: Path, text: str, created: list[Path]) -> None:
    """Write a new file, and add it and its new folders to those that were created."""
    try:
        for folder in reversed([each for each in path.parents if not each.exists()]):
            folder.mkdir()
            created.append(folder)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            created.append(path)
            file.write(text)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {reason_of(error)}.") from error


def _rendered(folder: Path) -> str:
    """Return the text of the template of a new project."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # a new project contains no compiled code
    try:
        built = templates.resolve(RENDERED.stem, read_project(folder / FILE))
        text = templates.rendered(built)
    finally:
        sys.dont_write_bytecode = before
    return text
