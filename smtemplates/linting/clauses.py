"""Decide whether the conditions of a template can be true at once, many times for the same conditions.

cfn-lint asks this thousands of times for one template. It encodes the conditions as clauses (a conjunction of
disjunctions of literals), copies all of them, adds a few, and starts the solver of SymPy from the beginning. The class
`Clauses` has the methods of SymPy's `EncodedCNF` that cfn-lint uses. Copies share the common clauses, the answers and
the assignments that were found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sympy.assumptions import cnf
from sympy.logic import inference

Clause = frozenset[int]
"""Numbers of symbols. A negative number is a negated symbol, and 0 is false."""

_CNF: Any = cnf.CNF
_EncodedCNF: Any = cnf.EncodedCNF
_satisfiable: Any = inference.satisfiable

MOST_CONFLICTS = 1000  # of one search; after that, SymPy answers


class Clauses:
    """Clauses to which others can be added. The clauses of a copy are independent of the clauses of the original."""

    def __init__(self) -> None:
        """Create an empty set of clauses."""
        self._family = _Family()
        self._added: frozenset[Clause] = frozenset()

    def copy(self) -> Clauses:
        """Return a copy. Clauses that were added before the first copy or answer are common to all copies."""
        self._family.sealed = True
        new: Clauses = object.__new__(Clauses)
        new._family, new._added = self._family, self._added
        return new

    def add_prop(self, proposition: Any) -> None:
        """Add the clauses of a proposition of SymPy."""
        clauses = self._family.encoded(proposition)
        if self._family.sealed:
            self._added |= clauses
        else:
            self._family.common.extend(clauses)

    def solution(self) -> object:
        """Return False if no assignment makes all clauses true. Without clauses, this is the solution of SymPy: {}."""
        self._family.sealed = True
        return self._family.solution(self._added)


class _Family:
    """Store the common clauses of a set and its copies, and the answers about them."""

    def __init__(self) -> None:
        self.common: list[Clause] = []
        self.sealed = False
        self._numbers: dict[Any, int] = {}
        self._encoded: dict[Any, frozenset[Clause]] = {}
        self._solutions: dict[frozenset[Clause], object] = {}
        self._assignments: list[set[int]] = []
        self._containing: dict[int, list[Clause]] = {}

    def encoded(self, proposition: Any) -> frozenset[Clause]:
        """Return the clauses of a proposition."""
        if proposition not in self._encoded:
            clauses = _CNF.from_prop(proposition).clauses
            self._encoded[proposition] = frozenset(frozenset(map(self._number, clause)) for clause in clauses)
        return self._encoded[proposition]

    def _number(self, literal: Any) -> int:
        if literal.lit == False:  # noqa: E712  SymPy's false
            return 0
        number = self._numbers.setdefault(literal.lit, len(self._numbers) + 1)
        return -number if literal.is_Not else number

    def solution(self, added: frozenset[Clause]) -> object:
        """Return False if no assignment makes the common and the added clauses true."""
        if added not in self._solutions:
            self._solutions[added] = self._solve(added)
        return self._solutions[added]

    def _solve(self, added: frozenset[Clause]) -> object:
        clauses = [*self.common, *added]
        if not clauses or any(0 in clause for clause in clauses):
            return self._sympy(clauses)
        if any(all(map(assignment.intersection, added)) for assignment in reversed(self._assignments)):
            return True
        self._containing = self._containing or _by_literal(self.common)
        search = _Search(self._containing, _by_literal(added), len(self._numbers))
        units = [literal for clause in clauses if len(clause) == 1 for literal in clause]
        found = search.run(units, self._assignments[-1] if self._assignments else set())
        if found is None:
            return self._sympy(clauses)
        if found:
            self._assignments.append(found)
        return bool(found)

    def _sympy(self, clauses: Collection[Clause]) -> object:
        """Return the solution that SymPy finds."""
        encoding = dict(self._numbers) if clauses else {}
        return _satisfiable(_EncodedCNF([set(clause) for clause in clauses], encoding))


def _by_literal(clauses: Iterable[Clause]) -> dict[int, list[Clause]]:
    found: dict[int, list[Clause]] = {}
    for clause in clauses:
        for literal in clause:
            found.setdefault(literal, []).append(clause)
    return found


class _Search:
    """Search for an assignment: assume a literal, assign its consequences, and assume the opposite if that fails."""

    def __init__(self, common: Mapping[int, list[Clause]], added: Mapping[int, list[Clause]], symbols: int) -> None:
        self._containing = (common, added)
        self._symbols = symbols
        self._true: set[int] = set()
        self._order: list[int] = []  # in which literals became true

    def run(self, units: Iterable[int], likely: Collection[int]) -> set[int] | None:
        """Return the literals of an assignment, none if there is no assignment, or None if there is no answer in time.

        The values of `likely` are assumed first.
        """
        levels: list[tuple[int, int, int]] = []
        symbol, conflicts, pending = 1, 0, list(units)
        while True:
            if self._assign(pending):
                while symbol in self._true or -symbol in self._true:
                    symbol += 1
                if symbol > self._symbols:
                    return self._true
                assumed = symbol if symbol in likely else -symbol
                levels.append((len(self._order), symbol, assumed))
            else:
                conflicts += 1
                while levels and not levels[-1][2]:
                    levels.pop()
                if not levels or conflicts > MOST_CONFLICTS:
                    return None if levels else set()
                length, symbol, failed = levels.pop()
                self._true.difference_update(self._order[length:])
                del self._order[length:]
                assumed = -failed
                levels.append((length, symbol, 0))
            pending = [assumed]

    def _assign(self, pending: list[int]) -> bool:
        """Assign true to literals and to their consequences; return False if they contradict each other."""
        true = self._true
        while pending:
            literal = pending.pop()
            if -literal in true:
                return False
            if literal in true:
                continue
            true.add(literal)
            self._order.append(literal)
            for containing in self._containing:
                for clause in containing.get(-literal, ()):
                    if true.isdisjoint(clause):
                        open_ = [other for other in clause if -other not in true]
                        if len(open_) == 1:
                            pending += open_
        return True
