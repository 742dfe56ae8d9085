"""The reports of scanners, compared with the tables of the reference in both directions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from smtemplates.reference.controls import CONTROLS
from smtemplates.reference.findings import findings, scanner


@dataclass(frozen=True)
class Report:
    """A rule of a scanner that a resource of a stack violates, with the parameters of that stack."""

    rule: str
    resource: str
    choice: dict[str, str]
    parameters: dict[str, Any]


def problems(scanners: Collection[str], checked: Collection[str], reports: Iterable[Report]) -> list[str]:
    """Return messages about the differences between the tables of the reference and the reports of the scanners.

    `checked` contains all rules that apply to a resource, also those that no resource violates.
    """
    accepted = [finding for finding in findings() if any(scanner(rule) in scanners for rule in finding.rules)]
    met = {rule for control in CONTROLS for rule in control.rules if scanner(rule) in scanners}
    new: dict[str, dict[str, str]] = {}
    used = set()
    for report in reports:
        covering = {
            (each.control, report.rule, entry)
            for each in accepted
            for entry in each.covering(report.rule, report.resource, report.parameters)
        }
        used |= covering
        if not covering:
            new.setdefault(f"{report.rule}: {report.resource}", report.choice)
    listed = {
        (finding.control, rule, resource)
        for finding in accepted
        for rule, resources in finding.rules.items()
        if scanner(rule) in scanners
        for resource in resources
    }
    explained = met | {rule for _, rule, _ in listed}
    return [
        *(f"{finding}, with {choice or 'default parameters'}" for finding, choice in new.items()),
        *(f"{rule}: {name} has no such finding ({control})" for control, rule, name in sorted(listed - used)),
        *(f"{rule}: met, but no control names this rule" for rule in sorted({*checked} - explained)),
        *(f"{rule}: a control names this rule, which checks no resource" for rule in sorted(met - {*checked})),
        *(f"{rule}: a control and a finding name this rule" for rule in sorted(met & {rule for _, rule, _ in listed})),
    ]
