"""Validate templates with cfn-lint and the policy rules, in several processes if that is faster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from smtemplates.aws_data.regions import ALL_REGIONS, DEFAULT_REGIONS, UNKNOWN_REGIONS
from smtemplates.cli.findings import POLICY_RULES, write_findings
from smtemplates.console.processes import Processes, most_processes
from smtemplates.errors import Error, MissingError, UsageError
from smtemplates.linting.formats.run import Checked
from smtemplates.linting.linter import NOT_EVALUATED, Check, Finding, Row, grouped, lint_check, load_linter
from smtemplates.linting.sources import function_line
from smtemplates.policy import policy_check
from smtemplates.synth.loader import load
from smtemplates.templates.workspace.features import feature_of

Run = Callable[[Check], list[Row]]
"""Runs a check, or waits for the process that runs it."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A template to validate: its text, and the name for its findings.

    `sources` are the Python files that built each (section, name) of it. `policies` are policy files in addition to
    those of the options.
    """

    text: str
    name: str
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)
    policies: Sequence[Path] = ()


@contextmanager
def validation(options: argparse.Namespace, subjects: Sequence[Subject]) -> Iterator[Iterator[Checked]]:
    """Validate templates. The block receives their findings, in the order of the templates.

    With several processors, child processes check the templates. Findings that are stored need no process.
    """
    lints = [_lint(options, subject) for subject in subjects]
    policies = [_policy(options, subject) for subject in subjects]
    largest_first = sorted(zip(subjects, lints, strict=True), key=lambda pair: len(pair[0].text), reverse=True)
    with _processes(
        [check for _, check in largest_first if check.stored is None],
        [check for check in policies if isinstance(check, Check) and check.stored is None],
    ) as run:
        yield map(partial(_checked, options, run), subjects, lints, policies)


@contextmanager
def _processes(lints: Sequence[Check], policies: Sequence[Check]) -> Iterator[Run]:
    """Start child processes, unless this process alone is as fast or a copy of it is not safe.

    One process applies the policy rules to all templates. This process loads the linter meanwhile, which all later
    processes share.
    """
    most = most_processes()
    if most == 1 or len(lints) + bool(policies) <= 1:
        yield lambda check: check.run()
        return
    with Processes[list[Row]](most) as processes:
        if policies:
            processes.submit("the policy rules", {check: check.run for check in policies})
        if lints:
            load_linter()
        for check in lints:
            processes.submit(check.name, {check: check.run})
        yield processes.result


def _checked(
    options: argparse.Namespace, run: Run, subject: Subject, lint: Check, policy: Check | Error | None
) -> Checked:
    findings = lint.findings(run) + _policy_findings(options, run, subject, policy)
    return Checked(
        subject.name, tuple(_with_source(finding, subject.sources) for finding in grouped(findings, each_line=True))
    )


def _lint(options: argparse.Namespace, subject: Subject) -> Check:
    return lint_check(subject.text, name=subject.name, regions=_regions(options), cache=not options.no_cache)


def _policy(options: argparse.Namespace, subject: Subject) -> Check | Error | None:
    """Return the check of the policy rules, or the error that prevents it, or None if no rules apply."""
    if options.no_policy and not _files(options, subject):
        return None
    try:
        return policy_check(
            subject.text,
            name=subject.name,
            policies=_files(options, subject),
            ours=not options.no_policy,
            cache=not options.no_cache,
        )
    except Error as error:
        return error


def _files(options: argparse.Namespace, subject: Subject) -> list[Path]:
    return [*options.policy, *subject.policies]


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


def _policy_findings(
    options: argparse.Namespace, run: Run, subject: Subject, policy: Check | Error | None
) -> list[Finding]:
    """Return the violations of policy rules in a template.

    A check that is not possible is printed once for all templates, and fails if a file was named.
    """
    name, is_required = subject.name, bool(_files(options, subject))
    try:
        if isinstance(policy, Error):
            raise policy
        return policy.findings(run) if policy else []
    except UsageError as error:
        if is_required or str(error) != _invalid_section(subject.text):
            raise
        reason, is_reported = str(error), False
    except MissingError as error:
        if is_required:
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
