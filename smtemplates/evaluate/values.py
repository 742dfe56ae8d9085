"""Resolve the intrinsic functions of a value, as far as parameters alone decide it."""

from __future__ import annotations

import base64
import copy
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate.not_evaluated import NeedsTransformError
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.sections import nested, replaces

NO_VALUE = object()
_CONTAINERS = (dict, list)  # most values are texts, and need no call
SHOWN = 60  # characters of a value in a message

VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")


def intrinsic(value: Any) -> str | None:
    """Return the name of the intrinsic function that a value is, or None."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return name
    return None


def in_place(logical_id: str, attribute: str | None) -> dict[str, Any]:
    """Return a reference to a resource unchanged."""
    return {"Ref": logical_id} if attribute is None else {"Fn::GetAtt": [logical_id, attribute]}


def resolve(value: Any, scope: Scope) -> Any:
    """Resolve everything that `scope` decides; the rest stays, in as few intrinsic functions as possible.

    `Ref AWS::NoValue` disappears from maps and lists, and resolves to NO_VALUE if it is the whole value.

    Raises:
        NeedsTransformError: AWS replaces a part of the value before it evaluates the rest.
        Error: CloudFormation would reject the function or its arguments, or the result is too long.
    """
    if isinstance(value, list):
        items = [resolve(item, scope) if isinstance(item, _CONTAINERS) else item for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    name = intrinsic(value)
    if name is None:
        if "Fn::" in "\n".join(value):  # faster than a look at each key
            _check_keys(value)
        members = {key: resolve(each, scope) if isinstance(each, _CONTAINERS) else each for key, each in value.items()}
        return {key: member for key, member in members.items() if member is not NO_VALUE}
    function = _FUNCTIONS.get(name)
    if function is None:
        _check_keys(value)
        raise Error(f"{name} cannot be evaluated here: it is unknown, or belongs in a condition.")
    try:
        result = function(value[name], scope)
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise Error(f"{name} does not take {short(value[name])}.") from error
    _count(result, scope)
    return result


def _check_keys(value: Iterable[str]) -> None:
    for key in filter(replaces, value):
        raise NeedsTransformError(key)


def _count(result: Any, scope: Scope) -> None:
    if isinstance(result, str):
        scope.count(len(result))
    elif isinstance(result, list):
        for text in [item for item in result if isinstance(item, str)]:
            scope.count(len(text))


def to_text(value: Any) -> str:
    """Convert a scalar to text as CloudFormation does."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise TypeError


def scalar(value: Any) -> str | None:
    """Convert a scalar to text, or return None for any other value."""
    return to_text(value) if isinstance(value, str | int | float) else None


def short(value: Any) -> str:
    """Show a value in a message."""
    shown = repr(value)
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 3]}..."


def _ref(name: Any, scope: Scope) -> Any:
    name = _name(name, scope)
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.names:
        value = scope.names[name]
        # a copy, so that changes of a list in one place do not change another
        return value if isinstance(value, str) else copy.copy(value)
    return scope.resource(name, None)


def _get_att(target: Any, scope: Scope) -> Any:
    logical_id, attribute = target.split(".", 1) if isinstance(target, str) else target
    name = resolve(attribute, scope)
    if isinstance(name, dict):
        return {"Fn::GetAtt": [logical_id, name]}
    return scope.resource(_name(logical_id, scope), to_text(name))


def _name(name: Any, scope: Scope) -> str:
    """Return the name in a reference. The transform AWS::LanguageExtensions allows functions that return it."""
    found = resolve(name, scope) if isinstance(name, dict) else name
    if not isinstance(found, str):
        raise TypeError
    return found


def _if(branches: Any, scope: Scope) -> Any:
    condition, then, otherwise = branches
    truth = scope.condition(condition)
    if truth is None and scope.rest is not None:
        return scope.rest.choice(condition, then, otherwise)
    return resolve(then if truth else otherwise, scope)


def _sub(body: Any, scope: Scope) -> Any:
    template, expressions = body if isinstance(body, list) else (_name(body, scope), {})
    variables = {name: resolve(value, scope) for name, value in expressions.items()}
    first, *rest = VARIABLE.split(template)
    pieces: list[Any] = [first]  # texts, and variables with their values
    for literal, name, following in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
        value = f"${{{name}}}" if literal else variables[name] if name in variables else _variable(name, scope)
        if isinstance(value, dict):
            pieces += [(name, value), following]
        else:
            _count(value, scope)
            pieces += [to_text(value), following]
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(pieces)
    return _remaining_sub(pieces, variables)


