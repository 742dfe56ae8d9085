"""Decide whether statements about parameters can hold together: logic over variables that have a few values each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Is:
    """State that a variable has one of some values."""

    variable: str
    values: frozenset[str]

    @property
    def variables(self) -> tuple[str, ...]:
        """Name what the statement is about."""
        return (self.variable,)


@dataclass(frozen=True)
class Joined:
    """State that every part holds, or that any part does."""

    every: bool
    parts: tuple[Is | Joined, ...]

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Name what the statement is about, in the order of mention."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.variables))

    @cached_property
    def _hash(self) -> int:
        return hash((self.every, self.parts))

    def __hash__(self) -> int:
        """Hash once: the same statement is looked up many times."""
        return self._hash


Formula = bool | Is | Joined


def is_one_of(variable: str, values: Iterable[str], domains: Values) -> Formula:
    """State that a variable has one of some values, or how it always is."""
    wanted = frozenset(values)
    return bool(wanted) if len(wanted) in {0, len(domains[variable])} else Is(variable, wanted)


def join(every: bool, parts: Iterable[Formula]) -> Formula:  # noqa: FBT001  the two operators differ in nothing else
    """State that every part holds, or that any part does."""
    flat: dict[Is | Joined, None] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is not every:
                return part
        elif isinstance(part, Joined) and part.every is every:
            flat |= dict.fromkeys(part.parts)
        else:
            flat[part] = None
    if not flat:
        return every
    return next(iter(flat)) if len(flat) == 1 else Joined(every, tuple(flat))


def negate(formula: Formula, domains: Values) -> Formula:
    """State the opposite."""
    if isinstance(formula, bool):
        return not formula
    if isinstance(formula, Is):
        return is_one_of(formula.variable, set(domains[formula.variable]) - formula.values, domains)
    return join(not formula.every, (negate(part, domains) for part in formula.parts))


class Solver:
    """Find values with which statements hold together; it remembers what it found out."""

    def __init__(self, domains: Values) -> None:
        """Take every value that each variable may have; the first ones are preferred."""
        self._domains = domains
        self._known: dict[tuple[Is | Joined, ...], dict[str, str] | None] = {}

    def solve(self, formula: Formula) -> dict[str, str] | None:
        """Give values for the variables that matter, or None where none exist: the search is complete."""
        if isinstance(formula, bool):
            return {} if formula else None
        parts = formula.parts if isinstance(formula, Joined) and formula.every else (formula,)
        found: dict[str, str] = {}
        for group in _independent(parts):
            if group not in self._known:
                self._known[group] = self._branch(group)
            part = self._known[group]
            if part is None:
                return None
            found |= part
        return found

    def _branch(self, group: tuple[Is | Joined, ...]) -> dict[str, str] | None:
        variable = min(group, key=lambda part: len(part.variables)).variables[0]  # the most constrained, to fail early
        for value in self._distinct(variable, group):
            found = self.solve(join(every=True, parts=(_assume(part, variable, value) for part in group)))
            if found is not None:
                return {variable: value, **found}
        return None

    def _distinct(self, variable: str, group: Iterable[Is | Joined]) -> Iterator[str]:
        """Give one value of each kind that the group tells apart."""
        sets = {values: None for part in group for values in _sets(part, variable)}
        seen = set()
        for value in self._domains[variable]:
            kind = tuple(value in values for values in sets)
            if kind not in seen:
                seen.add(kind)
                yield value


def _independent(parts: Iterable[Is | Joined]) -> list[tuple[Is | Joined, ...]]:
    """Group statements so that no two groups share a variable."""
    groups: list[tuple[set[str], list[Is | Joined]]] = []
    for part in parts:
        names = set(part.variables)
        touching = [group for group in groups if not names.isdisjoint(group[0])]
        merged = (names.union(*(group[0] for group in touching)), [p for group in touching for p in group[1]] + [part])
        groups = [group for group in groups if names.isdisjoint(group[0])]
        groups.insert(0, merged) if touching else groups.append(merged)
    return [tuple(group) for _, group in groups]


def _assume(formula: Is | Joined, variable: str, value: str) -> Formula:
    if variable not in formula.variables:
        return formula
    if isinstance(formula, Is):
        return value in formula.values
    return join(formula.every, (_assume(part, variable, value) for part in formula.parts))


def _sets(formula: Is | Joined, variable: str) -> Iterator[frozenset[str]]:
    if isinstance(formula, Is):
        if formula.variable == variable:
            yield formula.values
    else:
        for part in formula.parts:
            yield from _sets(part, variable)
