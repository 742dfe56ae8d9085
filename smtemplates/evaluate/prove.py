"""Proofs about a template for all values of its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate.comparisons import Comparisons
from smtemplates.evaluate.domains import ANOTHER, domains
from smtemplates.evaluate.formula import Formula, Formulas, Solver
from smtemplates.evaluate.limits import Steps
from smtemplates.evaluate.logic import COMPARISONS, Conditions, function
from smtemplates.evaluate.not_evaluated import (
    NEEDS_TRANSFORM,
    NotEvaluatedError,
    UndecidedError,
    for_any_template,
    reason_of,
    unexpected_values,
)
from smtemplates.evaluate.parameters import pseudo_parameters
from smtemplates.evaluate.references import Reference, edges, own
from smtemplates.evaluate.sections import assertions, definitions, entries, hidden

Values = Mapping[str, Sequence[str]]
SOLVE_STEPS = 20  # a simple question takes as long as this many other steps
Wanted = tuple[tuple[str, bool], ...]  # conditions, each with a truth value


@for_any_template
def possible(template: Mapping[str, Any], values: Values | None = None) -> dict[str, set[bool]]:
    """Return for each condition the truth values that it can have, over all parameter values that the Rules allow.

    `values` lists the values of parameters that conditions decompose (lists, Fn::Split, ...), and can list the values
    of any other parameter. A parameter with an AllowedPattern is assumed to have values that no condition mentions. If
    its pattern does not allow other values, use AllowedValues or list the parameter in `values`.

    Raises:
        UsageError: `values` lacks parameters, which the message names.
        NotEvaluatedError: A condition or rule, which the message names, cannot be evaluated: it needs a transform, or
            has too many combinations to try.
    """
    space = Space(template, values or {})
    return {
        name: {holds for holds in (True, False) if space.example(((name, holds),)) is not None}
        for name in entries(template, "Conditions")
    }


@for_any_template
def dangling(template: Mapping[str, Any], values: Values | None = None) -> list[str]:
    """Describe every reference to a resource that does not exist for some parameter values that the Rules allow.

    The search is complete: an empty list is a proof. DependsOn counts as a reference. `values` is as for `possible`.

    Raises:
        UsageError: `values` lacks parameters, which the message names.
        NotEvaluatedError: A part of the template, which the message names, cannot be evaluated: it needs a transform,
            or has too many combinations to try.
    """
    if opaque := next(iter(hidden(template)), None):
        raise NotEvaluatedError(opaque, NEEDS_TRANSFORM)
    space = Space(template, values or {})
    resources = entries(template, "Resources")
    names = {*entries(template, "Parameters"), *pseudo_parameters({})}
    found = []
    for edge in edges(template):
        if edge.target in names:
            continue
        body = resources.get(edge.target)
        needed = own(body) if isinstance(body, dict) else ()
        absent = [] if body is None else [(condition, False) for condition, _ in needed] or None
        example = None if absent is None else space.example((*edge.required, *absent))
        if example is not None:
            found.append(_describe(edge, example, declared=body is not None))
    return found


def _describe(edge: Reference, example: Mapping[str, str], *, declared: bool) -> str:
    shown = {name: "anything else" if value.startswith(ANOTHER) else repr(value) for name, value in example.items()}
    when = " and ".join(f"{name} is {value}" for name, value in shown.items())
    missing = "does not exist" if declared else "the template does not declare"
    return f"{'.'.join(map(str, edge.path))} refers to {edge.target}, which {missing}{f' when {when}' if when else ''}."


class Space:
    """All parameter values that satisfy the Rules of a template."""

    def __init__(self, template: Mapping[str, Any], values: Values) -> None:
        """Build the statements of the Rules; `values` is as for `possible`.

        Raises:
            NotEvaluatedError: A rule, or all Rules together, cannot be evaluated.
        """
        self.steps = Steps()
        self._domains = domains(template, values, self.steps)
        self._formulas = Formulas(self._domains, self.steps)
        self._comparisons = Comparisons(template, self._domains, self._formulas, self.steps)
        self._solver = Solver(self._domains, self._formulas, self.steps)
        self._conditions = Conditions(template, self._condition)
        self._failed: dict[str, NotEvaluatedError] = {}
        rules = [self._rule(name, rule) for name, rule in definitions(template, "Rules").items()]
        self._solved: dict[Wanted, tuple[Formula, dict[str, str] | None]] = {}
        with self.steps.limit("Rules"):
            self._rules = self._formulas.all_of(rules)
            if self._solver.solve(self._rules) is None:
                raise Error("The Rules contradict each other: no parameter values satisfy all of them.")

    def example(self, wanted: Wanted) -> dict[str, str] | None:
        """Return values of the involved parameters with which conditions have the `wanted` truth values, or None.

        Raises:
            TooManyCombinationsError: There are too many combinations to try.
        """
        statement, found = self._solve(wanted)
        return found and {name: found[name] for name in self._formulas.variables(statement) if name in found}

    def values(self, wanted: Wanted) -> dict[str, str] | None:
        """Return the values with which conditions have the `wanted` truth values and the Rules are satisfied, or None.

        Raises:
            TooManyCombinationsError: There are too many combinations to try.
        """
        return self._solve(wanted)[1]

    def truths(self, conditions: Iterable[str], values: Mapping[str, str]) -> dict[str, bool]:
        """Return the truth values of conditions with values that `values` returned, and the preferred other values."""
        known: dict[Formula, bool] = {}
        return {name: self._formulas.holds(self._conditions[name], values, known) for name in conditions}

    def share_parameters(self, condition: str, other: str) -> bool:
        """Return whether two conditions read a common parameter."""
        one, two = self._conditions[condition], self._conditions[other]
        return not isinstance(one, bool) and not isinstance(two, bool) and bool(one.mask & two.mask)

    def check(self, condition: str) -> None:
        """Raise an error if a condition cannot be evaluated.

        Raises:
            NotEvaluatedError: The condition, or one that it refers to, cannot be evaluated.
        """
        self._statement(condition)

    def _statement(self, condition: str) -> Formula:
        with _naming(f"Condition {condition}"):
            return self._conditions[condition]

    def _solve(self, wanted: Wanted) -> tuple[Formula, dict[str, str] | None]:
        if wanted not in self._solved:
            stated = [(self._statement(name), holds) for name, holds in wanted]
            with self.steps.limit(_subject(wanted)):
                self.steps.take(SOLVE_STEPS)
                parts = [formula if holds else self._formulas.negate(formula) for formula, holds in stated]
                statement = self._formulas.all_of(parts)
                found = self._solver.solve(self._formulas.all_of((statement, self._rules)))
            self._solved[wanted] = statement, found
        return self._solved[wanted]

    def _condition(self, name: str, expression: Any) -> Formula:
        if name in self._failed:
            raise self._failed[name]
        try:
            with _naming(f"Condition {name}"), self.steps.limit(f"Condition {name}"):
                return self._formula(expression)
        except NotEvaluatedError as error:
            self._failed[name] = error
            raise

    def _rule(self, name: str, rule: Mapping[str, Any]) -> Formula:
        """Return the statement of a rule, without the assertions that only the account can decide."""
        with _naming(f"Rule {name}"), self.steps.limit(f"Rule {name}"):
            applies = self._decided(rule["RuleCondition"], otherwise=False) if "RuleCondition" in rule else True
            required = [self._decided(assertion["Assert"], otherwise=True) for assertion in assertions(rule)]
            return self._formulas.any_of([self._formulas.negate(applies), self._formulas.all_of(required)])

    def _decided(self, expression: Any, *, otherwise: bool) -> Formula:
        try:
            return self._formula(expression)
        except UndecidedError:
            return otherwise
        except NotEvaluatedError as error:
            if isinstance(error.__cause__, UndecidedError):  # of a condition
                return otherwise
            raise

    def _formula(self, expression: Any) -> Formula:
        name, arguments = function(expression)
        if name == "Condition":
            return self._statement(arguments)
        if name in COMPARISONS:
            return self._comparisons.formula(expression)
        parts = [self._formula(part) for part in arguments]
        if name == "Fn::Not":
            return self._formulas.negate(parts[0])
        return self._formulas.all_of(parts) if name == "Fn::And" else self._formulas.any_of(parts)


@contextmanager
def _naming(subject: str) -> Iterator[None]:
    """Add the condition or rule that cannot be evaluated to an error, unless the error names another one."""
    try:
        with unexpected_values():
            yield
    except NotEvaluatedError:
        raise
    except Error as error:
        raise NotEvaluatedError(subject, reason_of(error)) from error


def _subject(wanted: Wanted) -> str:
    names = dict.fromkeys(name for name, _ in wanted)
    return f"Condition{'s' * (len(names) > 1)} {' and '.join(names)}" if names else "Rules"
