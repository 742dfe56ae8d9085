"""Check the configuration file against its JSON Schema, which also editors use.

The schema uses only keywords that have the same meaning in every draft from 4 to 2020-12, because editors support
different drafts. This module knows these keywords. A test compares its verdict with that of a validator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from smtemplates.config.lines import Path
from smtemplates.config.problems import unknown
from smtemplates.core.assets import read_asset
from smtemplates.errors import nearest

FILE = "smtemplates.schema.json"

Schema = Mapping[str, Any]

_WORDS = {
    "boolean": "a boolean (true or false)",
    "integer": "a whole number",
    "number": "a number",
    "string": "a text in quotation marks",
    "array": "an array",
    "object": "a table",
}
# in this order, because a bool is an int
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}

# Each limit: whether a value of its type exceeds it, and the end of the sentence.
_LIMITS: dict[str, tuple[type, Callable[[Any, Any], bool], str]] = {
    "minLength": (str, lambda value, limit: len(value) < limit, "must not be empty"),
    "pattern": (str, lambda value, limit: not _matches(limit, value), "must match {limit}"),
    "minimum": (int, lambda value, limit: value < limit, "must be at least {limit}"),
    "maximum": (int, lambda value, limit: value > limit, "must be at most {limit}"),
    "minItems": (list, lambda value, limit: len(value) < limit, "must not be empty"),
    "maxItems": (list, lambda value, limit: len(value) > limit, "must have at most {limit} items"),
    "uniqueItems": (list, lambda value, limit: limit and _repeats(value), "contains an item twice"),
}


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the configuration file."""
    found: dict[str, Any] = json.loads(read_asset(__package__, FILE))
    return found


def definition(about: Schema) -> Schema:
    """Return a part of the schema, or the part that it refers to."""
    if "$ref" not in about:
        return about
    found: Any = schema()
    for name in about["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return definition(found)


def parts(about: Schema) -> Iterator[Schema]:
    """Yield a schema and every schema in it."""
    yield about
    for keyword in ("properties", "patternProperties", "$defs"):
        for inside in about.get(keyword, {}).values():
            yield from parts(inside)
    for keyword in ("items", "additionalProperties"):
        if isinstance(about.get(keyword), dict):
            yield from parts(about[keyword])


def problems(value: Any, about: Schema | None = None, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path and a sentence for each part of a file that does not conform to the schema.

    A sentence does not contain a value, unless the schema lists all allowed values, because a value can be a secret.
    """
    about = definition(schema() if about is None else about)
    if "enum" in about and value not in about["enum"]:
        yield (
            path,
            f"must be one of {', '.join(about['enum'])}; it is {value if isinstance(value, str) else _kind(value)}.",
        )
    if "type" in about and not _kinds(value) & _set(about["type"]):
        yield path, f"{about.get('x-hint') or _either(about['type'])}, not {_kind(value)}."
        return
    yield from _exceeded(value, about, path)
    if isinstance(value, dict):
        yield from _in_table(value, about, path)
    if isinstance(value, list) and "items" in about:
        for number, item in enumerate(value):
            yield from problems(item, about["items"], (*path, number))


def _exceeded(value: Any, about: Schema, path: Path) -> Iterator[tuple[Path, str]]:
    for keyword, (kind, is_exceeded, sentence) in _LIMITS.items():
        if keyword in about and isinstance(value, kind) and is_exceeded(value, about[keyword]):
            yield path, f"{about.get('x-hint', sentence.format(limit=about[keyword]))}."
            return


def _in_table(table: Mapping[str, Any], about: Schema, path: Path) -> Iterator[tuple[Path, str]]:
    known = about.get("properties", {})
    meant = {nearest(key, known) for key in table if key not in known}
    for name in about.get("required", ()):
        if name not in table and name not in meant:
            yield path, f"the key {name} is missing."
    for key, value in table.items():
        inside = key_schema(about, key)
        if inside is not None:
            yield from problems(value, inside, (*path, key))
        elif "patternProperties" in about:
            yield (*path, key), f"{key} {about['x-hint']}."
            for inside in about["patternProperties"].values():
                yield from problems(value, inside, (*path, key))
        else:
            yield (*path, key), unknown("key", key, known)


def key_schema(about: Schema, key: str) -> Schema | None:
    """Return the part of the schema for a key of a table; None if the table cannot have the key."""
    if key in about.get("properties", {}):
        found: Schema = about["properties"][key]
        return found
    for pattern, inside in about.get("patternProperties", {}).items():
        if _matches(pattern, key):
            return definition(inside)
    others = about.get("additionalProperties", True)
    if others is False:
        return None
    return {} if others is True else definition(others)


def _kinds(value: Any) -> set[str]:
    """Return the types of a value in the terms of JSON Schema. A date has none."""
    kind = next((name for kind, name in _KINDS.items() if isinstance(value, kind)), "")
    return {kind, "number"} if kind == "integer" else {kind}


def _set(types: str | list[str]) -> set[str]:
    return {types} if isinstance(types, str) else set(types)


def _either(types: str | list[str]) -> str:
    if isinstance(types, str):
        return f"must be {_WORDS[types]}"
    words = [_WORDS[name] for name in types]
    return f"must be {', '.join(words[:-1])} or {words[-1]}"


def _kind(value: Any) -> str:
    """Return the kind of a value in words."""
    return next((_WORDS[name] for kind, name in _KINDS.items() if isinstance(value, kind)), "a date or time")


def _matches(pattern: str, text: str) -> bool:
    """Match as JavaScript does, in which $ is the end of the text, and not also the place before a line break."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


def _repeats(items: list[Any]) -> bool:
    texts = [json.dumps(item, sort_keys=True, default=str) for item in items]
    return len(set(texts)) < len(texts)
