"""Sets of Regions for which templates are validated."""

from __future__ import annotations

import re

DEFAULT_REGIONS = ("us-east-1",)
ALL_REGIONS = ("ALL_REGIONS",)
"""All Regions that the installed cfn-lint supports."""
UNKNOWN_REGIONS = (
    *("eu-isoe-west-1", "eusc-de-east-1", "me-south-1", "us-iso-east-1", "us-iso-west-1"),
    *("us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1"),
)
"""Regions for which cfn-lint has no schemas. It validates them with those of us-east-1. A test compares the list."""
REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
    *("ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4"),
    *("ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1"),
    *("cn-northwest-1", "eu-central-1", "eu-central-2", "eu-isoe-west-1", "eu-north-1", "eu-south-1"),
    *("eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1"),
    *("me-south-1", "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2"),
    *("us-gov-east-1", "us-gov-west-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1"),
    *("us-isof-east-1", "us-isof-south-1", "us-west-1", "us-west-2"),
)
"""The Regions that cfn-lint or the AWS SDK know, for suggestions. AWS can have more. A test compares the list."""
NAME = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")
"""The pattern of the name of a Region, also of one that is not known."""
