"""The stacks that scanners check: a small set that contains every form of every resource."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import samples

import smtemplates
from smtemplates.synth.loader import load
from smtemplates.templates.registry import definition

HARDENED = {**samples.VPC, **samples.MADE_KEY, "AccessLogBucketName": "team-logs", "LogRetentionDays": "365"}
CHOICES: list[dict[str, str]] = [
    *samples.COMBINATIONS,
    samples.EVERYTHING,
    HARDENED,
    samples.TOPIC,
    samples.ENDPOINT,
    {**samples.INSTANCES, **samples.VPC},
    {**samples.INSTANCES, **samples.VPC, **samples.MADE_KEY, "EncryptEndpointVolumes": "true"},
]
SCRIPT_LENGTH = 1000  # Only scripts in base64 are longer.


def cases(template: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Return each template with its parameters: those of covering() for the workspace, and samples for the others."""
    others = [
        (load(smtemplates.render(definition(name).template())), choices) for name, choices in samples.OTHERS.items()
    ]
    return [(one, choice) for one, choices in [(template, covering(template)), *others] for choice in choices]


@dataclass(frozen=True)
class Form:
    """A form of a resource with resolved references: its logical ID and body, and the parameters of its stack."""

    name: str
    body: dict[str, Any]
    choice: dict[str, str]
    parameters: dict[str, Any]


def resources(template: dict[str, Any]) -> list[Form]:
    """Return each form of each resource of all templates once."""
    found: dict[tuple[str, str], Form] = {}
    for one, choice in cases(template):
        stack = samples.deployed(one, choice)
        for name, body in stack.resources.items():
            found.setdefault((name, _form(body)), Form(name, body, choice, stack.parameters))
    return list(found.values())


def covering(template: dict[str, Any]) -> list[dict[str, str]]:
    """Return a small set of parameter choices, selected greedily, that creates every form of every resource."""
    forms = [
        {(name, _form(body)) for name, body in samples.deployed(template, choice).resources.items()}
        for choice in CHOICES
    ]
    missing, selected = set().union(*forms), []
    while missing:
        best = max(range(len(CHOICES)), key=lambda index: len(forms[index] & missing))
        selected.append(CHOICES[best])
        missing -= forms[best]
    return selected


def _form(body: dict[str, Any]) -> str:
    """Return the text of a resource without its scripts, which shellcheck checks and scanners do not read."""
    return json.dumps(_without_scripts(body), sort_keys=True)


def _without_scripts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_scripts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_scripts(item) for item in value]
    return "a script" if isinstance(value, str) and ("\n" in value or len(value) > SCRIPT_LENGTH) else value


def with_public_bucket(template: dict[str, Any]) -> dict[str, Any]:
    """Return a stack for which every scanner must report a finding, because one bucket can be public."""
    stack = samples.deployed(template).template()
    stack["Resources"]["InputBucket"]["Properties"]["PublicAccessBlockConfiguration"] = {"BlockPublicAcls": False}
    return stack
