"""Validate the JSON results of the deployer with their schema, which must contain every field that a result has."""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

# The Jupyter server of the tests brings a grammar of URIs that jsonschema loads in two seconds. No schema needs it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # Python accepts None: the import fails
JSON_SCHEMA: Any = import_module("jsonschema")  # it has no types


def strict(schema: Any) -> Any:
    """Return a schema that rejects fields that it does not contain."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


@cache
def validator(kind: str) -> Any:
    text = (files("smtemplates.deploy.printing") / "assets" / "results.schema.json").read_text()
    schema = json.loads(text)
    JSON_SCHEMA.Draft202012Validator.check_schema(schema)
    return JSON_SCHEMA.Draft202012Validator({"$defs": strict(schema["$defs"]), "$ref": f"#/$defs/{kind}"})


def check_result(kind: str, text: str) -> dict[str, Any]:
    """Return the content of a result after its validation."""
    content: dict[str, Any] = json.loads(text)
    validator(kind).validate(content)
    return content
