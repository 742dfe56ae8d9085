"""Which Regions cfn-lint cannot tell apart for one template, so that it need not be asked about each.

A check of cfn-lint depends on the Region in these ways only: by the schema of a type (or its absence), by rules that
carry a table by Region, by the values of pseudo parameters (the Region's name, partition and DNS suffix), by
conditions and mappings that name a Region, and by availability zones. The first three make the groups; a template
that uses the others in a way that is not covered here is not grouped at all.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional import CfnLintJsonSchemaRegional
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def alike(template: dict[str, Any], regions: Sequence[str], rules: Iterable[object]) -> list[tuple[str, ...]]:
    """Split Regions into groups within which cfn-lint finds the same, but for the Region's name and its length."""
    resources = template.get("Resources")
    if len(regions) == 1 or not isinstance(resources, dict) or not _is_plain(template):
        return [(region,) for region in regions]
    types = {
        item["Type"] for item in resources.values() if isinstance(item, dict) and isinstance(item.get("Type"), str)
    }
    tables = list(_tables(sorted(types), regions, rules))
    named = _text_beside_mapping_keys(template)
    groups: dict[Hashable, list[str]] = {}
    for region in regions:
        # A Region that the template names can be treated differently by it, so it stands alone.
        alone = region if region in named else None
        signature = (alone, _shape(region), *(table[region] for table in tables))
        groups.setdefault(signature, []).append(region)
    return [tuple(group) for group in groups.values()]


def representatives(groups: Iterable[Sequence[str]], regions: Sequence[str]) -> list[str]:
    """Return the shortest and the longest name of each group, and the first Region, in the order of `regions`.

    Both names, since a value that contains it may be too short or too long; the first Region, since a few of
    cfn-lint's rules look at that one alone.
    """
    chosen = {regions[0]}
    for group in groups:
        chosen |= {min(group, key=len), max(group, key=len)}
    return [region for region in regions if region in chosen]


def _shape(region: str) -> tuple[bool, bool, int]:
    """Return what cfn-lint's pseudo parameters make of a Region: its partition, its DNS suffix and its pattern."""
    return region.startswith("cn-"), region.startswith("us-gov-"), region.count("-")


def _is_plain(template: dict[str, Any]) -> bool:
    """Tell whether nothing in the template makes values of a Region that grouping would not foresee."""
    if "Transform" in template:
        return False
    for function, value in _functions(template):
        if function == "Fn::GetAZs":
            return False
        # cfn-lint resolves a key that is computed from the Region; one that is a Ref to it stands for every key.
        if function == "Fn::FindInMap" and not (isinstance(value, list) and all(map(_is_fixed, value[:3]))):
            return False
    return True


def _is_fixed(key: Any) -> bool:
    return list(key) == ["Ref"] if isinstance(key, dict) else isinstance(key, str)


def _functions(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(key, str) and key.startswith("Fn::"):
                yield key, value
            yield from _functions(value)
    elif isinstance(node, list):
        for item in node:
            yield from _functions(item)


def _text_beside_mapping_keys(template: dict[str, Any]) -> str:
    """Return the template as text, without the first-level keys of its mappings, which mostly are Regions."""
    mappings = template.get("Mappings")
    rows = (
        [list(table.values()) for table in mappings.values() if isinstance(table, dict)]
        if isinstance(mappings, dict)
        else []
    )
    return json.dumps({**template, "Mappings": rows}, default=str)


def _tables(types: Sequence[str], regions: Sequence[str], rules: Iterable[object]) -> Iterator[dict[str, Hashable]]:
    """Yield, for each thing that differs by Region, what it is in each Region."""
    for type_ in types:
        table: dict[str, Hashable] = dict.fromkeys(regions)
        for number, (having, schema) in enumerate(
            PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(type_, regions)
        ):
            # A schema that lists Regions as values tells them apart by name.
            lists = '"us-east-1"' in json.dumps(schema.schema)
            table.update({region: region if lists else number for region in having})
        yield table
    for rule in rules:
        if not any(keyword.split("/")[1:2] == [type_] for keyword in getattr(rule, "keywords", ()) for type_ in types):
            continue
        if isinstance(rule, CfnLintJsonSchemaRegional):
            yield {region: json.dumps(rule.schema.get(region)) for region in regions}
        elif hasattr(rule, "regions"):
            yield {region: region in rule.regions for region in regions}
