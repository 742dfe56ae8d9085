"""Fold the Rules of a template, and find the values that they exclude."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from smtemplates.evaluate.sections import assertions, nested
from smtemplates.evaluate.values import intrinsic
from smtemplates.specializing.truths import Truth

NEVER = {"Fn::Equals": ["true", "false"]}

Decide = Callable[[Any], Truth]


def folded(rules: Mapping[str, Any], decide: Decide) -> dict[str, Any]:
    """Return the rest of Rules: the assertions that can still fail."""
    left: dict[str, Any] = {}
    for name, rule in rules.items():
        condition = decide(rule["RuleCondition"]) if "RuleCondition" in rule else True
        if condition is False:
            continue
        open_assertions = [
            {**assertion, "Assert": truth if isinstance(truth, dict) else NEVER}
            for assertion in assertions(rule)
            if (truth := decide(assertion["Assert"])) is not True
        ]
        if open_assertions:
            rest = {key: value for key, value in rule.items() if key not in ("RuleCondition", "Assertions")}
            left[name] = {
                **({} if condition is True else {"RuleCondition": condition}),
                "Assertions": open_assertions,
                **rest,
            }
    return left


def broken(rules: Mapping[str, Any], decide: Decide) -> list[str]:
    """Return a sentence for each assertion that certainly fails."""
    found = [
        sentence_of(name, assertion)
        for name, rule in rules.items()
        if "RuleCondition" not in rule or decide(rule["RuleCondition"]) is True
        for assertion in assertions(rule)
        if decide(assertion["Assert"]) is False
    ]
    return list(dict.fromkeys(found))


def looked_up(value: Any) -> Iterator[str]:
    """Return the parameters whose attributes Rules look up in the account.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    return (part["Fn::ValueOf"][0] for part in nested(value) if isinstance(part, dict) and "Fn::ValueOf" in part)


def sentence_of(name: str, assertion: Mapping[str, Any]) -> str:
    """Return the sentence with which a Rule rejects values."""
    return str(assertion.get("AssertDescription", f"Rule {name} is broken."))


def required(rules: Mapping[str, Any], decide: Decide) -> dict[str, tuple[str, str]]:
    """Return the parameters to which a Rule leaves one value: the value, and the sentence of the Rule."""
    found: dict[str, tuple[str, str]] = {}
    for name, rule in rules.items():
        condition = decide(rule["RuleCondition"]) if "RuleCondition" in rule else True
        for assertion in assertions(rule):
            truth = decide(assertion["Assert"])
            equal = _equal(truth, wanted=True) if condition is True else {}
            if truth is False:
                equal = _equal(condition, wanted=False)
            found |= {key: (value, sentence_of(name, assertion)) for key, value in equal.items()}
    return found


def _equal(truth: Truth, *, wanted: bool) -> dict[str, str]:
    """Return the parameters that must equal a text if an expression has a truth value."""
    if isinstance(truth, bool):
        return {}
    ((name, arguments),) = truth.items()
    if name == "Fn::Not":
        return _equal(arguments[0], wanted=not wanted)
    if name == ("Fn::And" if wanted else "Fn::Or"):
        return {key: value for part in arguments for key, value in _equal(part, wanted=wanted).items()}
    if name == "Fn::Equals" and wanted:
        first, second = arguments if intrinsic(arguments[0]) == "Ref" else arguments[::-1]
        if intrinsic(first) == "Ref" and isinstance(second, str):
            return {first["Ref"]: second}
    return {}
