"""The policy check ends on every template, and reports conditions that it did not evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import smtemplates
from smtemplates.cli.main import main
from smtemplates.evaluate.cover import Coverage
from smtemplates.evaluate.limits import Steps
from smtemplates.policy import NOT_EVALUATED, engine
from smtemplates.policy.gaps import Gap
from smtemplates.policy.guard import Guard

TEXT = {"Type": "String", "Default": ""}
SWITCH = {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]}


def _equals(one: Any, other: Any) -> dict[str, Any]:
    return {"Fn::Equals": [one, other]}


def _topics(**conditions: str) -> dict[str, Any]:
    return {name: {"Type": "AWS::SNS::Topic", "Condition": condition} for name, condition in conditions.items()}


def _first_of(number: int) -> str:
    """Build a template with a condition that needs all combinations, and one that does not."""
    joined = {"Fn::Join": [",", [{"Ref": f"P{index}"} for index in range(number)]]}
    template = {
        "Parameters": {f"P{index}": TEXT for index in range(number)},
        "Conditions": {
            "First": _equals({"Fn::Select": [0, {"Fn::Split": [",", joined]}]}, "never"),
            "Simple": _equals({"Ref": "P0"}, "sample"),
        },
        "Resources": _topics(Hard="First", Easy="Simple"),
    }
    return json.dumps(template, indent=1)


def test_a_condition_that_is_not_evaluated_is_reported() -> None:
    """A condition with too many combinations is named with its resource; other resources are checked."""
    text = _first_of(8)
    limit, found = sorted(smtemplates.judge(text, cache=False), key=lambda finding: finding.rule)
    assert (limit.rule, limit.severity, limit.path) == (NOT_EVALUATED, "informational", ("Conditions", "First"))
    assert limit.message == (
        "Condition First: not evaluated: too many combinations. Not all forms were checked of: Hard."
    )
    assert text.splitlines()[limit.line - 1].startswith('  "First"')
    assert (found.rule, found.path) == ("SNS_1", ("Resources", "Easy"))


def test_a_message_names_ten_resources() -> None:
    """A message about many resources names the first ten and the number of the others."""
    names = [f"Topic{number}" for number in range(12)]
    message = Gap("Condition First", "too many combinations", (), dict.fromkeys(names)).message
    assert message.endswith(f" Not all forms were checked of: {', '.join(names[:10])} and 2 more.")


def test_the_cache_returns_conditions_that_are_not_evaluated(tmp_path: Path) -> None:
    """A result from the cache contains the conditions that were not evaluated."""
    first, second = (smtemplates.judge(_first_of(8), cache=tmp_path) for _ in range(2))
    assert first == second
    assert NOT_EVALUATED in {finding.rule for finding in second}


def test_the_command_reports_conditions_that_are_not_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lint` reports a condition that was not evaluated on standard error, which is not a finding."""
    file = tmp_path / "t.json"
    template = json.loads(_first_of(8))
    easy = {"Type": "AWS::IAM::Group", "Condition": "Simple"}  # no rule applies
    template["Resources"] = _topics(Hard="First") | {"Easy": easy}
    file.write_text(json.dumps(template), encoding="utf-8")
    assert main(["lint", "--no-cache", str(file)]) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert "Condition First: not evaluated: too many combinations." in output.err


def test_lists_of_which_any_is_set_are_evaluated() -> None:
    """A condition on ten lists is decided, so that its resource is checked, with the one value that creates it."""
    joined = [{"Fn::Join": ["", {"Ref": f"L{index}"}]} for index in range(10)]
    template = {
        "Parameters": {f"L{index}": {"Type": "CommaDelimitedList", "Default": ""} for index in range(10)},
        "Conditions": {"Any": {"Fn::Not": [_equals({"Fn::Join": ["", joined]}, "")]}},
        "Resources": _topics(Topic="Any"),
    }
    (found,) = smtemplates.judge(json.dumps(template), cache=False)
    assert (found.rule, len(found.given)) == ("SNS_1", 1)


@pytest.mark.parametrize("topics", [1, 10])
def test_parameter_values_of_findings_are_reduced_in_few_steps(monkeypatch: pytest.MonkeyPatch, topics: int) -> None:
    """Of a hundred parameter values, the one that a finding needs is found without trying each value and each pair.

    For findings of further resources, this value is tried first.
    """
    names = [f"P{index}" for index in range(100)]
    template = {
        "Parameters": dict.fromkeys(names, SWITCH),
        "Conditions": {f"C{name}": _equals({"Ref": name}, "b") for name in names},
        "Resources": _topics(**{f"Topic{number}": "CP70" for number in range(topics)}),
    }
    everything = Coverage([dict.fromkeys(names, "b")], {})
    monkeypatch.setattr(engine, "coverage", lambda _: everything)
    checked: list[Any] = []
    check = Guard.check

    def count(guard: Guard, resolved: dict[str, Any], steps: Steps) -> Any:
        checked.append(resolved)
        return check(guard, resolved, steps)

    monkeypatch.setattr(Guard, "check", count)
    findings = smtemplates.judge(json.dumps(template), cache=False)
    assert [found.given for found in findings] == [(("P70", "b"),)] * topics
    assert len(checked) < 50


def test_parameter_values_are_not_reduced_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding whose values cannot be reduced within the limit is reported with all of them."""
    monkeypatch.setattr(engine, "MOST_TO_REDUCE", 0)
    template = {
        "Parameters": {"P": SWITCH},
        "Conditions": {"C": _equals({"Ref": "P"}, "b")},
        "Resources": _topics(Topic="C"),
    }
    (found,) = smtemplates.judge(json.dumps(template), cache=False)
    assert found.given == (("P", "b"),)


def test_resolved_templates_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all sets of values together are too large to check, the template is reported as not evaluated."""
    monkeypatch.setattr(engine, "MOST_CHARACTERS", 10)
    (limit,) = smtemplates.judge(json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}), cache=False)
    assert (limit.rule, limit.message.partition(":")[0]) == (NOT_EVALUATED, "Template")


def test_a_resource_with_texts_that_grow_is_reported() -> None:
    """A text that doubles with each nested Fn::Sub ends the evaluation of its resource, with a clear message."""
    value: Any = "x"
    for _ in range(30):
        value = {"Fn::Sub": ["${x}${x}", {"x": value}]}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": value}}}}
    (limit,) = smtemplates.judge(json.dumps(template), cache=False)
    assert (limit.rule, limit.path) == (NOT_EVALUATED, ("Resources", "T"))
    assert limit.message.startswith(
        "Resource T: not evaluated: The functions of the template return more than 5,000,000"
    )
