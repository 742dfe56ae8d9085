"""Statements of the comparisons in Conditions and Rules: for which parameter values each is true."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from smtemplates.aws_data.partitions import partition_of
from smtemplates.errors import Error
from smtemplates.evaluate.domains import OF_REGION, REGION
from smtemplates.evaluate.formula import Formula, Formulas, Values
from smtemplates.evaluate.limits import Steps
from smtemplates.evaluate.logic import comparable, compare, function
from smtemplates.evaluate.not_evaluated import NeedsTransformError
from smtemplates.evaluate.parameters import pseudo_parameters, value_of
from smtemplates.evaluate.references import references
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.sections import can_grow, definitions, entries, mappings_of
from smtemplates.evaluate.values import VARIABLE, in_place, intrinsic, to_text

EVALUATION_STEPS = 10  # evaluating an operand takes as long as this many other steps
CHARACTERS_A_STEP = 100

Result = Any  # of an operand: a string, or a tuple where it is a list
Results = Mapping[Result, Formula]  # of an operand, each with the statement of its parameter values


@dataclass(frozen=True)
class _Piece:
    """A part of an operand that depends on parameters."""

    key: str
    operand: Any = field(compare=False)


Pieces = tuple[str | _Piece, ...]  # together they are the text of an operand, or one piece is the operand


class Comparisons:
    """Build the statements of the comparisons in one template.

    Trying all combinations of the parameters that a comparison reads takes too long even for five lists joined into one
    text. So each piece of a text is evaluated separately, for the parameters that this piece reads. The texts are
    compared from left to right. Parts that have been compared are dropped, so that few different remainders occur.
    """

    def __init__(self, template: Mapping[str, Any], domains: Values, formulas: Formulas, steps: Steps) -> None:
        self._parameters = definitions(template, "Parameters")
        self._names = {*pseudo_parameters({}), *entries(template, "Parameters")}
        self._can_grow = can_grow(template, "Parameters")
        self._mappings = mappings_of(template)
        self._domains = domains
        self._formulas = formulas
        self._steps = steps
        self._known: dict[str, Results] = {}
        self._compared: dict[tuple[Pieces, Pieces], Formula] = {}

    def formula(self, expression: Any) -> Formula:
        """Return the statement that a comparison is true.

        Raises:
            TooManyCombinationsError: There are too many combinations to try.
            UndecidedError: Only the account can decide.
            Error: The comparison cannot be evaluated.
        """
        name, (first, second) = function(expression)
        if name == "Fn::Equals":
            return self._equal(first, second)
        every = name != "Fn::Contains"
        combine = self._formulas.all_of if every else self._formulas.any_of
        if isinstance(first, list) and (name != "Fn::EachMemberIn" or isinstance(second, list)):
            others = second if name == "Fn::EachMemberIn" else [second]
            return combine([self._equal_any(member, others) for member in _members(first)])
        return self._tabulated(name, first, second)

    def _equal_any(self, member: Any, others: Iterable[Any]) -> Formula:
        return self._formulas.any_of([self._equal(member, other) for other in _members(others)])

    def _tabulated(self, name: str, first: Any, second: Any) -> Formula:
        """Compare every result of one operand with every result of the other."""
        one, other = self._results(first), self._results(second)
        cases = []
        for result, formula in one.items():
            self._steps.take(len(other))
            fitting = [other[found] for found in other if compare(name, [_listed(result), _listed(found)])]
            cases.append(self._formulas.all_of([formula, self._formulas.any_of(fitting)]))
        return self._formulas.any_of(cases)

    def _equal(self, first: Any, second: Any) -> Formula:
        one, other = self._pieces(first), self._pieces(second)
        for piece in (*one, *other):
            if isinstance(piece, _Piece):
                self._results(piece.operand)  # so that an operand which cannot be evaluated is always reported
        return self._match(one, other)

    def _match(self, one: Pieces, other: Pieces) -> Formula:
        """Return the statement that two texts are equal, after removing the text that both have at their ends."""
        if _is_single(one) and _is_single(other):
            return self._same_result(one[0], other[0])
        self._steps.take(len(one) + len(other))
        remainders = _remainders(one, other)
        if remainders is None:
            return False
        one, other = remainders
        if not one and not other:
            return True
        if (one, other) not in self._compared:
            if not (one and isinstance(one[0], _Piece)):
                one, other = other, one
            self._compared[one, other] = self._compared[other, one] = self._next(one, other)
        return self._compared[one, other]

    def _next(self, one: Pieces, other: Pieces) -> Formula:
        """Compare with each result of the first piece in its place."""
        cases: dict[Formula, list[Formula]] = {}
        for result, formula in self._results_of(one[0]).items():
            self._steps.take()
            if isinstance(result, str):  # a list never equals a text
                cases.setdefault(self._match((result, *one[1:]), other), []).append(formula)
        any_of, all_of = self._formulas.any_of, self._formulas.all_of
        return any_of([all_of([any_of(formulas), rest]) for rest, formulas in cases.items()])

    def _same_result(self, one: str | _Piece, other: str | _Piece) -> Formula:
        first, second = sorted((self._results_of(one), self._results_of(other)), key=len)
        self._steps.take(len(first))
        return self._formulas.any_of(
            [self._formulas.all_of([formula, second[result]]) for result, formula in first.items() if result in second]
        )

    def _results_of(self, piece: str | _Piece) -> Results:
        return {piece: True} if isinstance(piece, str) else self._results(piece.operand)

    def _pieces(self, operand: Any) -> Pieces:
        if isinstance(operand, str | int | float):
            return (to_text(operand),)
        return tuple(self._text(operand)) if _is_composed(operand) else (_piece(operand),)

    def _text(self, operand: Any) -> list[str | _Piece]:
        """Split a text into the pieces that Fn::Join and Fn::Sub combine."""
        self._steps.take()
        if isinstance(operand, str | int | float):
            return [to_text(operand)]
        if not _is_composed(operand):
            return [_piece({"Fn::Join": ["", [operand]]})]  # rejects a list
        if intrinsic(operand) == "Fn::Join":
            delimiter, items = operand["Fn::Join"]
            parts = [self._text(item) for item in _members(items)]
            return [piece for part in parts for piece in (delimiter, *part)][1:]
        body = operand["Fn::Sub"]
        template, variables = (body, {}) if isinstance(body, str) else body
        first, *rest = VARIABLE.split(template)
        pieces: list[str | _Piece] = [first]
        texts: dict[str, list[str | _Piece]] = {}  # of variables, which can occur many times
        for literal, name, following in zip(rest[0::3], rest[1::3], rest[2::3], strict=True):
            if literal:
                pieces.append(f"${{{name}}}")
            elif name not in variables:
                pieces.append(_piece({"Fn::Sub": f"${{{name}}}"}))
            else:
                if name not in texts:
                    texts[name] = self._text(variables[name])
                else:
                    self._steps.take(len(texts[name]))
                pieces += texts[name]
            pieces.append(following)
        return pieces

    def _results(self, operand: Any) -> Results:
        key = _key(operand)
        if key not in self._known:
            found = [reference.target for reference in references(operand)]
            for name in found:
                self._check_declared(name)
            names = dict.fromkeys(REGION if name in OF_REGION else name for name in found)
            self._known[key] = self._evaluate(operand, [name for name in names if name in self._domains])
        return self._known[key]

    def _check_declared(self, name: str) -> None:
        if name not in self._names and self._can_grow:
            raise NeedsTransformError(f"Parameter {name}")
        if name not in self._names:
            raise Error(f"Conditions or Rules refer to {name}, which is not a parameter.")

    def _evaluate(self, operand: Any, names: list[str]) -> Results:
        """Evaluate an operand for every combination of the parameters that it reads."""
        combinations = 1
        for name in names:
            combinations *= len(self._domains[name])
        self._steps.check(combinations * EVALUATION_STEPS)
        return self._for_each(operand, names, {})

    def _for_each(self, operand: Any, names: list[str], chosen: dict[str, str]) -> Results:
        if not names:
            self._steps.take(EVALUATION_STEPS)
            return {_hashable(comparable(operand, self._scope(chosen))): True}
        first, *others = names
        cases: dict[Result, dict[Formula, list[str]]] = {}
        for value in self._domains[first]:
            for result, formula in self._for_each(operand, others, {**chosen, first: value}).items():
                cases.setdefault(result, {}).setdefault(formula, []).append(value)
        return {result: self._formulas.any_of(self._cases(first, formulas)) for result, formulas in cases.items()}

    def _cases(self, name: str, formulas: Mapping[Formula, list[str]]) -> list[Formula]:
        return [
            self._formulas.all_of([self._formulas.is_one_of(name, values), formula])
            for formula, values in formulas.items()
        ]

    def _scope(self, chosen: Mapping[str, str]) -> Scope:
        names: dict[str, Any] = dict(chosen)
        declared = self._parameters
        names |= {name: value_of(name, declared[name], chosen[name]) for name in chosen if name in declared}
        if REGION in chosen:
            names |= zip(OF_REGION, partition_of(chosen[REGION]), strict=True)
        return Scope(names, self._mappings, _no_condition, in_place, self._count)

    def _count(self, length: int) -> None:
        self._steps.take(length // CHARACTERS_A_STEP)


def _no_condition(name: str) -> bool:
    raise Error(f"Fn::If cannot choose by {name} inside Conditions or Rules; combine conditions there.")


def _members(items: Iterable[Any]) -> list[Any]:
    return [item for item in items if item != {"Ref": "AWS::NoValue"}]


def _key(operand: Any) -> str:
    return json.dumps(operand, sort_keys=True, default=repr)


def _piece(operand: Any) -> _Piece:
    return _Piece(_key(operand), operand)


def _is_composed(operand: Any) -> bool:
    """Return whether an operand can be split into pieces. Other operands are evaluated as a whole."""
    name = intrinsic(operand)
    body = operand[name] if name else None
    if name == "Fn::Join":
        return isinstance(body, list) and list(map(type, body)) == [str, list]
    if name == "Fn::Sub":
        return isinstance(body, str) or (isinstance(body, list) and list(map(type, body)) == [str, dict])
    return False


def _is_single(pieces: Pieces) -> bool:
    return len(pieces) == 1


def _hashable(result: Any) -> Result:
    return tuple(map(_hashable, result)) if isinstance(result, list) else result


def _listed(result: Result) -> Any:
    return list(map(_listed, result)) if isinstance(result, tuple) else result


def _remainders(one: Pieces, other: Pieces) -> tuple[Pieces, Pieces] | None:
    """Remove the text that both begin with and both end with, or return None if the texts can never be equal."""
    left = _cut(_merged(one), _merged(other), 0)
    left = left and _cut(*left, -1)
    if left and not all(left) and any(isinstance(piece, str) for pieces in left for piece in pieces):
        return None
    return left


def _merged(pieces: Pieces) -> Pieces:
    """Merge texts that follow each other, and leave out empty ones."""
    merged: list[str | _Piece] = []
    for is_text, group in itertools.groupby(pieces, lambda piece: isinstance(piece, str)):
        if is_text:
            merged.append("".join(map(str, group)))
        else:
            merged += group
    return tuple(piece for piece in merged if piece != "")


def _cut(one: Pieces, other: Pieces, end: Literal[0, -1]) -> tuple[Pieces, Pieces] | None:
    """Remove the text that both have at one end, or return None if it differs."""
    if not (one and other):
        return one, other
    first, second = one[end], other[end]
    if not (isinstance(first, str) and isinstance(second, str)):
        return one, other
    size = min(len(first), len(second))
    if end:
        same = first[len(first) - size :] == second[len(second) - size :]
        left = (*one[:-1], first[: len(first) - size]), (*other[:-1], second[: len(second) - size])
    else:
        same = first[:size] == second[:size]
        left = (first[size:], *one[1:]), (second[size:], *other[1:])
    return (_merged(left[0]), _merged(left[1])) if same else None
