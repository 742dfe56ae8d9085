"""The command `lint`, and the validation of templates that `render` shares with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.aws_data.regions import ALL_REGIONS, DEFAULT_REGIONS, UNKNOWN_REGIONS
from smtemplates.cli.config import project_of
from smtemplates.cli.findings import POLICY_RULES, check_findings_options, print_findings, write_findings
from smtemplates.config.problems import shown_file, unknown
from smtemplates.config.templates import names, rendered, resolve
from smtemplates.console.files import read, reason_of
from smtemplates.errors import MissingError, UsageError
from smtemplates.linting.formats.run import STANDARD_INPUT, Checked
from smtemplates.linting.linter import NOT_EVALUATED, Finding, grouped, lint
from smtemplates.linting.sources import function_line
from smtemplates.policy import check_policy
from smtemplates.synth.loader import load, parse
from smtemplates.templates.registry import is_file
from smtemplates.templates.workspace.features import feature_of

if TYPE_CHECKING:
    from smtemplates.config.project import Project


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A template to validate: its text, and the name for its findings. The rest is as for `check`."""

    text: str
    name: str
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)
    policies: Sequence[Path] = ()


def lint_files(options: argparse.Namespace) -> int:
    """Validate each file or template and print its findings on standard output; return 1 if there are any.

    With --strict, return 1 also if a part of a template was not evaluated.
    """
    check_findings_options(options, [Path(file) for file in options.files if file != "-"])
    checked = []
    for file in options.files:
        subject = _subject(options, file)
        _check_readable(subject.text, file)
        one = check(options, subject.text, subject.name, subject.sources, subject.policies)
        print_findings(options, one, sys.stdout)
        if not one.violations:
            print(f"{file}: {one}", file=sys.stderr)
        checked.append(one)
    report(options, checked)
    return int(any(one.violations or (options.strict and one.not_evaluated) for one in checked))


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


def check(
    options: argparse.Namespace,
    text: str,
    name: str,
    sources: Mapping[tuple[str, str], str],
    policies: Sequence[Path] = (),
) -> Checked:
    """Validate a template. `sources` are the Python files that built each (section, name) of it.

    `policies` are policy files in addition to those of the options.
    """
    findings = lint(text, name=name, regions=_regions(options), cache=not options.no_cache)
    findings += _check_policy(options, text, name, [*options.policy, *policies])
    return Checked(name, tuple(_with_source(finding, sources) for finding in grouped(findings, each_line=True)))


def report(options: argparse.Namespace, checked: Sequence[Checked]) -> None:
    """Write the findings of all templates if the options ask for a document; report Regions without schemas."""
    requested = UNKNOWN_REGIONS if options.all_regions else options.region or ()
    unknown = ", ".join(region for region in requested if region in UNKNOWN_REGIONS)
    note = f"{unknown}: validated as us-east-1, because cfn-lint has no separate schemas" if unknown else ""
    if note:
        print(note, file=sys.stderr)
    write_findings(options, checked, _regions(options), note)


def _regions(options: argparse.Namespace) -> Sequence[str]:
    return ALL_REGIONS if options.all_regions else options.region or DEFAULT_REGIONS


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


def _check_policy(options: argparse.Namespace, text: str, name: str, policies: Sequence[Path | str]) -> list[Finding]:
    """Check a template against the policy files.

    A check that is not possible is printed once for all templates, and fails if a file was named.
    """
    try:
        return check_policy(text, name=name, policies=policies, ours=not options.no_policy, cache=not options.no_cache)
    except UsageError as error:
        if policies or str(error) != _invalid_section(text):
            raise
        reason, is_reported = str(error), False
    except MissingError as error:
        if policies:
            raise UsageError(f"{name}: policy check not possible: {error}") from error
        reason, is_reported = str(error), getattr(options, "is_reported", False)
        options.is_reported = True
    if not is_reported:
        print(f"{name}: policy check not possible: {reason}", file=sys.stderr)
    message = f"{POLICY_RULES}: not evaluated: {reason}"
    return [Finding(file=name, line=1, column=1, rule=NOT_EVALUATED, severity="informational", message=message)]


def _invalid_section(text: str) -> str:
    """Return the sentence about a section that contains something else than definitions, or ''."""
    try:
        load(text)
    except UsageError as error:
        return str(error)
    return ""


def _with_source(finding: Finding, sources: Mapping[tuple[str, str], str]) -> Finding:
    """Add the Python file that built the subject of a finding, and how to leave an optional feature out."""
    source = sources.get(finding.logical) if finding.logical else None
    if not source:
        return finding
    feature = feature_of(source.removesuffix(".py").replace("/", "."))
    advice = f"--without {feature} leaves it out" if feature else ""
    return replace(finding, source=source, source_line=function_line(source), advice=advice)
