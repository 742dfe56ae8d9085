"""Prove from a template what no choice of parameters can bring about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smtemplates.aws_data.partitions import partition_of
from smtemplates.errors import Error
from smtemplates.evaluate.domains import ANOTHER, OF_REGION, REGION, domains
from smtemplates.evaluate.formula import Formula, Solver, is_one_of, join, negate
from smtemplates.evaluate.logic import COMPARISONS, Conditions, UndecidedError, function, truth
from smtemplates.evaluate.parameters import pseudo_parameters, value_of
from smtemplates.evaluate.references import Reference, edges, references
from smtemplates.evaluate.values import Scope, in_place

Values = Mapping[str, Sequence[str]]


def possible(template: Mapping[str, Any], values: Values | None = None) -> dict[str, set[bool]]:
    """Give for each condition the truth values it can take, over all parameter values that the Rules admit.

    `values` lists the values of parameters that conditions take apart (lists, Fn::Split, ...), and may list those of
    any other. A parameter with an AllowedPattern counts as able to be something that no condition names: where its
    pattern admits no such thing, give it AllowedValues or list it in `values`.

    Raises:
        UsageError: naming the parameters that `values` lacks.
    """
    space = Space(template, values or {})
    return {
        name: {holds for holds in (True, False) if space.example([(name, holds)]) is not None}
        for name in template.get("Conditions", {})
    }


def dangling(template: Mapping[str, Any], values: Values | None = None) -> list[str]:
    """Describe every reference to a resource that does not exist for some parameter values that the Rules admit.

    The search is complete: an empty list is a proof. DependsOn counts as a reference. `values` is as for `possible`.

    Raises:
        UsageError: naming the parameters that `values` lacks.
    """
    space = Space(template, values or {})
    resources = template.get("Resources", {})
    names = {*template.get("Parameters", {}), *pseudo_parameters({})}
    found = []
    for edge in edges(template):
        if edge.target in names:
            continue
        body = resources.get(edge.target)
        absent = [] if body is None else [(body["Condition"], False)] if "Condition" in body else None
        example = None if absent is None else space.example([*edge.guards, *absent])
        if example is not None:
            found.append(_describe(edge, example, declared=body is not None))
    return found


def _describe(edge: Reference, example: Mapping[str, str], *, declared: bool) -> str:
    shown = {name: "anything else" if value.startswith(ANOTHER) else repr(value) for name, value in example.items()}
    when = " and ".join(f"{name} is {value}" for name, value in shown.items())
    missing = "does not exist" if declared else "the template does not declare"
    return f"{'.'.join(map(str, edge.path))} refers to {edge.target}, which {missing}{f' when {when}' if when else ''}."


class Space:
    """Hold all that parameters can be while they keep the Rules."""

    def __init__(self, template: Mapping[str, Any], values: Values) -> None:
        """Take the template, and values as for `possible`."""
        self._template = template
        self._domains = domains(template, values)
        self._solver = Solver(self._domains)
        self._conditions = Conditions(template.get("Conditions", {}), self._formula)
        self._rules = join(every=True, parts=map(self._rule, template.get("Rules", {}).values()))
        self._solved: dict[tuple[tuple[str, bool], ...], tuple[Formula, dict[str, str] | None]] = {}
        if self._solver.solve(self._rules) is None:
            raise Error("The Rules contradict each other: no parameter values keep them all.")

    def example(self, wanted: Sequence[tuple[str, bool]]) -> dict[str, str] | None:
        """Give values of the parameters involved with which conditions are as wanted, if the Rules admit any."""
        statement, found = self._solve(tuple(wanted))
        involved = () if isinstance(statement, bool) else statement.variables
        return found and {name: found[name] for name in involved if name in found}

    def values(self, wanted: Sequence[tuple[str, bool]]) -> dict[str, str] | None:
        """Give all values that conditions as wanted and the Rules ask for, if the Rules admit any."""
        return self._solve(tuple(wanted))[1]

    def _solve(self, wanted: tuple[tuple[str, bool], ...]) -> tuple[Formula, dict[str, str] | None]:
        if wanted not in self._solved:
            conditions = ((self._conditions[name], holds) for name, holds in wanted)
            statement = join(every=True, parts=(known if holds else self._not(known) for known, holds in conditions))
            self._solved[wanted] = statement, self._solver.solve(join(every=True, parts=(statement, self._rules)))
        return self._solved[wanted]

    def _not(self, formula: Formula) -> Formula:
        return negate(formula, self._domains)

    def _rule(self, rule: Mapping[str, Any]) -> Formula:
        """State what a rule demands; what only the account can decide, it does not demand."""
        applies = self._decided(rule["RuleCondition"], otherwise=False) if "RuleCondition" in rule else True
        demands = (self._decided(assertion["Assert"], otherwise=True) for assertion in rule["Assertions"])
        return join(every=False, parts=(self._not(applies), join(every=True, parts=demands)))

    def _decided(self, expression: Any, *, otherwise: bool) -> Formula:
        try:
            return self._formula(expression)
        except UndecidedError:
            return otherwise

    def _formula(self, expression: Any) -> Formula:
        name, arguments = function(expression)
        if name == "Condition":
            return self._conditions[arguments]
        if name in COMPARISONS:
            read = [reference.target for reference in references(arguments)]
            return self._tabulate(expression, list(dict.fromkeys(REGION if n in OF_REGION else n for n in read)), {})
        parts = [self._formula(part) for part in arguments]
        return self._not(parts[0]) if name == "Fn::Not" else join(every=name == "Fn::And", parts=parts)

    def _tabulate(self, expression: Any, names: list[str], chosen: dict[str, str]) -> Formula:
        """Decide a comparison for every value of the names that it reads."""
        if not names:
            return truth(expression, self._scope(chosen))
        first, *others = names
        outcomes: dict[Formula, list[str]] = {}
        for value in self._domains[first]:
            outcomes.setdefault(self._tabulate(expression, others, {**chosen, first: value}), []).append(value)
        cases = ((is_one_of(first, values, self._domains), outcome) for outcome, values in outcomes.items())
        return join(every=False, parts=(join(every=True, parts=case) for case in cases))

    def _scope(self, chosen: Mapping[str, str]) -> Scope:
        parameters = self._template.get("Parameters", {})
        names: dict[str, Any] = dict(chosen)
        names |= {name: value_of(name, parameters[name], chosen[name]) for name in chosen if name in parameters}
        if REGION in chosen:
            names |= zip(OF_REGION, partition_of(chosen[REGION]), strict=True)
        return Scope(names, self._template.get("Mappings", {}), self._no_condition, in_place)

    def _no_condition(self, name: str) -> bool:
        raise Error(f"Fn::If cannot choose by {name} inside Conditions or Rules; combine conditions there.")
