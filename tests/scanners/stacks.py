"""The stacks that scanners judge: few, yet each form that a resource can take is in one of them."""

from __future__ import annotations

import json
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
    {**samples.ENDPOINT, **samples.VPC, "EndpointServing": "Instances"},
]
SCRIPT_LENGTH = 1000  # so long is nothing else, in base64


def cases(template: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Give each template with parameters to judge it under: the workspace as covering() does, the others as sampled."""
    others = [
        (load(smtemplates.render(definition(name).template())), choices) for name, choices in samples.OTHERS.items()
    ]
    return [(one, choice) for one, choices in [(template, covering(template)), *others] for choice in choices]


def covering(template: dict[str, Any]) -> list[dict[str, str]]:
    """Pick the fewest choices of parameters, greedily, that make each resource in each of its forms."""
    forms = [
        {(name, _form(body)) for name, body in samples.deployed(template, choice).resources.items()}
        for choice in CHOICES
    ]
    left, picked = set().union(*forms), []
    while left:
        best = max(range(len(CHOICES)), key=lambda place: len(forms[place] & left))
        picked.append(CHOICES[best])
        left -= forms[best]
    return picked


def _form(body: dict[str, Any]) -> str:
    """Write a resource down, but for what is in scripts: no scanner reads those, and shellcheck does."""
    return json.dumps(_cut(body), sort_keys=True)


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_cut(part) for part in value]
    return "a script" if isinstance(value, str) and ("\n" in value or len(value) > SCRIPT_LENGTH) else value


def broken(template: dict[str, Any]) -> dict[str, Any]:
    """Give a stack that every scanner must complain about: a bucket that anybody may read."""
    stack = samples.deployed(template).template()
    del stack["Resources"]["InputBucket"]["Properties"]["PublicAccessBlockConfiguration"]
    return stack