def _remaining_sub(pieces: list[Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return Fn::Sub with the variables that are not decided. A reference alone does not need a variable."""
    text, kept = "", {}
    for is_text, group in itertools.groupby(pieces, lambda piece: isinstance(piece, str)):
        if is_text:
            text += _escape("".join(group))
            continue
        for name, value in group:
            short_name = _reference(value) if name in variables else name
            text += f"${{{short_name or name}}}"
            if short_name is None:
                kept[name] = value
    return {"Fn::Sub": [text, kept] if kept else text}


def _reference(value: Any) -> str | None:
    """Return the name that Fn::Sub uses for a reference, or None if the value is something else."""
    name = intrinsic(value)
    if name == "Ref":
        return str(value[name])
    if name == "Fn::GetAtt" and isinstance(value[name], list) and all(isinstance(part, str) for part in value[name]):
        return ".".join(value[name])
    return None


def _variable(name: str, scope: Scope) -> Any:
    if "." in name:
        return scope.resource(*name.split(".", 1))
    return _ref(name, scope)


def _escape(plain: str) -> str:
    return re.sub(r"\$\{([^{}]*)\}", r"${!\1}", plain)


def _join(arguments: Any, scope: Scope) -> Any:
    delimiter, items = arguments
    items = resolve(items, scope)
    if isinstance(items, dict):
        return {"Fn::Join": [delimiter, items]}
    merged: list[Any] = []
    for is_open, group in itertools.groupby(items, lambda item: isinstance(item, dict)):
        if is_open:
            merged += group
        else:
            texts = list(map(to_text, group))
            scope.count(sum(map(len, texts)) + len(delimiter) * len(texts))
            merged.append(delimiter.join(texts))
    if any(isinstance(item, dict) for item in merged):
        return {"Fn::Join": [delimiter, merged]}
    return "".join(merged)


def _split(arguments: Any, scope: Scope) -> Any:
    delimiter, source = arguments
    value = resolve(source, scope)
    if isinstance(value, dict):
        return {"Fn::Split": [delimiter, value]}
    return to_text(value).split(delimiter)


def _select(arguments: Any, scope: Scope) -> Any:
    index, items = (resolve(argument, scope) for argument in arguments)
    if isinstance(index, dict) or isinstance(items, dict) or any(map(_can_disappear, items)):
        return {"Fn::Select": [index, items]}
    if not isinstance(items, list):
        raise TypeError
    if not 0 <= int(index) < len(items):
        raise Error(f"Fn::Select selects item {index} of {len(items)}.")
    return items[int(index)]


def _can_disappear(item: Any) -> bool:
    """Return whether an item of a list can be AWS::NoValue, so that the items after it have another index."""
    if intrinsic(item) != "Fn::If":
        return False
    return any(branch == {"Ref": "AWS::NoValue"} or _can_disappear(branch) for branch in item["Fn::If"][1:])


def _find_in_map(arguments: Any, scope: Scope) -> Any:
    """Return a value of a mapping. The transform AWS::LanguageExtensions adds a default value as fourth argument."""
    name, top, second, *options = (resolve(argument, scope) for argument in arguments)
    if any(isinstance(key, dict) for key in (name, top, second)):
        return {"Fn::FindInMap": [name, top, second, *options]}
    found = scope.mappings
    for key in (name, to_text(top), to_text(second)):
        if key not in found and options:
            return options[0]["DefaultValue"]
        if key not in found and any(map(replaces, found)):
            raise NeedsTransformError(f"Mapping {name}")
        if key not in found:
            raise Error(f"Fn::FindInMap finds no {to_text(top)}.{to_text(second)} in mapping {name}.")
        found = found[key]
        if found is None:
            raise TypeError
    if scope.rest is not None and scope.rest.stays_in_mapping(found):
        return {"Fn::FindInMap": [name, top, second]}
    return copy.copy(found)


def _base64(source: Any, scope: Scope) -> Any:
    value = resolve(source, scope)
    return {"Fn::Base64": value} if isinstance(value, dict) else base64.b64encode(to_text(value).encode()).decode()


def _length(items: Any, scope: Scope) -> Any:
    value = resolve(items, scope)
    if not isinstance(value, dict | list):
        raise TypeError
    return len(value) if isinstance(value, list) else {"Fn::Length": value}


def _to_json_string(content: Any, scope: Scope) -> Any:
    value = resolve(content, scope)
    if not isinstance(value, dict | list):
        raise TypeError
    is_open = any(map(intrinsic, nested(value)))
    return {"Fn::ToJsonString": value} if is_open else json.dumps(value, separators=(",", ":"))


def _kept(name: str, arguments: Any, scope: Scope) -> Any:
    (rest,) = resolve([arguments], scope)  # AWS::NoValue disappears from the list, and is not an argument
    return {name: rest}


_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    # of the transform AWS::LanguageExtensions
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json_string,
    # known only in the account
    **{name: partial(_kept, name) for name in ("Fn::GetAZs", "Fn::ImportValue", "Fn::Cidr", "Fn::GetStackOutput")},
}
