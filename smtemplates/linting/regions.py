"""Group the Regions that cfn-lint treats alike for one template, so that it lints the template for one Region of each.

A check of cfn-lint depends on the Region only in these ways:

- the schema of a resource type, or its absence
- rules that contain a table by Region
- the values of pseudo parameters (the Region's name, partition and DNS suffix) and Availability Zones
- conditions that compare the Region

A lookup by Region in a mapping is not among them, because cfn-lint always tries the keys of all Regions. A template
with a transform is linted for every Region, because the resources that the transform creates are not known.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional import CfnLintJsonSchemaRegional
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER


def equivalent(template: dict[str, Any], regions: Sequence[str], rules: Iterable[object]) -> list[tuple[str, ...]]:
    """Split Regions into groups with the same findings of cfn-lint, except for the Region's name and its length."""
    resources = template.get("Resources")
    if len(regions) == 1 or "Transform" in template or not isinstance(resources, dict):
        return [(region,) for region in regions]
    types = {
        item["Type"] for item in resources.values() if isinstance(item, dict) and isinstance(item.get("Type"), str)
    }
    tables = list(_tables(sorted(types), regions, rules))
    compared = str([_solvable(template.get(section)) for section in ("Parameters", "Rules", "Conditions")])
    groups: dict[Hashable, list[str]] = {}
    for region in regions:
        # A Region that a condition may compare has a separate group.
        own_group = region if region in compared else None
        signature = (own_group, _shape(region), *(table[region] for table in tables))
        groups.setdefault(signature, []).append(region)
    return [tuple(group) for group in groups.values()]


def representatives(groups: Sequence[Sequence[str]]) -> list[str]:
    """Return one Region of each group, in the order of the groups: a few of cfn-lint's rules use the first Region only.

    It is the Region with the longest name, which is the most likely to make a value too long. The Region with the
    shortest name of all is added.
    """
    longest = [max(group, key=len) for group in groups]
    shortest = min((region for group in groups for region in group), key=len)
    return list(dict.fromkeys([*longest, shortest]))


def _solvable(value: Any) -> Any:
    """Return a value without Fn::Contains, which cfn-lint's solver does not support."""
    if isinstance(value, list):
        return [_solvable(item) for item in value]
    if isinstance(value, dict):
        return {key: _solvable(item) for key, item in value.items() if key != "Fn::Contains"}
    return value


def _shape(region: str) -> tuple[bool, bool, int]:
    """Return the partition, the DNS suffix and the pattern of the name, which determine pseudo parameters."""
    return region.startswith("cn-"), region.startswith("us-gov-"), region.count("-")


def _tables(types: Sequence[str], regions: Sequence[str], rules: Iterable[object]) -> Iterator[dict[str, Hashable]]:
    """Yield a table from Region to value for each schema and each rule that differs by Region."""
    for type_ in types:
        table: dict[str, Hashable] = dict.fromkeys(regions)
        for number, (having, schema) in enumerate(
            PROVIDER_SCHEMA_MANAGER.get_resource_schemas_by_regions(type_, regions)
        ):
            # A schema that lists Regions as allowed values differs for each Region.
            lists_regions = "'us-east-1'" in str(schema.schema)
            table.update({region: region if lists_regions else number for region in having})
        yield table
    for rule in rules:
        if not any(keyword.split("/")[1:2] == [type_] for keyword in getattr(rule, "keywords", ()) for type_ in types):
            continue
        if isinstance(rule, CfnLintJsonSchemaRegional):
            yield {region: str(rule.schema.get(region)) for region in regions}
        elif hasattr(rule, "regions"):
            yield {region: region in rule.regions for region in regions}
