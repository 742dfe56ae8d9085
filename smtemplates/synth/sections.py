"""Look up the sections of any template, whose values can have any type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
