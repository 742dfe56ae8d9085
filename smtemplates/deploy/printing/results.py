"""Results in JSON, for programs. assets/results.schema.json describes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.deploy.operations.stack import Stack
from smtemplates.errors import Error

# The version of the schema. It changes only if a field is removed or its meaning changes.
SCHEMA = 1


def as_json(content: Mapping[str, Any]) -> str:
    """Return a result as JSON with the version of its schema."""
    return json.dumps({"schema": SCHEMA, **content}, indent=2, ensure_ascii=False)


def failure(error: Error, name: str, stack: Stack | None) -> str:
    """Return the result of a command that failed as JSON.

    `name` is the name of the stack. `stack` is its state after the failure, or None if it is not known.
    """
    code = {"code": error.code} if isinstance(error, CloudError) else {}
    state = {} if stack is None else {"id": stack.id, "status": stack.status}
    return as_json({"stack": name, **state, "error": {"exit_code": error.exit_code, "message": str(error), **code}})
