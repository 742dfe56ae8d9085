"""Look up the declarations in the sections of any template, whose values can have any type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

INTERFACE = "AWS::CloudFormation::Interface"
OTHERS = "Parameters"


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a value if it is a mapping, otherwise an empty mapping."""
    return value if isinstance(value, Mapping) else {}


def entries(template: Mapping[str, Any], section: str) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a section that are mappings, without the functions that produce entries."""
    return {
        name: body
        for name, body in mapping(template.get(section)).items()
        if isinstance(body, Mapping) and not name.startswith("Fn::")
    }


def resources(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the declared resources by logical ID, without those that a transform adds."""
    return {name: body for name, body in entries(template, "Resources").items() if isinstance(body.get("Type"), str)}


def parameter_groups(template: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the parameters by console group. A last group contains the parameters without a group."""
    declared = dict.fromkeys(entries(template, "Parameters"))
    interface = mapping(mapping(template.get("Metadata")).get(INTERFACE))
    groups: dict[str, list[str]] = {}
    for group in map(mapping, interface.get("ParameterGroups") or ()):
        names = [name for name in group.get("Parameters") or () if name in declared]
        if names:
            groups.setdefault(str(mapping(group.get("Label")).get("default", OTHERS)), []).extend(names)
            declared = {name: None for name in declared if name not in names}
    if declared:
        groups.setdefault(f"Other {OTHERS.lower()}" if groups else OTHERS, []).extend(declared)
    return groups


def parameter_labels(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the label of each parameter, which is its name if there is none."""
    labels = mapping(mapping(mapping(template.get("Metadata")).get(INTERFACE)).get("ParameterLabels"))
    return {name: str(mapping(labels.get(name)).get("default", name)) for name in entries(template, "Parameters")}
