"""The Regions that lack a resource type of the templates.

The provider schemas of cfn-lint are stored as an asset, because rendering does not import cfn-lint.
`scripts/regenerate` updates it. It contains no Region of UNKNOWN_REGIONS, because their schemas are copies of those of
us-east-1: nothing is known about these Regions.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterable
from functools import cache


@cache
def lacking_by_type() -> dict[str, list[str]]:
    """Return the Regions that lack a type, for each type of the templates that some Region lacks.

    All callers share the result: `scripts/regenerate` updates it before it builds the templates.
    """
    return dict(json.loads(pkgutil.get_data(__package__, "assets/unavailable_types.json") or b""))


def lacking_regions(types: Iterable[str]) -> list[str]:
    """Return the Regions that lack at least one of these resource types."""
    return sorted({region for type_ in types for region in lacking_by_type().get(type_, ())})
