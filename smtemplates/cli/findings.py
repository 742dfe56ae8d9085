"""Print the findings as text, and write them in the format that the options select."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from smtemplates import __version__
from smtemplates.console.files import write
from smtemplates.errors import UsageError
from smtemplates.linting.formats.documents import document
from smtemplates.linting.formats.run import Checked, Run
from smtemplates.linting.linter import grouped

POLICY_RULES = "policy rules"
"""The subject if no policy rule could be checked. The sentence about it is printed when that is found out."""
SUFFIXES = {".json": "json", ".sarif": "sarif"}


def format_of(options: argparse.Namespace) -> str:
    """Return the format of the findings."""
    suffix = Path(options.findings_output or "").suffix
    return str(options.findings_format or SUFFIXES.get(suffix, "text"))


def check_findings_options(options: argparse.Namespace, files: Iterable[Path]) -> None:
    """Check that the findings can be written, before anything else is done. `files` are the templates of the command.

    Raises:
        UsageError: The folder of the file does not exist, or the file is a template.
    """
    if not options.findings_output:
        return
    output = Path(options.findings_output)
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"Cannot write {output}: specify a file in an existing folder with --findings-output.")
    if output.resolve() in {file.resolve() for file in files}:
        raise UsageError(f"--findings-output would overwrite the template {output}. Specify another file.")


def shows_text(options: argparse.Namespace) -> bool:
    """Return whether the findings are printed as text."""
    return bool(options.findings_output) or format_of(options) == "text"


def print_findings(options: argparse.Namespace, checked: Checked, to: TextIO) -> None:
    """Print the findings in one template as text, unless they are printed in another format at the end.

    Parts that were not evaluated are printed on standard error, because they are not findings.
    """
    if shows_text(options):
        for part in checked.not_evaluated:
            if part.subject != POLICY_RULES:
                print(part, file=sys.stderr)
        for finding in grouped(checked.violations):
            print(finding, file=to)


def write_findings(options: argparse.Namespace, checked: Sequence[Checked], regions: Sequence[str], note: str) -> None:
    """Write the findings of a run in the format and to the file of the options; `note` is about the whole run.

    Raises:
        UsageError: The file cannot be written.
    """
    if not options.findings_output and format_of(options) == "text":
        return  # already printed
    run = Run(checked=checked, regions=regions, notes=[note] if note else [], version=__version__)
    text = document(format_of(options), run)
    if options.findings_output:
        write(Path(options.findings_output), text)
    else:
        sys.stdout.write(text)
