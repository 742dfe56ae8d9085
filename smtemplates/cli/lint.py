"""The command `lint`: validate files, or templates that it builds."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.cli.config import project_of
from smtemplates.cli.findings import check_findings_options, print_findings
from smtemplates.cli.validation import Subject, report, validation
from smtemplates.config.problems import shown_file, unknown
from smtemplates.config.templates import names, rendered, resolve
from smtemplates.console.files import read, reason_of
from smtemplates.errors import UsageError
from smtemplates.linting.formats.run import STANDARD_INPUT
from smtemplates.synth.loader import parse
from smtemplates.templates.registry import is_file

if TYPE_CHECKING:
    from smtemplates.config.project import Project


def lint_files(options: argparse.Namespace) -> int:
    """Validate each file or template and print its findings on standard output; return 1 if there are any.

    With --strict, return 1 also if a part of a template was not evaluated.
    """
    check_findings_options(options, [Path(file) for file in options.files if file != "-"])
    subjects, unreadable = _subjects(options)
    checked = []
    with validation(options, subjects) as results:
        for file, one in zip(options.files, results, strict=False):
            print_findings(options, one, sys.stdout)
            if not one.violations:
                print(f"{file}: {one}", file=sys.stderr)
            checked.append(one)
    if unreadable:
        raise unreadable
    report(options, checked)
    return int(any(one.violations or (options.strict and one.not_evaluated) for one in checked))


def _subjects(options: argparse.Namespace) -> tuple[list[Subject], UsageError | None]:
    """Return the templates up to the first unreadable file, and its error, which is reported after their findings."""
    subjects: list[Subject] = []
    for file in options.files:
        try:
            subject = _subject(options, file)
            _check_readable(subject.text, file)
        except UsageError as error:
            return subjects, error
        subjects.append(subject)
    return subjects, None


def _subject(options: argparse.Namespace, file: str) -> Subject:
    """Return the template in a file, or the template with a name if there is no such file.

    Raises:
        UsageError: The file cannot be read, or the template cannot be built.
    """
    if file == "-":
        return Subject(text=_standard_input(), name=STANDARD_INPUT)
    if not is_file(file) and not Path(file).exists():
        project = project_of(options)
        if file not in names(project):
            message = unknown("file or template", file, names(project))
            raise UsageError(f"{message[0].upper()}{message[1:]}")
        built = resolve(file, project)
        text = rendered(built)
        shown = _rendered_file(project, file, text)
        return Subject(text=text, name=shown, sources=built.sources, policies=built.policies)
    return Subject(text=read(Path(file)), name=file)


def _rendered_file(project: Project | None, name: str, text: str) -> str:
    """Return the file of a template in the output folder if it is up to date, because its lines can be shown there.

    Otherwise return the name of the template.
    """
    file = project.file(project.output) / f"{name}.yaml" if project else Path("templates") / f"{name}.yaml"
    is_current = file.is_file() and file.read_text(encoding="utf-8", errors="replace") == text
    return shown_file(file) if is_current else name


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read standard input: {reason_of(error)}.") from error


def _check_readable(text: str, file: str) -> None:
    """Reject unreadable text with a better message than cfn-lint's, and text that would crash cfn-lint's parser.

    An entry of a section that is not a definition is a finding of cfn-lint, with its line.
    """
    try:
        parse(text)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
