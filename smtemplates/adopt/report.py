"""Write the result for a person and for a program."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.adopt.adoption import Adoption, Decision
from smtemplates.adopt.buckets import Setting
from smtemplates.adopt.kinds import MEANINGS, Outcome
from smtemplates.adopt.release import Release
from smtemplates.console.columns import folded
from smtemplates.console.program import command

SCHEMA = 1
_ORDER = (Outcome.COPY, Outcome.REUSE, Outcome.RECREATE, Outcome.KEEP)

_RELEASE = (
    "In the Terraform configuration, delete the blocks of the resources under Reuse, and add removed.tf. Replace "
    "references to them with values. Run terraform plan, which must destroy nothing, and then terraform apply."
)
_DELETE = (
    "Copy the data under Copy first, and delete the blocks of the resources under Recreate and Copy first. terraform "
    "apply then deletes these resources."
)
_DESTROY = (
    "Do not run terraform destroy while the configuration contains resources under Keep in Terraform to which the "
    "stack refers."
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that the command reports. `table` is the configuration file with the stack."""

    stack: str
    table: str
    adoption: Adoption
    buckets: Sequence[Setting]
    release: Release


def as_value(report: Report) -> dict[str, Any]:
    """Return the report for a program."""
    adoption = report.adoption
    return {
        "schema": SCHEMA,
        "loses_data": adoption.loses_data,
        "resources": [
            {
                "address": one.instance.label,
                "outcome": one.outcome.value,
                "reason": one.reason,
                "commands": list(one.commands),
            }
            for one in adoption.decisions
        ],
        "stack": report.stack,
        "parameters": [
            {"name": name, "value": value, "origin": adoption.settings.origins[name]}
            for name, value in adoption.settings.values.items()
        ],
        "notes": adoption.settings.notes,
        "buckets": [vars(setting) for setting in report.buckets],
        "release": {
            "removed": report.release.removed,
            "commands": list(report.release.commands),
            "imports": report.release.imports,
            "partial": list(report.release.partial),
        },
        "configuration": report.table,
    }


def as_json(report: Report) -> str:
    """Return the report as JSON."""
    return json.dumps(as_value(report), indent=2, ensure_ascii=False)


def as_text(report: Report) -> str:
    """Return the report for a person: the resources, the parameters, the buckets, and what to do."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    for outcome in _ORDER:
        yield from _group(outcome, [one for one in report.adoption.decisions if one.outcome is outcome])
    yield from _parameters(report)
    if report.adoption.settings.notes:
        yield from ("", "Notes")
        for note in report.adoption.settings.notes:
            yield from _indented(note, 2)
    yield from _buckets(report.buckets)
    yield from _steps(report)


def _group(outcome: Outcome, decisions: Sequence[Decision]) -> Iterator[str]:
    if not decisions:
        return
    yield from folded(f"{outcome.value} ({len(decisions)}): {MEANINGS[outcome]}", 0)
    for one in decisions:
        yield f"  {one.instance.label}"
        yield from _indented(one.reason, 6)
        yield from (f"      $ {line}" for line in one.commands)
    yield ""


def _parameters(report: Report) -> Iterator[str]:
    settings = report.adoption.settings
    yield f"Parameters of the stack {report.stack}"
    for name, value in settings.values.items():
        yield f"  {name} = {value}"
        yield f"      from {settings.origins[name]}"
    if not settings.values:
        yield "  none: all values are the defaults"


def _buckets(settings: Sequence[Setting]) -> Iterator[str]:
    """Yield the settings of the existing buckets."""
    if not settings:
        return
    yield from ("", "Settings of the existing buckets, which the stack does not change")
    for bucket in dict.fromkeys(one.bucket for one in settings):
        yield f"  {bucket}"
        for one in settings:
            if one.bucket != bucket:
                continue
            yield from _indented(f"{one.name}: {one.current}. A bucket of the stack has: {one.ours}.", 4)
            yield from (_indented(one.note, 6) if one.note else ())
            yield from ([f"      $ {one.command}"] if one.command else ())


def _steps(report: Report) -> Iterator[str]:
    yield from ("", "Next steps")
    checking = f"In the folder of smtemplates.toml, check the table of the stack: {command('config', 'check')}"
    deploying = f"Review and deploy the stack: {command('deploy', report.stack, '--create-staging-bucket')}"
    steps = [checking, _RELEASE, deploying, _DELETE, _DESTROY]
    if report.release.partial:
        steps.insert(
            2,
            f"Terraform keeps other instances of {', '.join(report.release.partial)}, and a removed block cannot name "
            "one instance. Release these with the commands in state-rm.sh, and remove their keys from count or "
            "for_each.",
        )
    for number, step in enumerate(steps, 1):
        yield from folded(f"  {number}. {step}", 5)


def _indented(text: str, indent: int) -> Iterator[str]:
    yield from folded(" " * indent + text, indent)


def files(report: Report) -> dict[str, str]:
    """Return the content of each file of the result, by its path in the folder."""
    raising = [
        f"# {one.bucket}: {one.name}. {one.note}".rstrip() + f"\n{one.command}" for one in report.buckets if one.command
    ]
    return {
        "smtemplates.toml": report.table,
        "removed.tf": report.release.removed,
        "state-rm.sh": _script(report.release.commands),
        "return/import.tf": report.release.imports,
        "raise-buckets.sh": _script(raising),
        "report.txt": as_text(report),
        "report.json": as_json(report) + "\n",
    }


def _script(commands: Sequence[str]) -> str:
    return "\n".join(["#!/bin/sh", "set -e", *commands]) + "\n"
