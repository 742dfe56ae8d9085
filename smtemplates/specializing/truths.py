"""Simplify the expressions of Conditions and Rules as far as the fixed parameters decide them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from smtemplates.evaluate.logic import comparable, compare, function
from smtemplates.evaluate.not_evaluated import UndecidedError
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.values import NO_VALUE, VARIABLE, intrinsic, resolve, to_text

# A truth value, or the rest of an expression that is not decided.
Truth = bool | dict[str, Any]

NO_VALUE_REF = {"Ref": "AWS::NoValue"}
ACCOUNT = frozenset({"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"})


def simplified(
    expression: Any, scope: Scope, named: Callable[[str], Truth], allowed: Mapping[str, frozenset[str]]
) -> Truth:
    """Return the truth value of an expression, or the simplest expression that is left of it.

    `named` returns the same for the condition of a name. `allowed` are the values that a parameter can have, if they
    are listed.

    Raises:
        Error: CloudFormation would reject the expression.
    """
    name, arguments = function(expression)
    if name == "Condition":
        return named(arguments)
    if name == "Fn::Not":
        return opposite(simplified(arguments[0], scope, named, allowed))
    if name in ("Fn::And", "Fn::Or"):
        parts = [simplified(part, scope, named, allowed) for part in arguments]
        return joined(name, parts)
    return _comparison(name, arguments, scope, allowed)


def opposite(truth: Truth) -> Truth:
    """Return the opposite of a truth value or of an expression."""
    if isinstance(truth, bool):
        return not truth
    return truth["Fn::Not"][0] if "Fn::Not" in truth else {"Fn::Not": [truth]}


def joined(name: str, parts: Iterable[Truth]) -> Truth:
    """Return the rest of Fn::And or Fn::Or."""
    every = name == "Fn::And"
    left: list[Any] = []
    for part in parts:
        if isinstance(part, bool):
            if part is not every:
                return part
        elif part not in left:
            left.append(part)
    if any(opposite(part) in left for part in left):
        return not every
    if not left:
        return every
    return left[0] if len(left) == 1 else {name: left}


def _comparison(name: str, arguments: list[Any], scope: Scope, allowed: Mapping[str, frozenset[str]]) -> Truth:
    try:
        return compare(name, [comparable(argument, scope) for argument in arguments])
    except UndecidedError:
        sides = [_operand(argument, scope) for argument in arguments]
    if NO_VALUE_REF in sides:  # only AWS knows the result
        return {name: sides}
    if name == "Fn::Equals":
        if sides[0] == sides[1]:
            return True
        if _differ(sides[0], sides[1], allowed) or _differ(sides[1], sides[0], allowed):
            return False
    return {name: sides}


def _operand(argument: Any, scope: Scope) -> Any:
    """Return the rest of an operand. Functions that read the account stay."""
    if isinstance(argument, dict) and not ACCOUNT.isdisjoint(argument):
        return argument
    rest = resolve(argument, scope)
    return NO_VALUE_REF if rest is NO_VALUE else rest


def _differ(literal: Any, other: Any, allowed: Mapping[str, frozenset[str]]) -> bool:
    """Return whether a text can never equal the value of an expression."""
    if not isinstance(literal, str | int | float):
        return False
    text = to_text(literal)
    if intrinsic(other) == "Ref" and other["Ref"] in allowed:
        return text not in allowed[other["Ref"]]
    pattern = _pattern(other)
    return pattern is not None and re.fullmatch(pattern, text, re.DOTALL) is None


def _pattern(value: Any) -> str | None:
    """Return a regular expression for all texts that a text function can return, or None for other functions."""
    name = intrinsic(value)
    if name == "Fn::Join" and isinstance(value[name][1], list):
        items = value[name][1]
        # an item can be a list or AWS::NoValue, so only the texts count
        texts = [re.escape(item) for item in items if isinstance(item, str)]
        return ".*".join(["", *texts, ""]) if texts else None
    if name == "Fn::Sub":
        body = value[name] if isinstance(value[name], str) else value[name][0]
        first, *rest = VARIABLE.split(body)
        pieces = [re.escape(first)]
        for literal, variable, following in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
            pieces += [re.escape(f"${{{variable}}}") if literal else ".*", re.escape(following)]
        return "".join(pieces)
    return None
