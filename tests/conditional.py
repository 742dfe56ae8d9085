"""The parameters on which the conditions of a template depend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from smtemplates.evaluate import references


def parameters_of(template: Mapping[str, Any], condition: str) -> set[str]:
    """Return the parameters that a condition reads, directly or through other conditions."""
    names = [condition]
    for name in names:  # it grows in the loop
        names += [other for other in _conditions(template["Conditions"][name]) if other not in names]
    read = {each.target for name in names for each in references({"Value": template["Conditions"][name]})}
    return {name for name in template["Parameters"] if name in read}


def _conditions(value: Any) -> Iterator[str]:
    """Yield the conditions to which a condition refers."""
    if isinstance(value, dict) and isinstance(value.get("Condition"), str):
        yield value["Condition"]
    for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        yield from _conditions(item)


def switches(template: Mapping[str, Any]) -> list[str]:
    """Return the Boolean parameters that decide whether a resource exists, in the order of the template."""
    conditions = {body["Condition"] for body in template["Resources"].values() if "Condition" in body}
    read = set().union(*(parameters_of(template, condition) for condition in conditions))
    return [
        name
        for name, declared in template["Parameters"].items()
        if name in read and declared.get("AllowedValues") == ["true", "false"]
    ]
