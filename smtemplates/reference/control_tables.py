"""The tables of security controls, and of the rules of scanners that verify them or whose findings are accepted."""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.reference.controls import CONTROLS
from smtemplates.reference.findings import findings, scanner
from smtemplates.reference.markdown import code, prose, table


def controls() -> Iterator[str]:
    """Yield the table of controls."""
    yield (
        "The last column lists facts that have not been verified in a live account. If it is empty, the test verifies "
        "the whole control.\n"
    )
    yield table(
        ("Control", "Implementation", "Test", "Not verified in a live account"),
        ((each.requirement, each.implementation, code(each.test), each.unverified) for each in CONTROLS),
    )


def accepted_findings() -> Iterator[str]:
    """Yield the table of findings that are accepted."""
    yield (
        "Scanners report that a stack does not meet these controls. Parameters offer some of them. The others are "
        "waived for all stacks.\n"
    )
    yield table(
        ("Control", "Result", "Parameters", "Reason"),
        ((each.control, each.result, ", ".join(map(code, each.parameters)), prose(each.reason)) for each in findings()),
    )


def scanner_rules() -> Iterator[str]:
    """Yield the table of all rules, sorted by name."""
    yield (
        "These are all rules of checkov, of cdk-nag (AwsSolutions and NIST 800-53 R5), of the Guard Rules Registry and "
        "of the proactive controls of Control Tower that apply to a resource of our templates. If a rule is met, no "
        "stack violates it. Otherwise, the rule reports the listed resources, and the table of accepted findings "
        "contains the control.\n"
    )
    met = [(rule, "Met", "", control.requirement) for control in CONTROLS for rule in control.rules]
    accepted = [
        (rule, each.result, ", ".join(map(code, resources)), each.control)
        for each in findings()
        for rule, resources in each.rules.items()
    ]
    yield table(
        ("Rule", "Scanner", "Result", "Resources", "Control"),
        ((code(rule), scanner(rule), *others) for rule, *others in sorted(met + accepted, key=_by_name)),
    )


def _by_name(row: tuple[str, ...]) -> str:
    return row[0].lower()
