"""Decide whether the conditions of a template can be true at once, many times for the same conditions.

cfn-lint asks this thousands of times for one template. It encodes the conditions as clauses (a conjunction of
disjunctions of literals), copies all of them, adds a few, and asks the solver of SymPy. Most questions are repeated, or
an earlier assignment answers them. The class `Clauses` has the methods of SymPy's `EncodedCNF` that cfn-lint uses.
Copies share the common clauses, the answers and the assignments that were found. Only new questions reach SymPy.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sympy.assumptions import cnf
from sympy.logic import inference

Clause = frozenset[int]
"""Numbers of symbols. A negative number is a negated symbol, and 0 is false."""

_CNF: Any = cnf.CNF
_EncodedCNF: Any = cnf.EncodedCNF
_satisfiable: Any = inference.satisfiable


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
        found: Any = self._sympy(clauses)
        if found:
            numbers = self._numbers
            self._assignments.append({numbers[one] if value else -numbers[one] for one, value in found.items()})
        return found

    def _sympy(self, clauses: Collection[Clause]) -> object:
        """Return the solution that SymPy finds."""
        encoding = dict(self._numbers) if clauses else {}
        return _satisfiable(_EncodedCNF([set(clause) for clause in clauses], encoding))
