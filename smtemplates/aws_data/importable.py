"""The properties that identify a resource of each type that CloudFormation can import automatically.

A type is missing if AWS chooses its identifier, so that no template contains it. The provider schemas of cfn-lint are
stored as an asset, because deploying does not import cfn-lint. `scripts/regenerate` updates it.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
"""

from __future__ import annotations

import json
import pkgutil
from functools import cache


@cache
def identifiers() -> dict[str, list[str]]:
    """Return the names of the identifying properties, by type. All callers share the result."""
    return dict(json.loads(pkgutil.get_data(__package__, "assets/importable_types.json") or b""))
