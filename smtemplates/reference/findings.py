"""Findings of scanners that are accepted, for reviewers. The tests compare them with the reports of the scanners."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import yaml

from smtemplates.core.assets import read_asset

# The scanners, by the names of their rules.
SCANNERS = {
    r"CKV2?_AWS_\d+": "checkov",
    r"AwsSolutions-\w+": "cdk-nag AwsSolutions",
    r"NIST\.800\.53\.R5-\w+": "cdk-nag NIST 800-53 R5",
    r"[a-z0-9_]+_check": "Control Tower",
    r"[A-Z0-9_]+": "Guard Rules Registry",
}


@dataclass(frozen=True)
class Finding:
    """A finding: its control, the rules that report it with the resources, and the reason why it is accepted.

    Without rules, it is a finding of other scanners, which the tests do not run.
    A resource is a logical ID, or a pattern such as '*Policy'. `where` contains regular expressions that match the
    complete values of parameters. `parameters` resolve the finding.
    """

    control: str
    reason: str
    rules: Mapping[str, tuple[str, ...]]
    parameters: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """Whether the control is offered by parameters or waived."""
        return "Offered" if self.parameters else "Waived"

    def covering(self, rule: str, resource: str, parameters: Mapping[str, Any]) -> set[str]:
        """Return the entries of this row that accept the report of a rule on a resource, with these parameters."""
        for name, pattern in self.where.items():
            if name not in parameters or not re.fullmatch(pattern, str(parameters[name])):
                return set()
        return {entry for entry in self.rules.get(rule, ()) if fnmatchcase(resource, entry)}


def scanner(rule: str) -> str:
    """Return the scanner with this rule."""
    return next(name for pattern, name in SCANNERS.items() if re.fullmatch(pattern, rule))


@functools.cache
def findings() -> tuple[Finding, ...]:
    """Return the accepted findings, sorted by control."""
    rows: list[dict[str, Any]] = yaml.safe_load(read_asset(__package__, "findings.yaml"))
    return tuple(sorted(_read(rows), key=lambda finding: finding.control.lower()))


def _read(rows: list[dict[str, Any]]) -> Iterator[Finding]:
    for row in rows:
        rules = {rule: tuple(resources) for rule, resources in row.get("rules", {}).items()}
        yield Finding(**{**row, "rules": rules, "parameters": tuple(row.get("parameters", ()))})
