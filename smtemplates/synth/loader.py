"""Read a template, YAML or JSON, into plain values with every intrinsic function in its long form."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from smtemplates.errors import UsageError
from smtemplates.synth.scalars import json_number, plain, plain_key

LEVELS = 100  # libyaml's composer overflows the C stack on deep nesting, so this module limits the depth
BYTE_ORDER_MARK = "\ufeff"

_TOO_DEEP = f"values are nested more than {LEVELS} levels deep."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = {"!", f"{_CORE}str"}
_PLAIN_TAGS = {f"{_CORE}{name}" for name in ("int", "float", "bool", "null")}
_KNOWN_TAGS = _TEXT_TAGS | _PLAIN_TAGS | {f"{_CORE}seq", f"{_CORE}map"}
SECTIONS: tuple[tuple[str, str, type], ...] = (  # with the key that each entry must have, and its type
    ("Parameters", "Type", str),
    ("Rules", "Assertions", list),
    ("Mappings", "", object),
    ("Conditions", "", object),
    ("Resources", "Type", str),
    ("Outputs", "", object),
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def load(text: str) -> dict[str, Any]:
    """Read a template from YAML (short or long intrinsic functions) or JSON, and check the shape of its sections.

    Raises:
        UsageError: The text is not a template. The message contains the line or the name of the error.
    """
    template = parse(text)
    _check_shape(template)
    return template


def parse(text: str) -> dict[str, Any]:
    """Read a mapping from YAML (short or long intrinsic functions) or JSON; its sections can contain anything.

    Only plain decimal numbers become numbers: dates, `001234567012`, `0x1F` and `12:30:45` remain strings. Duplicate
    keys and aliases are rejected. CloudFormation does not support aliases either.

    Raises:
        UsageError: The text is not a mapping in YAML or JSON. The message contains the line or the name of the error.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    try:
        template = _json(text) if text.lstrip().startswith("{") else _Reader(text, strict=True).document()
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise UsageError(_explain(error, text)) from error
    if not isinstance(template, dict):
        kind = {list: "a list", type(None): "empty"}.get(type(template), "a single value")
        raise UsageError(f"Line 1: a template must be a mapping with sections such as Resources, but this is {kind}.")
    return template


def _check_shape(template: dict[str, Any]) -> None:
    """Reject text that is not a template; a linter finds all other errors.

    A section can be null. The value of a key that begins with `Fn::`, such as `Fn::Transform` or `Fn::ForEach::Names`,
    can have any type. The entries of a template with transforms can have any type, because a macro can replace them.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html
    """
    for section, key, kind in SECTIONS:
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


class _Reader:
    """Reads the first document of a YAML text.

    If it is not strict, the last of several equal keys counts, as in CloudFormation. Everything else that
    CloudFormation does not support, such as a second document, is read in some way.
    """

    def __init__(self, text: str, *, strict: bool) -> None:
        self._strict = strict
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)

    def document(self) -> Any:
        """Return the value of the document. That of an empty text is None."""
        next(self._events)
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return None
        template = self._value(next(self._events), 0)
        next(self._events)
        if not isinstance(another := next(self._events), yaml.StreamEndEvent):
            self._reject(another, "a second document starts here. A template must be one document.")
        return template

    def _reject(self, event: Any, reason: str) -> None:
        if self._strict:
            raise UsageError(f"Line {_line(event)}: {reason}")

    def _value(self, event: Any, level: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            self._reject(event, f"CloudFormation does not support aliases. Replace *{event.anchor} with its value.")
            return f"*{event.anchor}"
        if level > LEVELS:
            raise UsageError(f"Line {_line(event)}: {_TOO_DEEP}")
        if isinstance(event, yaml.ScalarEvent):
            return self._tagged(event, _scalar(event))
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                items.append(self._value(item, level + 1))
            return self._tagged(event, items)
        return self._tagged(event, self._mapping(level))

    def _mapping(self, level: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent):
                key: str = plain_key(event.value) if _is_plain(event) else event.value
            else:
                self._reject(event, "a key must be a plain string.")
                key = json.dumps(self._value(event, level + 1))
            if key in mapping:
                self._reject(event, f"the key {key!r} is used twice in this mapping. Remove one of them.")
            mapping[key] = self._value(next(self._events), level + 1)
        return mapping

    def _tagged(self, event: Any, value: Any) -> Any:
        tag = event.tag
        if tag is None or tag in _KNOWN_TAGS:
            return value
        name = tag.removeprefix("!")
        if name == tag or not name.isalnum():
            self._reject(event, f"CloudFormation has no tag {tag.replace(_CORE, '!!')}.")
            return value
        if name in {"Ref", "Condition"}:
            return {name: value}
        if name == "GetAtt" and isinstance(value, str):
            return {"Fn::GetAtt": value.split(".", 1)}
        return {f"Fn::{name}": value}


def read_yaml(text: str) -> Any:
    """Return the value of a YAML text, in which the last of several equal keys counts.

    Raises:
        UsageError: The values are nested too deeply.
        yaml.YAMLError: The text is not YAML.
    """
    return _Reader(text, strict=False).document()


def _is_plain(event: Any) -> bool:
    return event.tag in _PLAIN_TAGS or not (event.style or event.tag)


def _scalar(event: Any) -> Any:
    """Return the value of a scalar; a quoted, block or tagged scalar is always text, unless its tag is a plain type."""
    return plain(event.value) if _is_plain(event) else event.value


def _json(text: str) -> Any:
    """Read JSON, or YAML that looks like JSON. The YAML parser also reports the line of an error in JSON."""
    reader = _Reader(text, strict=True)
    try:
        template = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_int=json_number,
            parse_float=json_number,
            parse_constant=_not_a_number,
        )
    except json.JSONDecodeError as error:
        try:
            return reader.document()
        except yaml.YAMLError:
            raise UsageError(f"Line {error.lineno}: this is not JSON: {error.msg}.") from error
    except RecursionError:
        return reader.document()
    except UsageError:
        with contextlib.suppress(yaml.YAMLError):
            reader.document()
        raise
    if is_deep(template):
        raise UsageError(_TOO_DEEP)
    _check_characters(text, template)
    return template


def is_deep(value: Any) -> bool:
    """Return whether a value has more levels than a template may have."""
    level = [value]
    for _ in range(LEVELS + 1):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _not_a_number(word: str) -> Any:
    raise json.JSONDecodeError(f"{word} is not a number", word, 0)


def _check_characters(text: str, template: Any) -> None:
    """Reject half of a surrogate pair, which JSON can express and a request cannot contain."""
    if "\\u" in text and _SURROGATE.search(json.dumps(template, ensure_ascii=False)):
        raise UsageError(r"The text contains a \u escape that is only half of a character.")


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
