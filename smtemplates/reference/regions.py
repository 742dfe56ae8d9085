"""The resource types of a template that a Region lacks, from the provider schemas of cfn-lint. It imports cfn-lint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def unavailable_types(template: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the resource types of a template that each Region lacks. Custom resources are available everywhere."""
    types = sorted({body["Type"] for body in template["Resources"].values() if body["Type"].startswith("AWS::")})
    available = {type_: _regions(type_) for type_ in types}
    return {region: tuple(type_ for type_ in types if region not in available[type_]) for region in sorted(REGIONS)}


def _regions(type_: str) -> set[str]:
    found = PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(type_, list(REGIONS))
    return {region for regions, _ in found for region in regions}
