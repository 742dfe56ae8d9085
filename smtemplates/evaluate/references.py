"""Find the references in a template, and the conditions under which they apply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smtemplates.errors import Error
from smtemplates.evaluate.values import intrinsic, short

Path = tuple[str | int, ...]
Requirements = tuple[tuple[str, bool], ...]

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


@dataclass(frozen=True)
class Reference:
    """Reference to a parameter or resource, which applies only if all `required` conditions have these truth values."""

    kind: Literal["Ref", "GetAtt", "Sub", "DependsOn"]
    target: str
    attribute: str | None
    required: Requirements
    path: Path


def references(value: Any, path: Path = (), required: Requirements = ()) -> Iterator[Reference]:
    """Yield every reference in a value, also to parameters and pseudo parameters, except AWS::NoValue.

    Raises:
        Error: A function has the wrong arguments.
    """
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*path, index), required)
    elif isinstance(value, dict):
        name = intrinsic(value)
        if name is None:
            for key, member in value.items():
                yield from references(member, (*path, key), required)
        else:
            try:
                yield from _inside(name, value[name], (*path, name), required)
            except (TypeError, ValueError, AttributeError) as error:
                raise Error(f"{name} does not take {short(value[name])}.") from error


def edges(template: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield every reference in Resources and Outputs; it first requires the Condition of its resource or output."""
    for section in ("Resources", "Outputs"):
        for name, body in template.get(section, {}).items():
            required: Requirements = ((body["Condition"], True),) if "Condition" in body else ()
            path = (section, name)
            after = body.get("DependsOn", [])
            for target in [after] if isinstance(after, str) else after:
                yield Reference("DependsOn", target, None, required, (*path, "DependsOn"))
            yield from references(body, path, required)


def _inside(name: str, arguments: Any, path: Path, required: Requirements) -> Iterator[Reference]:
    if name == "Ref":
        if arguments != "AWS::NoValue":
            yield Reference("Ref", arguments, None, required, path)
    elif name == "Fn::GetAtt":
        target, attribute = arguments.split(".", 1) if isinstance(arguments, str) else arguments
        yield Reference("GetAtt", target, attribute if isinstance(attribute, str) else None, required, path)
        yield from references(attribute, path, required)
    elif name == "Fn::If":
        condition, then, otherwise = arguments
        yield from references(then, (*path, 1), (*required, (condition, True)))
        yield from references(otherwise, (*path, 2), (*required, (condition, False)))
    elif name == "Fn::Sub":
        body, variables = (arguments, {}) if isinstance(arguments, str) else arguments
        for variable in _VARIABLE.findall(body):
            if variable not in variables:
                target, _, attribute = variable.partition(".")
                yield Reference("Sub", target, attribute or None, required, path)
        yield from references(dict(variables), (*path, 1), required)
    else:
        yield from references(arguments, path, required)
