"""The findings that stand: each waiver names a rule, resources, the parameters it counts under, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Finding:
    """Hold what a scanner says of a resource, in the stack that some parameters make."""

    rule: str
    resource: str
    choice: dict[str, str]
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Waiver:
    """Hold what is let pass; `where` has patterns that values of parameters must match whole."""

    scanner: str
    rule: str
    resources: tuple[str, ...]
    reason: str
    where: tuple[tuple[str, str], ...] = ()

    def covers(self, finding: Finding) -> bool:
        """Tell whether it lets a finding pass."""
        its = finding.parameters
        return (
            finding.rule == self.rule
            and finding.resource in self.resources
            and all(re.fullmatch(pattern, str(its[name])) for name, pattern in self.where)
        )


def waivers(scanner: str) -> list[Waiver]:
    """Read those of one scanner."""
    rows = yaml.safe_load(Path(__file__).with_name("waivers.yaml").read_text(encoding="utf-8"))
    found = [
        Waiver(**{**row, "resources": tuple(row["resources"]), "where": tuple(row.get("where", {}).items())})
        for row in rows
    ]
    return [waiver for waiver in found if waiver.scanner == scanner]


def complaints(scanner: str, findings: Iterable[Finding]) -> list[str]:
    """Say which findings no waiver covers, and which waivers cover nothing any more, resource by resource."""
    known = waivers(scanner)
    said: dict[str, dict[str, str]] = {}
    used = set()
    for finding in findings:
        covering = [waiver for waiver in known if waiver.covers(finding)]
        used |= {(waiver, finding.resource) for waiver in covering}
        if not covering:
            said.setdefault(f"{scanner} {finding.rule}: {finding.resource}", finding.choice)
    idle = [(one, name) for one in known for name in one.resources if (one, name) not in used]
    new = [f"{what}, with {choice or 'no parameter'}" for what, choice in said.items()]
    return [*new, *(f"{one.scanner} {one.rule}: nothing is left to waive for {name}" for one, name in idle)]
