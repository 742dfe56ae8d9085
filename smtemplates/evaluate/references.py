"""Find the references in a template, and the conditions under which they apply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smtemplates.errors import Error
from smtemplates.evaluate.not_evaluated import unexpected_values
from smtemplates.evaluate.sections import definitions
from smtemplates.evaluate.values import intrinsic, scalar, short

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
        Error: A function has the wrong arguments, or the value is nested too deeply.
    """
    with unexpected_values():
        yield from _references(value, path, required)


def _references(value: Any, path: Path, required: Requirements) -> Iterator[Reference]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, (*path, index), required)
    elif isinstance(value, dict):
        name = intrinsic(value)
        if name is None:
            for key, member in value.items():
                yield from _references(member, (*path, key), required)
        else:
            try:
                yield from _inside(name, value[name], (*path, name), required)
            except (TypeError, ValueError, AttributeError) as error:
                raise Error(f"{name} does not take {short(value[name])}.") from error


def edges(template: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield every reference in Resources and Outputs; it first requires the Condition of its resource or output.

    Raises:
        Error: A function has the wrong arguments, or a Condition or DependsOn is not a name.
    """
    for section in ("Resources", "Outputs"):
        for name, body in definitions(template, section).items():
            path = (section, name)
            after = body.get("DependsOn", [])
            for target in after if isinstance(after, list) else [after]:
                yield Reference("DependsOn", _name(target, "DependsOn"), None, own(body), (*path, "DependsOn"))
            yield from references(body, path, own(body))


def own(body: Mapping[str, Any]) -> Requirements:
    """Return the requirement that the Condition of a resource or output is true.

    Raises:
        Error: The Condition is not a name.
    """
    return ((_name(body["Condition"], "Condition"), True),) if "Condition" in body else ()


def branches_of(branches: Any) -> tuple[str, Any, Any]:
    """Return the condition and the two branches of an Fn::If.

    Raises:
        Error: The function has the wrong arguments.
    """
    match branches:
        case [condition, then, otherwise]:
            return _name(condition, "Fn::If"), then, otherwise
    raise Error(f"Fn::If does not take {short(branches)}.")


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise Error(f"{place} does not take {short(value)}.")
    return value


def _named(reference: Reference) -> Iterator[Reference]:
    """Yield a reference. The transform AWS::LanguageExtensions allows functions that return the name in it."""
    if isinstance(reference.target, dict):
        yield from _references(reference.target, reference.path, reference.required)
    else:
        _name(reference.target, reference.kind)
        yield reference


def _inside(name: str, arguments: Any, path: Path, required: Requirements) -> Iterator[Reference]:
    if name == "Ref":
        if arguments != "AWS::NoValue":
            yield from _named(Reference("Ref", arguments, None, required, path))
    elif name == "Fn::GetAtt":
        target, attribute = arguments.split(".", 1) if isinstance(arguments, str) else arguments
        yield from _named(Reference("GetAtt", target, scalar(attribute), required, path))
        yield from _references(attribute, path, required)
    elif name == "Fn::If":
        condition, then, otherwise = branches_of(arguments)
        yield from _references(then, (*path, 1), (*required, (condition, True)))
        yield from _references(otherwise, (*path, 2), (*required, (condition, False)))
    elif name == "Fn::Sub":
        body, variables = arguments if isinstance(arguments, list) else (arguments, {})
        if isinstance(body, dict):
            yield from _references(body, path, required)
            body = ""
        for variable in _VARIABLE.findall(body):
            if variable not in variables:
                target, _, attribute = variable.partition(".")
                yield Reference("Sub", target, attribute or None, required, path)
        yield from _references(dict(variables), (*path, 1), required)
    else:
        yield from _references(arguments, path, required)
