"""Descriptions of template conditions, and the parameter values that satisfy them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType
from typing import Any

from smtemplates.evaluate import Stack, references

REGION = "AWS::Region"
MANY = 2
# How a constraint text introduces an example value.
_EXAMPLE = re.compile(r"\b(?:like|such as|for example,?) ([^\s,;]+)")


@dataclass(frozen=True)
class Fact:
    """A statement that a parameter has a value, or does not have it.

    With `entry`, the statement is about that entry of a comma-separated list. With `member`, it is that the list
    contains the value. Without a value, the parameter is compared with an expression that has no description: the
    comparison has its default result, or the other one.
    """

    parameter: str
    value: str | None
    holds: bool = True
    entry: int = 0
    member: bool = False

    def __str__(self) -> str:
        """Return the statement in words."""
        if self.parameter == REGION:
            return "available in the Region" if self.holds else "unavailable in the Region"
        if self.member:
            return f"`{self.parameter}` {'contains' if self.holds else 'does not contain'} `{self.value}`"
        if self.value is None:
            return f"`{self.parameter}` has {'its default value' if self.holds else 'a value that changes this'}"
        if not self.value and not self.entry:
            return f"`{self.parameter}` is {'empty' if self.holds else 'specified'}"
        name = f"`{self.parameter}`"
        if self.entry:
            return f"{name} has {'fewer than' if self.holds else 'at least'} {self.entry} {_entries(self.entry)}"
        return f"`{self.parameter}={self.value}`" if self.holds else f"{name} is not `{self.value}`"


Alternatives = list[tuple[Fact, ...]]


def description(template: Mapping[str, Any], condition: str | None) -> str:
    """Return when a condition holds, starting from the default parameters."""
    if condition is None:
        return "always"
    expression = template["Conditions"][condition]
    if Stack(template).conditions[condition]:
        return f"unless {_any_of(alternatives(template, expression, holds=False))}"
    ways = alternatives(template, expression)
    if len(ways) > 1:
        return f"if {_any_of(ways)}"
    required, by_default = _split(template, ways[0])
    unless = " or ".join(str(_opposite(template, fact)) for fact in by_default)
    return f"if {_all_of(required)}{f', unless {unless}' if unless else ''}"


def main_setting(template: Mapping[str, Any], condition: str | None) -> str:
    """Return the first parameter setting that a condition depends on, and whether it is the default."""
    if condition is None:
        return "always"
    required, by_default = _split(template, alternatives(template, template["Conditions"][condition])[0])
    return str(required[0]) if required else f"{by_default[0]} (default)"


def satisfying(
    template: Mapping[str, Any], condition: str | None, given: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Return the parameters that differ from their defaults to satisfy a condition; `given` as for `parameters_for`."""
    if condition is None:
        return {}
    required, _ = _split(template, alternatives(template, template["Conditions"][condition])[0])
    return parameters_for(template, required, given)


