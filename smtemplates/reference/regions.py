"""What each Region lacks of a template, from the provider schemas of cfn-lint, which this imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnlint.helpers import REGIONS
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def lacking(template: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Give for each Region the types of a template's resources that it does not have; custom ones are everywhere."""
    types = sorted({body["Type"] for body in template["Resources"].values() if body["Type"].startswith("AWS::")})
    having = {type_: _regions(type_) for type_ in types}
    return {region: tuple(type_ for type_ in types if region not in having[type_]) for region in sorted(REGIONS)}


def _regions(type_: str) -> set[str]:
    found = PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(type_, list(REGIONS))
    return {region for regions, _ in found for region in regions}
