"""Sets of Regions for which templates are validated."""

from __future__ import annotations

DEFAULT_REGIONS = ("us-east-1",)
ALL_REGIONS = ("ALL_REGIONS",)
"""Every Region that the installed cfn-lint knows."""
UNKNOWN_REGIONS = (
    *("eu-isoe-west-1", "eusc-de-east-1", "me-south-1", "us-iso-east-1", "us-iso-west-1"),
    *("us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1"),
)
"""Regions for which cfn-lint has no schemas of its own. It validates them as us-east-1. A test compares them."""