def parameters_for(
    template: Mapping[str, Any], facts: Sequence[Fact], given: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Return parameters for which statements are true. Statements about the Region are ignored.

    An item that a list must contain, or not contain, is added to the `given` value of the list, or removed from it.
    Without such a value, the default of the list is used.
    """
    found: dict[str, str] = {}
    for fact in facts:
        if declared := template["Parameters"].get(fact.parameter):
            value = found.get(fact.parameter) or given.get(fact.parameter) or str(declared["Default"])
            found[fact.parameter] = _list(value, fact) if fact.member else _value(declared, fact)
    return found


def all_options(template: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters that enable as many resources, then other conditions, as the Rules allow in one stack."""
    parameters: dict[str, str] = {}
    stack = Stack(template)
    resources = [body["Condition"] for body in template["Resources"].values() if "Condition" in body]
    for condition in dict.fromkeys([*resources, *template.get("Conditions", {})]):
        if stack.conditions[condition]:
            continue
        candidate = parameters | satisfying(template, condition, parameters)
        after = Stack(template, candidate)
        rejected = set(after.rules()) - set(stack.rules())
        existing = filter(stack.exists, template["Resources"])
        if after.conditions[condition] and not rejected and all(map(after.exists, existing)):
            parameters, stack = candidate, after
    return parameters


def example_value(declared: Mapping[str, Any]) -> str:
    """Return a valid value of a parameter: the example in its ConstraintDescription, if there is one."""
    if declared["Type"] == "Number":
        return str(int(declared["Default"]) + 1)
    shown = _EXAMPLE.search(declared.get("ConstraintDescription", ""))
    return shown.group(1) if shown else "example"


def alternatives(template: Mapping[str, Any], expression: Any, *, holds: bool = True) -> Alternatives:
    """Return all ways in which an expression holds, or does not hold. Each way is a set of true statements."""
    ((name, arguments),) = expression.items()
    if name == "Condition":
        return alternatives(template, template["Conditions"][arguments], holds=holds)
    if name == "Fn::Not":
        return alternatives(template, arguments[0], holds=not holds)
    if name in {"Fn::And", "Fn::Or"}:
        operands = [alternatives(template, operand, holds=holds) for operand in arguments]
        if (name == "Fn::And") is holds:
            chosen = [tuple(dict.fromkeys(fact for way in ways for fact in way)) for ways in product(*operands)]
            ways = [way for way in chosen if not any(_opposite(template, fact) in way for fact in way)]
        else:
            ways = [way for operand in operands for way in operand]
        return list(dict.fromkeys(ways))
    fact = _fact(template, expression)
    return [(fact if holds else _opposite(template, fact),)]


def _fact(template: Mapping[str, Any], comparison: Mapping[str, Any]) -> Fact:
    """Return the statement of a comparison: about a parameter, an entry of its list, or the Region."""
    tested, value = comparison["Fn::Equals"]
    if not isinstance(tested, dict):
        tested, value = value, tested
    names = [found.target for found in references([tested, value]) if not found.target.startswith("AWS::")]
    if names and "Ref" in tested and not isinstance(value, dict):
        return Fact(names[0], str(value))
    probe = Stack({**template, "Conditions": {**template["Conditions"], "Probe": comparison}})
    if not names:
        # In us-east-1 everything is available, so the result there is that of "available in the Region".
        return Fact(REGION, "", probe.conditions["Probe"])
    if item := _split_at(tested):
        return Fact(names[0], item, holds=False, member=True)
    index, whole = tested.get("Fn::Select", (0, {}))
    by_comma = value == "" and isinstance(whole, dict) and whole.get("Fn::Split", [""])[0] == ","
    return Fact(names[0], "", entry=int(index) + 1) if by_comma else Fact(names[0], None, probe.conditions["Probe"])


def _split_at(tested: Mapping[str, Any]) -> str:
    """Return the item of a list at which the joined list is split, or ''.

    Such a comparison with the joined list is false if the list contains the item.
    """
    delimiter, parts = tested.get("Fn::Join", ("", ()))
    item = parts.get("Fn::Split", [""])[0] if isinstance(parts, dict) else ""
    return str(item) if delimiter == "" else ""


def _opposite(template: Mapping[str, Any], fact: Fact) -> Fact:
    """Return the opposite statement. With two allowed values, it states the other value."""
    options = [str(value) for value in template["Parameters"].get(fact.parameter, {}).get("AllowedValues", ())]
    others = [value for value in options if value != fact.value]
    if not fact.member and fact.holds and len(options) == len(others) + 1 and len(others) == 1:
        return replace(fact, value=others[0])
    return replace(fact, holds=not fact.holds)


def _split(template: Mapping[str, Any], facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Split statements into those that require a parameter setting and those that are true by default."""
    required: list[Fact] = []
    by_default: list[Fact] = []
    for fact in facts:
        default = str(template["Parameters"].get(fact.parameter, {}).get("Default", ""))
        met = fact.value in default.split(",") if fact.member else fact.value in {default, None}
        (by_default if met is fact.holds else required).append(fact)
    return required, by_default


def _list(value: str, fact: Fact) -> str:
    """Return a comma-separated list with the item of a statement, or without it."""
    items = [item for item in value.split(",") if item not in {"", fact.value}]
    return ",".join([*items, str(fact.value)] if fact.holds else items)


def _value(declared: Mapping[str, Any], fact: Fact) -> str:
    if fact.entry:
        return ",".join(f"member-{number + 1}" for number in range(fact.entry))
    if fact.value is None:
        return str(declared["Default"])
    if fact.holds:
        return fact.value
    others = [str(value) for value in declared.get("AllowedValues", ()) if str(value) != fact.value]
    return others[0] if others else example_value(declared)


def _any_of(ways: Alternatives) -> str:
    return " or ".join(map(_all_of, ways))


def _all_of(facts: Sequence[Fact]) -> str:
    """Return several statements, with all specified parameters in one phrase."""
    specified = [f"`{fact.parameter}`" for fact in facts if (fact.value, fact.holds, fact.entry) == ("", False, 0)]
    if len(specified) < MANY:
        return " and ".join(map(str, facts))
    others = [str(fact) for fact in facts if f"`{fact.parameter}`" not in specified or fact.entry]
    return " and ".join([*others, f"{' and '.join(specified)} are specified"])


def _entries(number: int) -> str:
    return "entry" if number == 1 else "entries"
