"""Fold a template: replace fixed parameters, and decide the conditions that depend only on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.evaluate.limits import TextLimit
from smtemplates.evaluate.logic import Conditions
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.sections import mappings_of
from smtemplates.evaluate.values import NO_VALUE, in_place, resolve
from smtemplates.specializing.choices import listed
from smtemplates.specializing.truths import NO_VALUE_REF, Truth, opposite, simplified

LONG_TEXT = 200
Facts = Mapping[str, bool]


class Folding:
    """The values and conditions of a template with fixed parameters.

    Nothing that only AWS knows is decided: partition, Region, account, and attributes of resources.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
        """Prepare a template. `parameters` are the remaining declarations, `fixed` the values of references.

        Raises:
            Error: A condition refers to an unknown condition or to itself.
        """
        self._allowed = {
            name: frozenset(values) for name, about in parameters.items() if (values := listed(about)) is not None
        }
        self._plain = Scope(
            names=dict(fixed),
            mappings=mappings_of(template),
            condition=lambda name: _decided(self.truths[name]),
            resource=in_place,
            count=TextLimit().count,
            rest=_InComparison(self, {}),
        )
        self._scope = replace(self._plain, rest=_Under(self, {}))
        self._rest: dict[tuple[str, tuple[tuple[str, bool], ...]], bool | None] = {}
        self.truths: Conditions[Truth] = Conditions(template, lambda _name, expression: self.truth(expression))

    def truth(self, expression: Any) -> Truth:
        """Return the truth value of an expression, or the rest of it."""
        return simplified(expression, self._plain, self.named, self._allowed)

    def named(self, name: str) -> Truth:
        """Return the truth value of a condition, another condition that is the same, or the condition itself."""
        truth = self.truths[name]
        return truth if isinstance(truth, bool) or is_name(truth) else {"Condition": name}

    def value(self, value: Any, *, under: str | None = None) -> Any:
        """Return the rest of a value that is used only if the condition `under` is true."""
        facts = {} if under is None else self._implied({}, under, truth=True)
        return resolve(value, self._under(facts))

    def _under(self, facts: Facts) -> Scope:
        if not facts:
            return self._scope
        return replace(
            self._scope,
            condition=lambda name: self._known(name, facts),
            rest=_Under(self, facts),
        )

    def choice(self, facts: Facts, condition: str, then: Any, otherwise: Any) -> Any:
        """Return Fn::If with the rest of its branches, or one branch if both are the same."""
        truth = self.named(condition)
        branches = [
            resolve(branch, self._under(self._implied(facts, condition, truth=chosen)))
            for branch, chosen in ((then, True), (otherwise, False))
        ]
        if branches[0] == branches[1]:
            return branches[0]
        shown = [NO_VALUE_REF if branch is NO_VALUE else branch for branch in branches]
        name = truth["Condition"] if isinstance(truth, dict) else condition
        return {"Fn::If": [name, *shown]}

    def _known(self, name: str, facts: Facts) -> bool | None:
        """Return the truth value of a condition if other conditions have these truth values; None if it is open."""
        key = name, tuple(sorted(facts.items()))
        if key not in self._rest:
            truth = facts.get(name, self.truths[name])
            if not isinstance(truth, bool):
                truth = self._with_facts(truth, facts)
            self._rest[key] = _decided(truth)
        return self._rest[key]

    def _with_facts(self, expression: Any, facts: Facts) -> Truth:
        def named(name: str) -> Truth:
            known = self._known(name, facts)
            return {"Condition": name} if known is None else known

        return simplified(expression, self._plain, named, self._allowed)

    def _implied(self, facts: Facts, name: str, *, truth: bool) -> dict[str, bool]:
        """Return the facts that follow if a condition has a truth value, together with those known before."""
        found = dict(facts)
        waiting: list[tuple[Any, bool]] = [({"Condition": name}, truth)]
        while waiting:
            expression, value = waiting.pop()
            if is_name(expression):
                if expression["Condition"] in found:
                    continue
                found[expression["Condition"]] = value
                waiting.append((self.truths[expression["Condition"]], value))
            elif "Fn::Not" in expression:
                waiting.append((opposite(expression), not value))
            else:
                name = "Fn::And" if value else "Fn::Or"
                waiting += [(part, value) for part in expression.get(name, ())]
        return found


@dataclass(frozen=True)
class _Under:
    """Decides what remains of values that are used only if conditions have known truth values."""

    folding: Folding
    facts: Facts

    def choice(self, condition: str, then: Any, otherwise: Any) -> Any:
        return self.folding.choice(self.facts, condition, then, otherwise)

    def stays_in_mapping(self, value: Any) -> bool:
        """Return whether a value is so long that a second copy of it would cost more bytes than its mapping."""
        return isinstance(value, str) and len(value) > LONG_TEXT


class _InComparison(_Under):
    """Decides what remains of values that are compared, which must be complete."""

    def stays_in_mapping(self, _: Any) -> bool:
        return False


def is_name(truth: Truth) -> bool:
    """Return whether an expression is only the name of a condition."""
    return isinstance(truth, dict) and isinstance(truth.get("Condition"), str)


def _decided(truth: Truth) -> bool | None:
    return truth if isinstance(truth, bool) else None
