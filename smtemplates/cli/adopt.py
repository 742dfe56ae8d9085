"""Adopt the resources of a Terraform state, and print or write the result."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from smtemplates.adopt.adoption import adopt
from smtemplates.adopt.buckets import compare
from smtemplates.adopt.hcl import read_values
from smtemplates.adopt.kinds import ROLES
from smtemplates.adopt.release import release
from smtemplates.adopt.report import Report, as_json, as_text, files
from smtemplates.adopt.stack_table import DEFAULT_NAME, places, stack_table
from smtemplates.adopt.state import read_state
from smtemplates.console.files import reason_of, write
from smtemplates.errors import UsageError

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")


def run(options: argparse.Namespace) -> int:
    """Print the result, or write it into a folder, and return 1 if data would be lost."""
    folder = Path(options.output) if options.output else None
    if folder:
        _check_folder(folder)
    report = _report(options)
    if folder:
        _write(folder, files(report))
    if options.json:
        print(as_json(report))
    else:
        print(as_text(report), end="")
        if not folder:
            print("\nsmtemplates.toml", report.table, "removed.tf", report.release.removed, sep="\n\n", end="")
            print("\nThe same as commands\n", *report.release.commands, sep="\n")
    return int(report.adoption.loses_data)


def _report(options: argparse.Namespace) -> Report:
    """Return the result.

    Raises:
        UsageError: A file cannot be read, or several resources can have one role.
    """
    stack = options.stack or DEFAULT_NAME
    if not _STACK.fullmatch(stack):
        raise UsageError(
            f"'{stack}' is not a valid stack name. Use letters, digits and hyphens, and start with a letter."
        )
    instances = read_state(Path(options.state))
    found = adopt(
        instances,
        wanted={role: name for role in ROLES if (name := getattr(options, f"use_{role}"))},
        variables=read_values(Path(options.tfvars)) if options.tfvars else {},
        copied=options.copied,
    )
    values = found.settings.values
    return Report(
        stack=stack,
        table=stack_table(stack, *places(instances), values),
        adoption=found,
        buckets=compare(instances, found.roles, values.get("KmsKeyArn", "")),
        release=release(instances, found.handed_over),
    )


def _check_folder(folder: Path) -> None:
    """Check that a folder is empty or does not exist.

    Raises:
        UsageError: It contains files, or is not a folder.
    """
    try:
        occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise UsageError(f"Cannot read {folder}: {reason_of(error)}.") from error
    if occupied:
        raise UsageError(f"{folder} is not empty. Specify a new or empty folder: nothing is overwritten.")


def _write(folder: Path, content: dict[str, str]) -> None:
    for name, text in content.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"Cannot create the folder {path.parent}: {reason_of(error)}.") from error
        write(path, text)
        print(path, file=sys.stderr)
