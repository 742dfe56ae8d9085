"""Remove the parts of a template that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.evaluate.references import references
from smtemplates.evaluate.sections import definitions, entries, nested
from smtemplates.evaluate.values import intrinsic
from smtemplates.specializing.rules import looked_up

INTERFACE = "AWS::CloudFormation::Interface"
DECLARATIONS = ("Metadata", "Parameters", "Mappings", "Rules", "Conditions")


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A part of a template that was removed, and why."""

    section: str
    name: str
    reason: str


def unused(template: dict[str, Any]) -> list[Removal]:
    """Remove the conditions, mappings and parameters that nothing uses, and return them with the reasons."""
    removed: list[Removal] = []
    _remove(template, "Conditions", _used_conditions(template), "nothing depends on it any more", removed)
    mappings = _used_mappings(template)
    _remove(template, "Mappings", mappings.keys(), "nothing looks up a value in it any more", removed)
    for name, rows in entries(template, "Mappings").items():
        template["Mappings"][name] = _with_keys(rows, mappings[name])
    _remove(template, "Parameters", _used_parameters(template), "without effect", removed)
    _prune_interface(template, entries(template, "Parameters"))
    for section in (*DECLARATIONS, "Outputs"):
        if section in template and not template[section]:
            del template[section]
    return removed


def _remove(template: dict[str, Any], section: str, used: Any, reason: str, removed: list[Removal]) -> None:
    for name in [name for name in entries(template, section) if name not in used]:
        del template[section][name]
        removed.append(Removal(section=section, name=name, reason=reason))


def values_of(template: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the sections that contain values: resources and outputs, and those of transforms, such as Globals."""
    yield from (content for section, content in template.items() if section not in DECLARATIONS)


def _used_conditions(template: Mapping[str, Any]) -> set[str]:
    declared = entries(template, "Conditions")
    used: set[str] = set()
    waiting = [
        body["Condition"]
        for section in ("Resources", "Outputs")
        for body in definitions(template, section).values()
        if "Condition" in body
    ]
    waiting += [part["Fn::If"][0] for part in nested([*values_of(template)]) if intrinsic(part) == "Fn::If"]
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += _named(declared.get(name))
    return used


def _named(expression: Any) -> Iterator[str]:
    """Yield the conditions that an expression names."""
    names = (part.get("Condition") for part in nested(expression) if isinstance(part, dict))
    return (name for name in names if isinstance(name, str))


def _used_mappings(template: Mapping[str, Any]) -> dict[str, set[str] | None]:
    """Return the mappings in use with the second keys that are looked up; None if a key is not known."""
    used: dict[str, set[str] | None] = {}
    for value in nested([*values_of(template), template.get("Conditions"), template.get("Rules")]):
        if intrinsic(value) == "Fn::FindInMap":
            name, _, second = value["Fn::FindInMap"][:3]
            if not isinstance(name, str):
                return dict.fromkeys(entries(template, "Mappings"))
            keys = used.setdefault(name, set())
            if keys is not None and isinstance(second, str):
                keys.add(second)
            else:
                used[name] = None
    return used


def _with_keys(rows: Mapping[str, Any], keys: set[str] | None) -> Mapping[str, Any]:
    """Return the rows of a mapping with these second keys only. One row stays, because a mapping cannot be empty."""
    if keys is None:
        return rows
    left = {top: {key: row[key] for key in row if key in keys} for top, row in rows.items()}
    return {top: row for top, row in left.items() if row} or dict(list(rows.items())[:1])


def _used_parameters(template: Mapping[str, Any]) -> set[str]:
    used = [*values_of(template), template.get("Conditions"), template.get("Rules")]
    return {*(reference.target for reference in references(used)), *looked_up(template.get("Rules"))}


def _prune_interface(template: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Remove the labels of parameters that do not exist any more, and groups without parameters."""
    metadata = entries(template, "Metadata")
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
    left = {key: value for key, value in left.items() if value}
    others = {key: value for key, value in metadata.items() if key != INTERFACE}
    template["Metadata"] = {**metadata, INTERFACE: left} if left else others
