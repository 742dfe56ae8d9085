"""Determine offline which resources of a template CloudFormation can import, and why it cannot import the others.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.importable import identifiers
from smtemplates.synth import declarations

RETAINING = ("Retain", "RetainExceptOnCreate")
_EXISTING = "Existing"


def importable(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the reason that prevents the import of each resource by logical ID; '' if it can be imported."""
    return {name: _obstacle(declared) for name, declared in declarations.resources(template).items()}


def _obstacle(declared: Mapping[str, Any]) -> str:
    names = identifiers().get(str(declared.get("Type")))
    if names is None:
        return "AWS chooses the identifier of its type"
    if declared.get("DeletionPolicy") not in RETAINING:
        return "its DeletionPolicy is neither Retain nor RetainExceptOnCreate"
    properties = declarations.mapping(declared.get("Properties"))
    if not all(isinstance(properties.get(name), str | int) for name in names):
        return f"its {' and '.join(names)} is not a static name"
    return ""


def check_import(template: Mapping[str, Any]) -> list[str]:
    """Return a sentence if no resource of a template can be imported, unless a transform can add resources."""
    obstacles = importable(template)
    if "" in obstacles.values() or _can_grow(template):
        return []
    counts = Counter(obstacles.values()).most_common()
    reasons = "; ".join(f"{reason} ({number})" for reason, number in counts)
    advice = ""
    if any(name.startswith(_EXISTING) for name in declarations.entries(template, "Parameters")):
        advice = f" To use existing resources, enter their names in the parameters {_EXISTING}..."
    return [f"--import-existing: CloudFormation can import no resource of this template: {reasons}.{advice}"]


def _can_grow(template: Mapping[str, Any]) -> bool:
    """Return whether a transform or a loop adds resources."""
    names = {*template, *declarations.mapping(template.get("Resources"))}
    return "Transform" in names or any(str(name).startswith("Fn::") for name in names)


def import_note(template: Mapping[str, Any]) -> str:
    """Return a sentence that names the resources that can be imported."""
    obstacles = importable(template)
    possible = [name for name, reason in obstacles.items() if not reason]
    others = len(obstacles) - len(possible)
    rest = f" {others} other resources cannot be imported." if others else ""
    return f"CloudFormation imports these resources if they exist: {', '.join(possible) or 'unknown'}.{rest}"
