"""Accepted findings: each waiver names a rule, its resources, the parameters to which it applies, and the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Finding:
    """A finding of a scanner for a resource of a stack, with the parameters of that stack."""

    rule: str
    resource: str
    choice: dict[str, str]
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Waiver:
    """An accepted finding. `where` contains patterns that must match the complete values of parameters."""

    scanner: str
    rule: str
    resources: tuple[str, ...]
    reason: str
    where: tuple[tuple[str, str], ...] = ()

    def covers(self, finding: Finding) -> bool:
        """Return whether this waiver applies to a finding."""
        return (
            finding.rule == self.rule
            and finding.resource in self.resources
            and all(re.fullmatch(pattern, str(finding.parameters[name])) for name, pattern in self.where)
        )


def waivers(scanner: str) -> list[Waiver]:
    """Return the waivers for one scanner."""
    rows = yaml.safe_load(Path(__file__).with_name("waivers.yaml").read_text(encoding="utf-8"))
    listed = [
        Waiver(**{**row, "resources": tuple(row["resources"]), "where": tuple(row.get("where", {}).items())})
        for row in rows
    ]
    return [waiver for waiver in listed if waiver.scanner == scanner]


def problems(scanner: str, findings: Iterable[Finding]) -> list[str]:
    """Return messages about findings without a waiver, and about waivers without a finding, for each resource."""
    known = waivers(scanner)
    choices: dict[str, dict[str, str]] = {}
    used = set()
    for finding in findings:
        covering = [waiver for waiver in known if waiver.covers(finding)]
        used |= {(waiver, finding.resource) for waiver in covering}
        if not covering:
            choices.setdefault(f"{scanner} {finding.rule}: {finding.resource}", finding.choice)
    unused = [(waiver, name) for waiver in known for name in waiver.resources if (waiver, name) not in used]
    new = [f"{finding}, with {choice or 'default parameters'}" for finding, choice in choices.items()]
    return [*new, *(f"{waiver.scanner} {waiver.rule}: the waiver for {name} is unused" for waiver, name in unused)]
