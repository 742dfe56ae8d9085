#!/usr/bin/env python3
"""Write what CloudFormation does to handle the workspace's types, from the provider schemas that cfn-lint carries.

usage: scripts/permissions.py [--check]      run it after a type was added, or after an update of cfn-lint

The list handlers are left out: stack operations invoke the others (inferred from the page below, not seen live).

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-develop.html
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from smtemplates import launch_needs, workspace

ASSET = Path(launch_needs.__file__).parent / "assets" / "handler_permissions.json"
HANDLERS = ("create", "read", "update", "delete")
REGION = "us-east-1"


def permissions() -> dict[str, list[str]]:
    """Read the schemas' permissions, by type."""
    return {kind: _of(kind) for kind in sorted(launch_needs.types(workspace.areas()))}


def text() -> str:
    """Write them as the asset holds them."""
    return json.dumps(permissions(), indent=1) + "\n"


def _of(kind: str) -> list[str]:
    try:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    except ResourceNotFoundError:
        return []  # custom resources have none
    return sorted({action for name in HANDLERS for action in handlers.get(name, {}).get("permissions", ())})


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(int(ASSET.read_text(encoding="utf-8") != text()))
    ASSET.write_text(text(), encoding="utf-8")
