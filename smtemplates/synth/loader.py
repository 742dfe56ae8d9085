"""Read a template, YAML or JSON, into plain values with every intrinsic function in its long form."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from smtemplates.errors import UsageError

LEVELS = 100  # libyaml's composer overflows the C stack on deep nesting, so this module limits the depth

_TOO_DEEP = f"values are nested more than {LEVELS} levels deep."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}
_FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}
_NULL = {"", "~", "null", "Null", "NULL"}
_SECTIONS: tuple[tuple[str, str, type], ...] = (  # with the key that each entry must have, and its type
    ("Parameters", "Type", str),
    ("Rules", "Assertions", list),
    ("Mappings", "", object),
    ("Conditions", "", object),
    ("Resources", "Type", str),
    ("Outputs", "", object),
)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FRACTION = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")


def load(text: str) -> dict[str, Any]:
    """Read a template from YAML (short or long intrinsic functions) or JSON.

    Only plain decimal numbers become numbers: dates, `001234567012`, `0x1F` and `12:30:45` remain strings. Duplicate
    keys and aliases are rejected. CloudFormation does not support aliases either.

    Raises:
        UsageError: The text is not a template. The message contains the line or the name of the error.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    try:
        template = _json(text) if text.lstrip().startswith("{") else _yaml(text)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UsageError(_explain(error, text)) from error
    if not isinstance(template, dict):
        kind = {list: "a list", type(None): "empty"}.get(type(template), "a single value")
        raise UsageError(f"Line 1: a template must be a mapping with sections such as Resources, but this is {kind}.")
    _check_shape(template)
    return template


def _check_shape(template: dict[str, Any]) -> None:
    """Reject text that is not a template; a linter finds all other errors.

    A section can be null. The value of a key that begins with `Fn::`, such as `Fn::Transform` or `Fn::ForEach::Names`,
    can have any type. The entries of a template with transforms can have any type, because a macro can replace them.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
    """
    for section, key, kind in _SECTIONS:
        entries = template.get(section)
        if not isinstance(entries, dict | None):
            raise UsageError(f"{section} must be a mapping from names to definitions.")
        if template.get("Transform"):
            continue
        for name, body in _without_functions(entries):
            if not isinstance(body, dict):
                raise UsageError(f"{section}.{name} must be a mapping.")
            if key and not isinstance(body.get(key), kind) and "Fn::Transform" not in body:
                raise UsageError(f"{section}.{name} must have the key {key}.")
            if section == "Rules":
                _check_rule(name, body)
            if section == "Mappings" and not all(isinstance(entry, dict) for _, entry in _without_functions(body)):
                raise UsageError(f"Mappings.{name} must be a mapping whose values are mappings.")


def _check_rule(name: str, rule: dict[str, Any]) -> None:
    assertions = rule.get("Assertions", [])
    if not all(isinstance(assertion, dict) and "Assert" in assertion for assertion in assertions):
        raise UsageError(f"Rules.{name}.Assertions must be a list of mappings with the key Assert.")


def _without_functions(entries: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    """Yield the entries of a mapping, except for functions that produce entries."""
    return ((name, body) for name, body in (entries or {}).items() if not name.startswith("Fn::"))


def _yaml(text: str) -> Any:
    events = yaml.parse(text, Loader=_LOADER)
    next(events)
    start = next(events)
    if isinstance(start, yaml.StreamEndEvent):
        return None
    template = _value(next(events), events, 0)
    next(events)
    another = next(events)
    if not isinstance(another, yaml.StreamEndEvent):
        raise UsageError(f"Line {_line(another)}: a second document starts here. A template must be one document.")
    return template


def _value(event: Any, events: Iterator[Any], level: int) -> Any:
    if isinstance(event, yaml.AliasEvent):
        raise UsageError(
            f"Line {_line(event)}: CloudFormation does not support aliases. Replace *{event.anchor} with its value."
        )
    if level > LEVELS:
        raise UsageError(f"Line {_line(event)}: {_TOO_DEEP}")
    if isinstance(event, yaml.ScalarEvent):
        return _tagged(event, _scalar(event))
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_value(item, events, level + 1))
        return _tagged(event, items)
    return _tagged(event, _mapping(events, level))


def _mapping(events: Iterator[Any], level: int) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            raise UsageError(f"Line {_line(key)}: a key must be a plain string.")
        if key.value in mapping:
            raise UsageError(
                f"Line {_line(key)}: the key {key.value!r} is used twice in this mapping. Remove one of them."
            )
        mapping[key.value] = _value(next(events), events, level + 1)
    return mapping


def _scalar(event: Any) -> Any:
    text: str = event.value
    if event.style or event.tag:  # a quoted, block or tagged scalar is always text
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _tagged(event: Any, value: Any) -> Any:
    tag = event.tag
    if tag is None or tag in {"!", f"{_CORE}str", f"{_CORE}seq", f"{_CORE}map"}:
        return value
    name = tag.removeprefix("!")
    if name == tag or not name.isalnum():
        raise UsageError(f"Line {_line(event)}: CloudFormation has no tag {tag.replace(_CORE, '!!')}.")
    if name in {"Ref", "Condition"}:
        return {name: value}
    if name == "GetAtt" and isinstance(value, str):
        return {"Fn::GetAtt": value.split(".", 1)}
    return {f"Fn::{name}": value}


def _json(text: str) -> Any:
    """Read JSON, or YAML that looks like JSON. The YAML parser also reports the line of an error in JSON."""
    try:
        template = json.loads(text, object_pairs_hook=_distinct)
    except json.JSONDecodeError as error:
        try:
            return _yaml(text)
        except yaml.YAMLError:
            raise UsageError(f"Line {error.lineno}: this is not JSON: {error.msg}.") from error
    except RecursionError:
        return _yaml(text)
    except UsageError:
        with contextlib.suppress(yaml.YAMLError):
            _yaml(text)
        raise
    level = [template]
    for _ in range(LEVELS + 1):
        level = [child for value in level for child in _children(value)]
    if level:
        raise UsageError(_TOO_DEEP)
    return template


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"The key {twice!r} is used twice in one object. Remove one of them.")
    return mapping


def _explain(error: yaml.YAMLError | UnicodeEncodeError, text: str) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        reasons = (error.context, error.problem)
        return f"Line {error.problem_mark.line + 1}: this is not YAML: {', '.join(r for r in reasons if r)}."
    position = error.start if isinstance(error, UnicodeEncodeError) else getattr(error, "position", 0)
    line = text.count("\n", 0, position) + 1
    return f"Line {line}: the text contains a character that is not allowed in a template."


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line
