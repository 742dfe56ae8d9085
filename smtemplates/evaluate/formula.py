"""Build statements about parameters, of which each has a few values, and find values for which a statement holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smtemplates.evaluate.limits import Steps

Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Is:
    """Statement that a variable has one of some values."""

    variable: str
    values: frozenset[str]
    mask: int


@dataclass(frozen=True, eq=False)
class Joined:
    """Statement that every part is true, or that any part is."""

    every: bool
    parts: tuple[Is | Joined, ...]
    mask: int


Node = Is | Joined
Formula = bool | Is | Joined
Group = tuple[Node, ...]


class Formulas:
    """Build statements, each one only once: equal statements are the same object.

    That keeps statements small which contain the same part many times, such as conditions that refer to each other.
    The mask of a statement has a bit for each variable that it mentions.
    """

    def __init__(self, domains: Values, steps: Steps) -> None:
        """Start without statements; `domains` lists every value that each variable can have."""
        self._domains = domains
        self._steps = steps
        self.bits = {variable: 1 << number for number, variable in enumerate(domains)}
        self._is: dict[tuple[str, frozenset[str]], Is] = {}
        self._joined: dict[tuple[bool, Group], Joined] = {}
        self._opposites: dict[Node, Formula] = {}

    def is_one_of(self, variable: str, values: Iterable[str]) -> Formula:
        """Return the statement that a variable has one of some values, or its truth value if it never changes."""
        wanted = frozenset(values)
        if len(wanted) in {0, len(self._domains[variable])}:
            return bool(wanted)
        key = variable, wanted
        if key not in self._is:
            self._is[key] = Is(variable, wanted, self.bits[variable])
        return self._is[key]

    def all_of(self, parts: Iterable[Formula]) -> Formula:
        """Return the statement that every part is true."""
        return self._join(every=True, parts=parts)

    def any_of(self, parts: Iterable[Formula]) -> Formula:
        """Return the statement that any part is true."""
        return self._join(every=False, parts=parts)

    def _join(self, *, every: bool, parts: Iterable[Formula]) -> Formula:
        members: dict[Joined | str, list[Is]] = {}  # of a variable: the statements to combine
        for part in parts:
            if isinstance(part, bool):
                if part is not every:
                    return part
                continue
            for member in part.parts if isinstance(part, Joined) and part.every is every else (part,):
                if isinstance(member, Joined):
                    members[member] = []
                elif member.variable in members:
                    members[member.variable].append(member)
                else:
                    members[member.variable] = [member]
            self._steps.take()
        nodes: list[Node] = []
        for key, same in members.items():
            node = key if isinstance(key, Joined) else self._combined(same, every=every)
            if isinstance(node, bool):
                return node
            nodes.append(node)
        if not nodes:
            return every
        return nodes[0] if len(nodes) == 1 else self._node(every=every, parts=tuple(nodes))

    def _combined(self, statements: Sequence[Is], *, every: bool) -> Formula:
        """Return one statement about the variable of these statements."""
        first, *others = statements
        combine = frozenset.intersection if every else frozenset.union
        return (
            self.is_one_of(first.variable, combine(first.values, *(one.values for one in others))) if others else first
        )

    def _node(self, *, every: bool, parts: Group) -> Joined:
        if (every, parts) not in self._joined:
            self._steps.take(len(parts))
            mask = 0
            for part in parts:
                mask |= part.mask
            self._joined[every, parts] = Joined(every, parts, mask)
        return self._joined[every, parts]

    def negate(self, formula: Formula) -> Formula:
        """Return the opposite statement."""
        if isinstance(formula, bool):
            return not formula
        if formula not in self._opposites:
            if isinstance(formula, Is):
                values = self._domains[formula.variable]
                opposite = self.is_one_of(formula.variable, (value for value in values if value not in formula.values))
            else:
                opposite = self._join(every=not formula.every, parts=[self.negate(part) for part in formula.parts])
            self._opposites[formula] = opposite
        return self._opposites[formula]

    def assume(self, formula: Node, variable: str, value: str, known: dict[Node, Formula]) -> Formula:
        """Return the rest of a statement if a variable has a value; `known` remembers the rest of its parts."""
        if isinstance(formula, Is):
            return value in formula.values if formula.variable == variable else formula
        if not formula.mask & self.bits[variable]:
            return formula
        if formula not in known:
            parts = [self.assume(part, variable, value, known) for part in formula.parts]
            known[formula] = self._join(every=formula.every, parts=parts)
        return known[formula]

    def holds(self, formula: Formula, values: Mapping[str, str], known: dict[Formula, bool]) -> bool:
        """Return whether a statement is true; a variable without a value has its first one.

        `known` remembers the truth value of its parts.
        """
        if isinstance(formula, bool):
            return formula
        if isinstance(formula, Is):
            return values.get(formula.variable, self._domains[formula.variable][0]) in formula.values
        if formula not in known:
            each = (self.holds(part, values, known) for part in formula.parts)
            known[formula] = all(each) if formula.every else any(each)
        return known[formula]

    def variables(self, formula: Formula) -> list[str]:
        """List the variables of a statement in the order of mention."""
        found: dict[str, None] = {}
        waiting = [formula]
        seen: set[Formula] = set()
        while waiting:
            part = waiting.pop()
            if isinstance(part, Is):
                found[part.variable] = None
            elif isinstance(part, Joined) and part not in seen:
                seen.add(part)
                waiting += reversed(part.parts)
        return list(found)


class Solver:
    """Find values with which statements are true together, and remember the results."""

    def __init__(self, domains: Values, formulas: Formulas, steps: Steps) -> None:
        """Start without results; `domains` lists every value of each variable, the preferred ones first."""
        self._domains = domains
        self._formulas = formulas
        self._steps = steps
        self._known: dict[Group, dict[str, str] | None] = {}

    def solve(self, formula: Formula) -> dict[str, str] | None:
        """Return values of the variables that matter, or None if no values exist: the search is complete.

        Raises:
            TooManyCombinationsError: The search takes too many steps.
        """
        if isinstance(formula, bool):
            return {} if formula else None
        parts = formula.parts if isinstance(formula, Joined) and formula.every else (formula,)
        found: dict[str, str] = {}
        for group in self._independent(parts):
            if group not in self._known:
                self._known[group] = self._branch(group)
            part = self._known[group]
            if part is None:
                return None
            found |= part
        return found

    def _branch(self, group: Group) -> dict[str, str] | None:
        variable = self._most_constrained(group)
        for value in self._distinct(variable, group):
            known: dict[Node, Formula] = {}
            rest = [self._formulas.assume(part, variable, value, known) for part in group]
            found = self.solve(self._formulas.all_of(rest))
            if found is not None:
                return {variable: value, **found}
        return None

    def _most_constrained(self, group: Group) -> str:
        """Choose the variable to try next, so that contradictions are found early."""
        masks = [part.mask for part in group]
        smallest = min(masks, key=int.bit_count)
        candidates = [variable for variable, bit in self._formulas.bits.items() if smallest & bit]
        self._steps.take(len(group))
        counts = {name: sum(1 for mask in masks if mask & self._formulas.bits[name]) for name in candidates}
        return max(candidates, key=counts.__getitem__)

    def _distinct(self, variable: str, group: Group) -> Iterator[str]:
        """Yield one value of each kind that the group distinguishes."""
        sets = list(self._sets(variable, group))
        seen = set()
        for value in self._domains[variable]:
            self._steps.take()
            kind = tuple(value in values for values in sets)
            if kind not in seen:
                seen.add(kind)
                yield value

    def _sets(self, variable: str, group: Group) -> Iterator[frozenset[str]]:
        """Yield the sets of values that a variable is compared with in a group."""
        parts = dict.fromkeys(group)
        waiting = list(parts)
        while waiting:
            part = waiting.pop()
            self._steps.take()
            if isinstance(part, Is):
                if part.variable == variable:
                    yield part.values
            elif part.mask & self._formulas.bits[variable]:
                waiting += [inner for inner in part.parts if inner not in parts]
                parts |= dict.fromkeys(part.parts)

    def _independent(self, parts: Group) -> list[Group]:
        """Group statements so that no two groups share a variable."""
        groups: list[tuple[int, list[Node]]] = []
        for part in parts:
            self._steps.take()
            mask, members = part.mask, [part]
            for other in [group for group in groups if group[0] & mask]:
                groups.remove(other)
                mask, members = mask | other[0], [*other[1], *members]
            groups.append((mask, members))
        return [tuple(members) for _, members in groups]
