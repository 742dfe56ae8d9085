"""Check that Rules reject each part of the workspace in exactly the Regions that lack one of its types."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from smtemplates.aws_data.regions import UNKNOWN_REGIONS
from smtemplates.evaluate import Stack

# Parameters for each part. A domain without profiles needs fewer types.
PARTS = {
    "defaults": {},
    **samples.FEATURES,
    "domain": {"CreateDomain": "true", **samples.VPC},
}


@cache
def available(region: str) -> frozenset[str]:
    """Return the types of a Region."""
    return frozenset(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))


@pytest.mark.parametrize("part", PARTS)
def test_rules_name_the_regions_that_lack_a_type(template: dict[str, Any], part: str) -> None:
    """Rules reject a part exactly where the provider schemas lack a type of it. Nothing is known about some Regions."""
    types = {body["Type"] for body in Stack(template, PARTS[part]).resources.values() if "::" in body["Type"]}
    expected = {
        region
        for region in set(REGIONS) - set(UNKNOWN_REGIONS)
        if {type_ for type_ in types if type_.startswith("AWS::")} - available(region)
    }
    rejected = {
        region
        for region in REGIONS
        if any(
            "not available in this Region" in message
            for message in Stack(template, PARTS[part], pseudo={"AWS::Region": region}).rules()
        )
    }
    assert rejected == expected
    assert part != "defaults" or not expected


def test_message_says_what_to_change(template: dict[str, Any]) -> None:
    """The message of a Rule names the parameter."""
    (message,) = Stack(template, samples.FEATURES["budget"], pseudo={"AWS::Region": "eu-north-1"}).rules()
    assert message == ("Budgets are not available in this Region. Set MonthlyBudgetUsd to 0, or use another Region.")
