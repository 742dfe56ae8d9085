"""Sets of Regions for which templates are validated."""

from __future__ import annotations

DEFAULT_REGIONS = ("us-east-1",)
ALL_REGIONS = ("ALL_REGIONS",)
"""All Regions that the installed cfn-lint supports."""
UNKNOWN_REGIONS = (
    *("eu-isoe-west-1", "eusc-de-east-1", "me-south-1", "us-iso-east-1", "us-iso-west-1"),
    *("us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1"),
)
"""Regions for which cfn-lint has no schemas. It validates them with those of us-east-1. A test compares the list."""
