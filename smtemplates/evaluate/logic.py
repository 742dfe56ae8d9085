"""Evaluate the functions of Conditions and Rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from smtemplates.errors import Error
from smtemplates.evaluate.not_evaluated import NeedsTransformError, UndecidedError
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.sections import can_grow, entries, replaces
from smtemplates.evaluate.values import NO_VALUE, resolve, short, to_text

COMPARISONS = frozenset({"Fn::Equals", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn"})

_COMBINATIONS = {"Fn::And": None, "Fn::Or": None, "Fn::Not": 1}
_ARITY = {**_COMBINATIONS, **dict.fromkeys(COMPARISONS, 2)}
_ACCOUNT = frozenset({"Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"})


T = TypeVar("T")


class Conditions(Generic[T]):
    """Evaluate conditions by name, each once and after the conditions that it refers to."""

    def __init__(self, template: Mapping[str, Any], decide: Callable[[str, Any], T]) -> None:
        """Prepare the Conditions section; `decide` evaluates the expression of a named condition."""
        self._declared = entries(template, "Conditions")
        self._can_grow = can_grow(template, "Conditions")
        self._decide = decide
        self._known: dict[str, T] = {}
        self._pending: dict[str, None] = {}

    def __getitem__(self, name: str) -> T:
        """Return the result for a condition.

        Conditions that refer to each other in a long chain are evaluated one after the other, so that the length of
        the chain is not limited by the depth of Python's calls.

        Raises:
            NeedsTransformError: Only a transform can declare the condition.
            Error: The condition is not declared, or depends on itself.
        """
        if not isinstance(name, str):
            raise Error(f"{short(name)} is not the name of a condition.")
        if name not in self._known:
            self._evaluate(name)
        return self._known[name]

    def _evaluate(self, name: str) -> None:
        path = [self._enter(name)]
        try:
            while path:
                current, needed = path[-1]
                missing = next((other for other in needed if other not in self._known), None)
                if missing is not None:
                    path.append(self._enter(missing))
                    continue
                self._known[current] = self._decide(current, self._declared[current])
                del self._pending[current]
                path.pop()
        finally:
            for unfinished, _ in path:
                self._pending.pop(unfinished, None)

    def _enter(self, name: str) -> tuple[str, Iterator[str]]:
        if name not in self._declared and self._can_grow:
            raise NeedsTransformError(f"Condition {name}")
        if name not in self._declared:
            raise Error(f"The template has no condition {name}.")
        if name in self._pending:
            raise Error(f"Condition {name} depends on itself: {' -> '.join([*self._pending, name])}.")
        self._pending[name] = None
        return name, _conditions_of(self._declared[name])


def _conditions_of(expression: Any) -> Iterator[str]:
    """Yield the conditions that a truth function combines."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and len(part) == 1:
            ((name, arguments),) = part.items()
            if name == "Condition" and isinstance(arguments, str):
                yield arguments
            elif isinstance(name, str) and name in _COMBINATIONS and isinstance(arguments, list):
                waiting += reversed(arguments)


def truth(expression: Any, scope: Scope) -> bool:
    """Evaluate a function of Conditions or Rules.

    Fn::ValueOf, Fn::ValueOfAll and Fn::RefAll read attributes of resources in the account, so they stay undecided.

    Raises:
        UndecidedError: Only the account can decide.
        Error: The expression is not a function that returns a truth value.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    name, arguments = function(expression)
    if name == "Condition":
        return bool(scope.condition(arguments))
    if name in COMPARISONS:
        return compare(name, [comparable(argument, scope) for argument in arguments])
    parts = [truth(part, scope) for part in arguments]
    return not parts[0] if name == "Fn::Not" else all(parts) if name == "Fn::And" else any(parts)


def function(expression: Any) -> tuple[str, Any]:
    """Return the name and the arguments of a truth function.

    Raises:
        NeedsTransformError: AWS replaces the expression before it evaluates the template.
        Error: The expression is not a truth function, or has the wrong number of arguments.
    """
    if isinstance(expression, dict) and len(expression) == 1:
        ((name, arguments),) = expression.items()
        if name == "Condition" and isinstance(arguments, str):
            return name, arguments
        if isinstance(arguments, list) and _ARITY.get(name, -1) in {None, len(arguments)}:
            return name, arguments
    if isinstance(expression, dict) and (replaced := next(filter(replaces, expression), None)):
        raise NeedsTransformError(replaced)
    raise Error(
        f"{short(expression)} is not a condition: use Fn::And, Fn::Or, Fn::Not, Fn::Equals or the name of a condition."
    )


def compare(name: str, sides: list[Any]) -> bool:
    """Compare two values as a function of `COMPARISONS` does.

    Raises:
        Error: The function compares a list, and the first value is not a list.
    """
    first, second = sides
    if name == "Fn::Equals":
        return bool(first == second)
    if not isinstance(first, list):
        raise Error(f"{name} compares a list, and {short(first)} is not a list.")
    if name == "Fn::Contains":
        return second in first
    if name == "Fn::EachMemberEquals":
        return all(member == second for member in first)
    if not isinstance(second, list):
        raise Error(f"{name} compares a list, and {short(second)} is not a list.")
    return all(member in second for member in first)


def comparable(argument: Any, scope: Scope) -> Any:
    """Resolve an operand of a comparison to a string, or to a list of them.

    Raises:
        UndecidedError: Only the account can decide.
        Error: The operand cannot be evaluated or compared.
    """
    if isinstance(argument, dict) and not _ACCOUNT.isdisjoint(argument):
        raise UndecidedError(f"{short(argument)} is known only in the account.")
    return _plain(resolve(argument, scope))


def _plain(value: Any) -> Any:
    if value is NO_VALUE:
        raise UndecidedError("Only AWS knows the result of a comparison with AWS::NoValue.")
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        raise UndecidedError(f"{short(value)} is not known before the stack is created and cannot be compared.")
    try:
        return to_text(value)
    except TypeError as error:
        raise Error(f"{short(value)} cannot be compared: it is neither text nor a list.") from error
