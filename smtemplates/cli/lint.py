"""The command `lint`, and the validation of templates that `render` shares with it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from smtemplates.aws_data.regions import ALL_REGIONS, DEFAULT_REGIONS, UNKNOWN_REGIONS
from smtemplates.console.files import read, reason_of
from smtemplates.errors import Error, MissingError, UsageError
from smtemplates.linting.linter import Finding, grouped, lint
from smtemplates.policy import NOT_EVALUATED, check_policy
from smtemplates.synth.loader import load
from smtemplates.templates.workspace.features import feature_of


def lint_files(options: argparse.Namespace) -> int:
    """Validate each file and print its findings on standard output; return 1 if there are any."""
    wrong = False
    for file in options.files:
        text = _standard_input() if file == "-" else read(Path(file))
        _check_readable(text, file)
        found = report(options, text, "<stdin>" if file == "-" else file, {}, sys.stdout)
        if not found:
            print(f"{file}: no findings", file=sys.stderr)
        wrong |= found
    report_unknown_regions(options)
    return int(wrong)


def report(
    options: argparse.Namespace, text: str, name: str, sources: Mapping[tuple[str, str], str], to: TextIO
) -> bool:
    """Validate a template and print each finding with the Python file to fix; return whether there are any."""
    regions = ALL_REGIONS if options.all_regions else options.region or DEFAULT_REGIONS
    findings = lint(text, name=name, regions=regions, cache=not options.no_cache)
    if options.policy or not options.no_policy:
        findings += _policy_findings(options, text, name)
    for finding in grouped(replace(finding, source=_origin(finding, sources)) for finding in findings):
        print(finding, file=to)
    return bool(findings)


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
    """Reject unreadable text with a better message than cfn-lint's, and text that would crash cfn-lint's parser."""
    try:
        load(text)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def _policy_findings(options: argparse.Namespace, text: str, name: str) -> list[Finding]:
    """Check a template against the policy files; report a check that is not possible, and fail if a file was named.

    Conditions and rules that were not evaluated are reported too, on standard error.
    """
    try:
        findings = check_policy(
            text, name=name, policies=options.policy, ours=not options.no_policy, cache=not options.no_cache
        )
    except UsageError:
        raise
    except Error as error:
        if options.policy:
            raise UsageError(f"{name}: policy check not possible: {error}") from error
        options.no_policy = isinstance(error, MissingError)  # report a missing package once for all templates
        hint = "" if options.no_policy else " (--no-policy turns the check off)"
        print(f"{name}: policy check not possible: {error}{hint}", file=sys.stderr)
        return []
    not_evaluated = [finding for finding in findings if finding.rule == NOT_EVALUATED]
    for finding in not_evaluated:
        print(finding, file=sys.stderr)
    return [finding for finding in findings if finding not in not_evaluated]


def _origin(finding: Finding, sources: Mapping[tuple[str, str], str]) -> str:
    """Return the Python file that built the subject of a finding, and how to leave an optional feature out."""
    source = sources.get(finding.logical) if finding.logical else None
    if not source:
        return ""
    feature = feature_of(source.removesuffix(".py").replace("/", "."))
    return f"{source}; --without {feature} leaves it out" if feature else source
