"""docs/reference/configuration-file.md describes exactly the keys of the schema, and its examples work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.conftest import Write
from smtemplates.config.check import check
from smtemplates.config.schema import definition, schema
from smtemplates.config.templates import resolve

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "configuration-file.md").read_text(encoding="utf-8")
KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "table",
}
# The headings of the tables of keys, with the part of the schema that each describes.
TABLES = {
    "Keys of the file": "",
    "Keys of a template": "template",
    "Keys of a stack": "stack",
    "Keys of a value": "value",
    "Keys of staging": "staging",
}


def part(name: str) -> Any:
    """Return a part of the schema."""
    definitions = schema()["$defs"]
    if name == "staging":
        return definitions["stack"]["properties"]["staging"]
    return definitions[name] if name else schema()


def kind(about: Any, *, plural: bool = False) -> str:
    """Return the type of a key in words."""
    if "enum" in about:
        return "text"
    types = about["type"] if isinstance(about["type"], list) else [about["type"]]
    *words, last = [f"{KINDS[name]}s" if plural else KINDS[name] for name in types]
    text = f"{', '.join(words)} or {last}" if words else last
    if types == ["array"]:
        return f"{text} of {kind(definition(about['items']), plural=True)}"
    if types == ["object"] and about.get("additionalProperties"):
        return f"{text} of {kind(definition(about['additionalProperties']), plural=True)}"
    return text


def lines(name: str) -> Iterator[str]:
    """Yield the lines of the table of keys for a part of the schema."""
    yield "| Key | Type | Default | Meaning |"
    yield "|---|---|---|---|"
    required = part(name).get("required", ())
    for key, reference in part(name)["properties"].items():
        about = definition(reference)
        default = "required" if key in required else json.dumps(about["default"]) if "default" in about else ""
        values = f" Allowed values: {', '.join(about['enum'])}." if "enum" in about else ""
        yield f"| `{key}` | {kind(about)} | {default} | {about['description']}{values} |"


@pytest.mark.parametrize("heading", TABLES)
def test_the_tables_of_keys_are_those_of_the_schema(heading: str) -> None:
    """Every key is documented with its type, its default and its meaning."""
    section = TEXT.partition(f"# {heading}\n")[2].partition("\n#")[0]
    written = [line for line in section.splitlines() if line.startswith("|")]
    expected = list(lines(TABLES[heading]))
    assert written == expected, "The table must be:\n" + "\n".join(expected)


def test_the_example_is_a_project_without_problems(write: Write) -> None:
    """The file, the construct and the policy of the page work together."""
    blocks = dict(re.findall(r"`([\w/.]+)`:\n\n```\w+\n(.*?)```", TEXT, re.DOTALL))
    project = write(blocks.pop("smtemplates.toml"), blocks)
    check(project.path)
    body = resolve("company", project).body
    assert body["Parameters"].keys() == {"ProjectName", "Environment", "NotebookInstanceType"}
    assert body["Resources"]["JobTopic"]
