"""Say in words when a condition holds, and with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from smtemplates.evaluate import Stack, references

REGION = "AWS::Region"
MANY = 2
_LIKE = re.compile(r"\blike ([^\s,;]+)")


@dataclass(frozen=True)
class Fact:
    """State that a parameter is a text, or is not; `entry` is about that entry of its comma-separated list.

    Without a value there are no words for what the parameter is compared with: it is as by default, or it is not.
    """

    parameter: str
    value: str | None
    holds: bool = True
    entry: int = 0

    def __str__(self) -> str:
        """Say it in words."""
        if self.parameter == REGION:
            return "the Region has it" if self.holds else "the Region lacks it"
        if self.value is None:
            return f"`{self.parameter}` {'is left alone' if self.holds else 'decides so'}"
        if not self.value and not self.entry:
            return f"`{self.parameter}` is {'empty' if self.holds else 'given'}"
        name = f"`{self.parameter}`"
        if self.entry:
            return f"{name} has {'fewer than' if self.holds else 'at least'} {self.entry} {_entries(self.entry)}"
        return f"`{self.parameter}={self.value}`" if self.holds else f"{name} is not `{self.value}`"


Alternatives = list[tuple[Fact, ...]]


def when_made(template: Mapping[str, Any], condition: str | None) -> str:
    """Say in words when a condition holds, starting from the defaults."""
    if condition is None:
        return "always"
    expression = template["Conditions"][condition]
    if Stack(template).conditions[condition]:
        return f"unless {_joined(alternatives(template, expression, holds=False))}"
    ways = alternatives(template, expression)
    if len(ways) > 1:
        return f"if {_joined(ways)}"
    asked, left_alone = _split(template, ways[0])
    unless = " or ".join(str(_opposite(template, fact)) for fact in left_alone)
    return f"if {_all(asked)}{f', unless {unless}' if unless else ''}"


def switch(template: Mapping[str, Any], condition: str | None) -> str:
    """Say which one choice decides first about a condition, and whether the default makes it."""
    if condition is None:
        return "always"
    asked, left_alone = _split(template, alternatives(template, template["Conditions"][condition])[0])
    return str(asked[0]) if asked else f"{left_alone[0]} (default)"


def makes(template: Mapping[str, Any], condition: str | None) -> dict[str, str]:
    """Give parameters, other than the defaults, with which a condition holds."""
    if condition is None:
        return {}
    asked, _ = _split(template, alternatives(template, template["Conditions"][condition])[0])
    return chosen(template, asked)


def chosen(template: Mapping[str, Any], facts: Sequence[Fact]) -> dict[str, str]:
    """Give parameters with which facts hold, as far as parameters decide."""
    declared = template["Parameters"]
    return {fact.parameter: _value(declared[fact.parameter], fact) for fact in facts if fact.parameter in declared}


def everything(template: Mapping[str, Any]) -> dict[str, str]:
    """Give parameters with which a stack has as much of a template as the Rules admit at a time: resources first."""
    given: dict[str, str] = {}
    resources = [body["Condition"] for body in template["Resources"].values() if "Condition" in body]
    for condition in dict.fromkeys([*resources, *template.get("Conditions", {})]):
        before = Stack(template, given)
        if before.conditions[condition]:
            continue
        tried = given | makes(template, condition)
        after = Stack(template, tried)
        refused = set(after.rules()) - set(before.rules())
        if after.conditions[condition] and not refused and all(map(after.exists, before.resources)):
            given = tried
    return given


def example(declared: Mapping[str, Any]) -> str:
    """Give a value that a parameter may have: the one that its ConstraintDescription shows, if it shows one."""
    if declared["Type"] == "Number":
        return str(int(declared["Default"]) + 1)
    shown = _LIKE.search(declared.get("ConstraintDescription", ""))
    return shown.group(1) if shown else "example"


def alternatives(template: Mapping[str, Any], expression: Any, *, holds: bool = True) -> Alternatives:
    """List the ways in which an expression holds, or does not: in each way all of its facts do."""
    ((name, arguments),) = expression.items()
    if name == "Condition":
        return alternatives(template, template["Conditions"][arguments], holds=holds)
    if name == "Fn::Not":
        return alternatives(template, arguments[0], holds=not holds)
    if name in {"Fn::And", "Fn::Or"}:
        parts = [alternatives(template, part, holds=holds) for part in arguments]
        if (name == "Fn::And") is holds:
            ways = [tuple(dict.fromkeys(fact for way in chosen for fact in way)) for chosen in product(*parts)]
        else:
            ways = [way for part in parts for way in part]
        return list(dict.fromkeys(ways))
    fact = _fact(template, expression)
    return [(fact if holds else _opposite(template, fact),)]


def _fact(template: Mapping[str, Any], comparison: Mapping[str, Any]) -> Fact:
    """Read a comparison: of a parameter, of an entry of its list, or of something that the Region decides."""
    tested, value = comparison["Fn::Equals"]
    if not isinstance(tested, dict):
        tested, value = value, tested
    names = [found.target for found in references([tested, value]) if not found.target.startswith("AWS::")]
    if names and "Ref" in tested and not isinstance(value, dict):
        return Fact(names[0], str(value))
    asked = Stack({**template, "Conditions": {**template["Conditions"], "Asked": comparison}})
    if not names:
        # what is so where everything is, in us-east-1, is so where "the Region has it"
        return Fact(REGION, "", asked.conditions["Asked"])
    index, whole = tested.get("Fn::Select", (0, {}))
    by_comma = value == "" and isinstance(whole, dict) and whole.get("Fn::Split", [""])[0] == ","
    return Fact(names[0], "", entry=int(index) + 1) if by_comma else Fact(names[0], None, asked.conditions["Asked"])


def _opposite(template: Mapping[str, Any], fact: Fact) -> Fact:
    """State the opposite: of two allowed values, that it is the other."""
    options = [str(value) for value in template["Parameters"].get(fact.parameter, {}).get("AllowedValues", ())]
    others = [value for value in options if value != fact.value]
    if fact.holds and len(options) == len(others) + 1 and len(others) == 1:
        return replace(fact, value=others[0])
    return replace(fact, holds=not fact.holds)


def _split(template: Mapping[str, Any], facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Part what somebody must ask for from what holds while parameters are left alone."""
    asked: list[Fact] = []
    left_alone: list[Fact] = []
    for fact in facts:
        default = str(template["Parameters"].get(fact.parameter, {}).get("Default", ""))
        by_default = (fact.value in {default, None}) is fact.holds
        (left_alone if by_default else asked).append(fact)
    return asked, left_alone


def _value(declared: Mapping[str, Any], fact: Fact) -> str:
    if fact.entry:
        return ",".join(f"member-{number + 1}" for number in range(fact.entry))
    if fact.value is None:
        return str(declared["Default"])
    if fact.holds:
        return fact.value
    others = [str(value) for value in declared.get("AllowedValues", ()) if str(value) != fact.value]
    return others[0] if others else example(declared)


def _joined(ways: Alternatives) -> str:
    return " or ".join(map(_all, ways))


def _all(facts: Sequence[Fact]) -> str:
    """Say several facts; all those that are given, in one go."""
    given = [f"`{fact.parameter}`" for fact in facts if (fact.value, fact.holds, fact.entry) == ("", False, 0)]
    if len(given) < MANY:
        return " and ".join(map(str, facts))
    others = [str(fact) for fact in facts if f"`{fact.parameter}`" not in given or fact.entry]
    return " and ".join([*others, f"{' and '.join(given)} are given"])


def _entries(number: int) -> str:
    return "entry" if number == 1 else "entries"
