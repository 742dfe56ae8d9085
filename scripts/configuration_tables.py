"""Write the tables of keys on the page about the configuration file, from its JSON Schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from smtemplates.config.schema import definition, schema
from smtemplates.errors import TemplateError
from smtemplates.reference.markdown import table

PAGE = Path("docs", "reference", "configuration-file.md")
# The line above each table on the page, which names the part of the schema. "file" is the whole schema.
MARK = "<!-- scripts/regenerate writes this table from the schema: {part} -->\n\n"
TABLE = re.compile(f"({MARK.format(part='(?P<part>[a-z]+)')})(?:\\|.*\n)+")
PARTS = ("file", "template", "stack", "value", "staging")
KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "table",
}


def with_tables(page: str) -> str:
    """Return the page with the current table below each mark.

    Raises:
        TemplateError: The page does not have one table for each part of the schema.
    """
    if (found := [each["part"] for each in TABLE.finditer(page)]) != list(PARTS):
        raise TemplateError(f"{PAGE} has tables for these parts of the schema: {found}. It must have {list(PARTS)}.")
    return TABLE.sub(lambda match: match[1] + _keys(match["part"]), page)


def _keys(name: str) -> str:
    about = _part(name)
    required = about.get("required", ())
    rows = (_row(key, definition(each), required=key in required) for key, each in about["properties"].items())
    return table(("Key", "Type", "Default", "Meaning"), rows)


def _part(name: str) -> Any:
    definitions = schema()["$defs"]
    own = {"file": schema(), "staging": definitions["stack"]["properties"]["staging"]}
    return own[name] if name in own else definitions[name]


def _row(key: str, about: Any, *, required: bool) -> tuple[str, ...]:
    default = "required" if required else json.dumps(about["default"]) if "default" in about else ""
    values = f" Allowed values: {', '.join(about['enum'])}." if "enum" in about else ""
    return f"`{key}`", _kind(about), default, f"{about['description']}{values}"


def _kind(about: Any, *, plural: bool = False) -> str:
    """Return the type of a key in words."""
    if "enum" in about:
        return "text"
    types = about["type"] if isinstance(about["type"], list) else [about["type"]]
    *words, last = [f"{KINDS[name]}s" if plural else KINDS[name] for name in types]
    text = f"{', '.join(words)} or {last}" if words else last
    if types == ["array"]:
        return f"{text} of {_kind(definition(about['items']), plural=True)}"
    if types == ["object"] and about.get("additionalProperties"):
        return f"{text} of {_kind(definition(about['additionalProperties']), plural=True)}"
    return text
