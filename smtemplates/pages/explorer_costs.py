"""The data from which the explorer calculates the costs of a month: lines, and the properties that they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from smtemplates.aws_data.costs import COSTS, IDLE_FREE
from smtemplates.aws_data.monthly_costs import LINES, PARAMETERS, UNKNOWN_COSTS, Line
from smtemplates.core.construct import OFF, ON
from smtemplates.synth.declarations import entries, resources

CONDITIONAL = "Fn::If"


def cost_data(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines for the types of a template, the properties that they need, and texts about other types."""
    found = resources(template)
    types = {str(body["Type"]) for body in found.values()}
    lines = [line for line in LINES if line.type in types | {PARAMETERS}]
    priced = {name: _properties(body, lines) for name, body in found.items()}
    return {
        "lines": [_line(line) for line in lines],
        "priced": {name: expressions for name, expressions in priced.items() if expressions},
        "costs": {
            name: f"{COSTS[name].unit.rstrip('.')}." if name in COSTS else UNKNOWN_COSTS
            for name in sorted(types - IDLE_FREE)
        },
    }


def sizes(template: Mapping[str, Any]) -> list[str]:
    """Return the parameters that the costs depend on, except for the switches of resources.

    A parameter that acts only through conditions is one of them if it is a choice of several values.
    """
    declared = entries(template, "Parameters")
    data = cost_data(template)
    expressions = [list(found.values()) for found in data["priced"].values()]
    priced = {line["type"] for line in data["lines"]}
    conditions = {str(body.get("Condition")) for body in resources(template).values() if body["Type"] in priced}
    conditions |= {branches[0] for branches in _found(CONDITIONAL, expressions)}
    named = set(_found("Ref", expressions))
    named |= {name for name in _deciding(template, conditions) if _is_choice(declared.get(name, {}))}
    for line in LINES:
        named |= {line.by, *line.factors} if line.type == PARAMETERS else set()
    return [name for name in declared if name in named]


def _line(line: Line) -> dict[str, Any]:
    found = {key: value for key, value in asdict(line).items() if value}
    price = line.price
    return found | {
        "price": {key: str(each) for key, each in price.items()} if isinstance(price, Mapping) else str(price)
    }


def _properties(body: Mapping[str, Any], lines: list[Line]) -> dict[str, Any]:
    """Return the expressions of the properties of a resource that its lines refer to, by path."""
    paths = {
        path
        for line in lines
        if line.type == body["Type"]
        for path in (line.by, *(line.where or ())[:1], *line.factors)
        if path[:1].isupper()
    }
    expressions = {path: _expression(body.get("Properties"), path.split(".")) for path in sorted(paths)}
    return {path: each for path, each in expressions.items() if each is not None}


def _expression(value: Any, keys: list[str]) -> Any:
    """Return the expression at a path, or None. A condition on the way to it stays around it."""
    if not keys:
        return value
    if isinstance(value, list):
        return _expression(value[int(keys[0])], keys[1:]) if keys[0].isdigit() and int(keys[0]) < len(value) else None
    if not isinstance(value, Mapping):
        return None
    branches = value.get(CONDITIONAL)
    if isinstance(branches, list) and len(branches) > 2:  # noqa: PLR2004 - a condition and two values
        left, right = (_expression(each, keys) for each in branches[1:3])
        absent = {"Ref": "AWS::NoValue"}
        return {CONDITIONAL: [branches[0], absent if left is None else left, absent if right is None else right]}
    return _expression(value.get(keys[0]), keys[1:])


def _deciding(template: Mapping[str, Any], conditions: Iterable[str]) -> set[str]:
    """Return the parameters that decide about conditions, also through other conditions."""
    declared = entries(template, "Conditions")
    parameters: set[str] = set()
    waiting, seen = list(conditions), set[str]()
    while waiting:
        if (name := waiting.pop()) not in seen and name in declared:
            seen.add(name)
            parameters.update(_found("Ref", declared[name]))
            waiting += _found("Condition", declared[name])
    return parameters


def _is_choice(about: Mapping[str, Any]) -> bool:
    """Return whether a parameter has allowed values, and is not a switch."""
    return bool(about.get("AllowedValues")) and set(map(str, about["AllowedValues"])) != {ON, OFF}


def _found(key: str, expression: Any) -> Iterator[Any]:
    """Yield the values of a key anywhere in an expression, such as the parameters of all `Ref`."""
    if isinstance(expression, list):
        for each in expression:
            yield from _found(key, each)
    elif isinstance(expression, Mapping):
        if key in expression:
            yield expression[key]
        yield from _found(key, list(expression.values()))
