"""Remove the parts of a template that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.evaluate.references import references
from smtemplates.evaluate.values import intrinsic

INTERFACE = "AWS::CloudFormation::Interface"
USING = ("Rules", "Conditions", "Resources", "Outputs")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A part of a template that was removed, and why."""

    section: str
    name: str
    reason: str


def unused(template: dict[str, Any]) -> list[Removal]:
    """Remove the conditions, mappings and parameters that nothing uses, and return them with the reasons."""
    removed: list[Removal] = []
    _remove(template, "Conditions", _used_conditions(template), "no resource or output depends on it", removed)
    mappings = _used_mappings(template)
    _remove(template, "Mappings", mappings.keys(), "nothing looks a value up in it", removed)
    _prune_mappings(template.get("Mappings", {}), mappings)
    _remove(template, "Parameters", _used_parameters(template), "it has no effect any more", removed)
    _prune_interface(template, template.get("Parameters", {}))
    for section in ("Parameters", "Rules", "Conditions", "Mappings", "Outputs"):
        if section in template and not template[section]:
            del template[section]
    return removed


def _remove(template: dict[str, Any], section: str, used: Any, reason: str, removed: list[Removal]) -> None:
    for name in [name for name in template.get(section, {}) if name not in used]:
        del template[section][name]
        removed.append(Removal(section=section, name=name, reason=reason))


def _used_conditions(template: Mapping[str, Any]) -> set[str]:
    declared = template.get("Conditions", {})
    used: set[str] = set()
    waiting = [
        name
        for section in ("Resources", "Outputs")
        for body in template.get(section, {}).values()
        for name in [*([body["Condition"]] if "Condition" in body else []), *_chosen_by(body)]
    ]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += _named(declared.get(name))
    return used


def _chosen_by(value: Any) -> Iterator[str]:
    """Yield the conditions by which Fn::If chooses in a value."""
    if intrinsic(value) == "Fn::If":
        yield value["Fn::If"][0]
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _chosen_by(member)


def _named(expression: Any) -> Iterator[str]:
    """Yield the conditions that an expression names."""
    if isinstance(expression, dict):
        for name, arguments in expression.items():
            if name == "Condition" and isinstance(arguments, str):
                yield arguments
            else:
                yield from _named(arguments)
    elif isinstance(expression, list):
        for item in expression:
            yield from _named(item)


def _used_mappings(template: Mapping[str, Any]) -> dict[str, set[str] | None]:
    """Return the mappings in use with the second keys that are looked up; None if a key is not known."""
    used: dict[str, set[str] | None] = {}
    waiting: list[Any] = [template.get(section) for section in USING]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if intrinsic(value) == "Fn::FindInMap":
                name, _, second = value["Fn::FindInMap"]
                if not isinstance(name, str):
                    return dict.fromkeys(template.get("Mappings", {}))
                keys = used.setdefault(name, set())
                if keys is not None and isinstance(second, str):
                    keys.add(second)
                else:
                    used[name] = None
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return used


def _prune_mappings(mappings: dict[str, Any], used: Mapping[str, set[str] | None]) -> None:
    for name, rows in mappings.items():
        keys = used[name]
        if keys is not None:
            mappings[name] = {top: {key: row[key] for key in row if key in keys} for top, row in rows.items()}


def _used_parameters(template: Mapping[str, Any]) -> set[str]:
    declared = template.get("Parameters", {})
    found = {reference.target for section in USING for reference in references(template.get(section, {}))}
    return {name for name in declared if name in found}


def _prune_interface(template: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Remove the labels of parameters that do not exist any more, and groups without parameters."""
    metadata = template.get("Metadata", {})
    interface = metadata.get(INTERFACE)
    if not isinstance(interface, dict):
        return
    groups = [
        {**group, "Parameters": [name for name in group.get("Parameters", ()) if name in parameters]}
        for group in interface.get("ParameterGroups", ())
    ]
    labels = {name: label for name, label in interface.get("ParameterLabels", {}).items() if name in parameters}
    left = {
        **interface,
        "ParameterGroups": [group for group in groups if group["Parameters"]],
        "ParameterLabels": labels,
    }
    metadata[INTERFACE] = {key: value for key, value in left.items() if value}
    if not metadata[INTERFACE]:
        del metadata[INTERFACE]
    if not metadata:
        del template["Metadata"]
