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

from smtemplates.templates.launch_role import actions as launch_needs
from smtemplates.templates.workspace import template as workspace

ASSET = Path(launch_needs.__file__).parent / "assets" / "handler_permissions.json"
HANDLERS = ("create", "read", "update", "delete")
REGION = "us-east-1"


def handlers(kind: str) -> dict[str, list[str]]:
    """Read a type's permissions, by handler; custom resources have none."""
    try:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema.get("handlers", {})
    except ResourceNotFoundError:
        return {}
    return {name: found[name].get("permissions", []) for name in HANDLERS if name in found}


def text() -> str:
    """Write all that are called for each type, as the asset holds them."""
    kinds = sorted(launch_needs.types(workspace.constructs()))
    actions = {kind: sorted({action for called in handlers(kind).values() for action in called}) for kind in kinds}
    return json.dumps(actions, indent=1) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(int(ASSET.read_text(encoding="utf-8") != text()))
    ASSET.write_text(text(), encoding="utf-8")
