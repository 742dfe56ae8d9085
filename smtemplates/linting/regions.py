"""Which Regions cfn-lint cannot tell apart for one template, so that it need not be asked about each.

A check of cfn-lint depends on the Region in these ways only: by the schema of a type (or its absence), by rules that
carry a table by Region, by the values of pseudo parameters (the Region's name, partition and DNS suffix) and zones, and
by conditions that compare the Region. A mapping looked up by Region is not among them: cfn-lint tries every Region's
key, wherever it is. Templates with a transform are not grouped: what they make is not known before.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional import CfnLintJsonSchemaRegional
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def alike(template: dict[str, Any], regions: Sequence[str], rules: Iterable[object]) -> list[tuple[str, ...]]:
    """Split Regions into groups within which cfn-lint finds the same, but for the Region's name and its length."""
    resources = template.get("Resources")
    if len(regions) == 1 or "Transform" in template or not isinstance(resources, dict):
        return [(region,) for region in regions]
    types = {
        item["Type"] for item in resources.values() if isinstance(item, dict) and isinstance(item.get("Type"), str)
    }
    tables = list(_tables(sorted(types), regions, rules))
    compared = str([_decided(template.get(section)) for section in ("Parameters", "Rules", "Conditions")])
    groups: dict[Hashable, list[str]] = {}
    for region in regions:
        # A Region that a condition may ask for stands alone.
        alone = region if region in compared else None
        signature = (alone, _shape(region), *(table[region] for table in tables))
        groups.setdefault(signature, []).append(region)
    return [tuple(group) for group in groups.values()]


def representatives(groups: Sequence[Sequence[str]]) -> list[str]:
    """Return one Region of each group, in their order: a few of cfn-lint's rules look at the first Region alone.

    It is the one with the longest name, which is the likeliest to make a value too long; the shortest of all is there
    besides.
    """
    longest = [max(group, key=len) for group in groups]
    shortest = min((region for group in groups for region in group), key=len)
    return list(dict.fromkeys([*longest, shortest]))


def _decided(value: Any) -> Any:
    """Leave out what cfn-lint does not decide: its solver knows no Fn::Contains."""
    if isinstance(value, list):
        return [_decided(item) for item in value]
    if isinstance(value, dict):
        return {key: _decided(item) for key, item in value.items() if key != "Fn::Contains"}
    return value


def _shape(region: str) -> tuple[bool, bool, int]:
    """Return what cfn-lint's pseudo parameters make of a Region: its partition, its DNS suffix and its pattern."""
    return region.startswith("cn-"), region.startswith("us-gov-"), region.count("-")


def _tables(types: Sequence[str], regions: Sequence[str], rules: Iterable[object]) -> Iterator[dict[str, Hashable]]:
    """Yield, for each thing that differs by Region, what it is in each Region."""
    for type_ in types:
        table: dict[str, Hashable] = dict.fromkeys(regions)
        for number, (having, schema) in enumerate(
            PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(type_, regions)
        ):
            # A schema that lists Regions as values tells them apart by name.
            lists = "'us-east-1'" in str(schema.schema)
            table.update({region: region if lists else number for region in having})
        yield table
    for rule in rules:
        if not any(keyword.split("/")[1:2] == [type_] for keyword in getattr(rule, "keywords", ()) for type_ in types):
            continue
        if isinstance(rule, CfnLintJsonSchemaRegional):
            yield {region: str(rule.schema.get(region)) for region in regions}
        elif hasattr(rule, "regions"):
            yield {region: region in rule.regions for region in regions}
