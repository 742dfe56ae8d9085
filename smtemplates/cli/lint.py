"""The command `lint`, and the validation of templates that `render` shares with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from smtemplates.aws_data.regions import ALL_REGIONS, DEFAULT_REGIONS, UNKNOWN_REGIONS
from smtemplates.console.files import read, reason_of
from smtemplates.errors import MissingError, UsageError
from smtemplates.linting.linter import Finding, grouped, lint
from smtemplates.policy import check_policy
from smtemplates.synth.loader import load, parse
from smtemplates.templates.workspace.features import feature_of

MOST_NAMED = 5  # parts in one line


@dataclass(frozen=True)
class Verdict:
    """The result for one template: whether there are findings, and the subjects that were not evaluated."""

    has_findings: bool
    not_evaluated: tuple[str, ...]

    def __str__(self) -> str:
        """Return the words for a template without findings, which always name the parts that were not evaluated."""
        if not self.not_evaluated:
            return "no findings"
        named = ", ".join(self.not_evaluated[:MOST_NAMED])
        more = len(self.not_evaluated) - MOST_NAMED
        return f"no findings (not evaluated: {named}{f' and {more} more' if more > 0 else ''})"


def lint_files(options: argparse.Namespace) -> int:
    """Validate each file and print its findings on standard output; return 1 if there are any.

    With --strict, return 1 also if a part of a template was not evaluated.
    """
    wrong = False
    for file in options.files:
        text = _standard_input() if file == "-" else read(Path(file))
        _check_readable(text, file)
        verdict = report(options, text, "<stdin>" if file == "-" else file, {}, sys.stdout)
        if not verdict.has_findings:
            print(f"{file}: {verdict}", file=sys.stderr)
        wrong |= verdict.has_findings or (options.strict and bool(verdict.not_evaluated))
    report_unknown_regions(options)
    return int(wrong)


def report(
    options: argparse.Namespace, text: str, name: str, sources: Mapping[tuple[str, str], str], to: TextIO
) -> Verdict:
    """Validate a template and print each finding with the Python file to fix.

    Parts that were not evaluated are printed on standard error, because they are not findings.
    """
    regions = ALL_REGIONS if options.all_regions else options.region or DEFAULT_REGIONS
    findings = lint(text, name=name, regions=regions, cache=not options.no_cache)
    violations, not_evaluated = _check_policy(options, text, name)
    findings += violations
    for finding in grouped(replace(finding, source=_origin(finding, sources)) for finding in findings):
        print(finding, file=to)
    return Verdict(bool(findings), tuple(not_evaluated))


def report_unknown_regions(options: argparse.Namespace) -> None:
    """Print the requested Regions for which cfn-lint uses the schemas of us-east-1."""
    requested = UNKNOWN_REGIONS if options.all_regions else options.region or ()
    if unknown := ", ".join(region for region in requested if region in UNKNOWN_REGIONS):
        print(f"{unknown}: validated as us-east-1, because cfn-lint has no separate schemas", file=sys.stderr)


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


def _check_policy(options: argparse.Namespace, text: str, name: str) -> tuple[list[Finding], list[str]]:
    """Check a template against the policy files; return the violations, and the subjects that were not evaluated.

    The latter are printed on standard error. A check that is not possible is printed once for all templates, and fails
    if a file was named.
    """
    try:
        findings = check_policy(
            text, name=name, policies=options.policy, ours=not options.no_policy, cache=not options.no_cache
        )
    except UsageError as error:
        if options.policy or str(error) != _invalid_section(text):
            raise
        print(f"{name}: policy check not possible: {error}", file=sys.stderr)
        return [], ["policy rules"]
    except MissingError as error:
        if options.policy:
            raise UsageError(f"{name}: policy check not possible: {error}") from error
        if not getattr(options, "is_reported", False):
            print(f"{name}: policy check not possible: {error}", file=sys.stderr)
        options.is_reported = True
        return [], ["policy rules"]
    parts = [finding for finding in findings if not finding.evaluated]
    for finding in parts:
        print(finding, file=sys.stderr)
    return [finding for finding in findings if finding.evaluated], [finding.subject for finding in parts]


def _invalid_section(text: str) -> str:
    """Return the sentence about a section that contains something else than definitions, or ''."""
    try:
        load(text)
    except UsageError as error:
        return str(error)
    return ""


def _origin(finding: Finding, sources: Mapping[tuple[str, str], str]) -> str:
    """Return the Python file that built the subject of a finding, and how to leave an optional feature out."""
    source = sources.get(finding.logical) if finding.logical else None
    if not source:
        return ""
    feature = feature_of(source.removesuffix(".py").replace("/", "."))
    return f"{source}; --without {feature} leaves it out" if feature else source
