"""Few sets of parameter values that show a template's resources in all their forms."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.errors import Error
from smtemplates.evaluate import Stack, covering
from smtemplates.evaluate.cover import deployed
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES

NAMES = ("A", "B", "C")
CONDITIONS = ("One", "Two", "Three")

literals = st.sampled_from(["x", "y"])
equals = st.builds(lambda name, value: {"Fn::Equals": [{"Ref": name}, value]}, st.sampled_from(NAMES), literals)
tests = st.recursive(
    equals,
    lambda inner: st.one_of(
        st.builds(lambda test: {"Fn::Not": [test]}, inner),
        st.builds(lambda one, other: {"Fn::And": [one, other]}, inner, inner),
        st.builds(lambda one, other: {"Fn::Or": [one, other]}, inner, inner),
    ),
    max_leaves=3,
)
values = st.recursive(
    st.just("leaf"),
    lambda inner: st.builds(lambda *parts: {"Fn::If": list(parts)}, st.sampled_from(CONDITIONS), inner, inner),
    max_leaves=4,
)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Build a template of resources with conditions, nested Fn::If, and a rule."""
    resources = {
        name: {
            "Type": "AWS::SNS::Topic",
            **({"Condition": condition} if condition else {}),
            "Properties": {"P": draw(values), "Q": draw(values)},
        }
        for name, condition in (("R", draw(st.sampled_from(["", *CONDITIONS]))), ("S", ""))
    }
    return {
        "Parameters": {name: {"Type": "String", "Default": "x"} for name in NAMES},
        "Rules": {"Kept": {"Assertions": [{"Assert": draw(tests)}]}},
        "Conditions": {name: draw(tests) for name in CONDITIONS},
        "Resources": _numbered(resources),
    }


def _numbered(resources: dict[str, Any]) -> dict[str, Any]:
    """Replace each leaf by a unique text, so that a resolved form shows which branches apply."""
    numbers = itertools.count()

    def number(value: Any) -> Any:
        if value == "leaf":
            return f"leaf {next(numbers)}"
        if isinstance(value, dict):
            return {key: number(member) for key, member in value.items()}
        return [number(member) for member in value] if isinstance(value, list) else value

    numbered: dict[str, Any] = number(resources)
    return numbered


def _pairs(template: dict[str, Any], choices: Iterator[dict[str, str]] | list[dict[str, str]]) -> set[tuple[str, ...]]:
    """Return the pairs of leaves of a resource in all deployments that the Rules allow."""
    stacks = [stack for choice in choices if not (stack := Stack(template, choice)).rules()]
    return {
        (name, body["Properties"]["P"], body["Properties"]["Q"])
        for stack in stacks
        for name, body in stack.resources.items()
    }


@settings(max_examples=150, deadline=None)
@given(templates())
def test_the_sets_show_all_pairs_of_branches(template: dict[str, Any]) -> None:
    """Every resource, and every two branches that can occur together, are in a set that satisfies the Rules."""
    everything = [dict(zip(NAMES, choice, strict=True)) for choice in itertools.product(["x", "y", "z"], repeat=3)]
    possible = _pairs(template, everything)
    if not [choice for choice in everything if not Stack(template, choice).rules()]:
        with pytest.raises(Error, match="contradict"):
            covering(template)
        return
    sets = covering(template)
    assert all(deployed(template, choice).rules() == [] for choice in sets)
    assert _pairs(template, sets) == possible


@pytest.mark.slow
def test_the_workspace_needs_few_sets(template: dict[str, Any]) -> None:
    """Few stacks contain every resource of the workspace; the first stack has the defaults."""
    sets = covering(template)
    assert sets[0] == {}
    assert len(sets) <= 30
    stacks = [deployed(template, choice) for choice in sets]
    assert {name for stack in stacks for name in stack.resources} == set(template["Resources"])
    broken = [sentence for stack in stacks for sentence in stack.rules()]
    # The sets do not search for numbers that a list in a Rule excludes, such as the days of two life-cycle rules.
    assert [sentence for sentence in broken if "IntelligentTieringDays" not in sentence] == []


def test_values_fit_their_parameters(template: dict[str, Any]) -> None:
    """Samples match their parameters, also for lists and for parameters without a default."""
    shown = {**covering(template)[1]}
    assert shown["VpcId"].startswith("vpc-")
    assert shown["UserProfileNames"].count(",") == 4
    template = {
        "Parameters": {
            "Name": {"Type": "String"},
            "Size": {"Type": "Number", "MinValue": 1000},
            "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
            "Role": {"Type": "String", "AllowedPattern": "arn:aws:iam::[0-9]{12}:role/.+"},
        },
        "Conditions": {"Two": {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Zones"}]}, "ab"]}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Condition": "Two"}},
    }
    (shown,) = covering(template)
    assert shown == {"Name": "sample", "Size": "1000", "Role": "arn:aws:iam::111122223333:role/sample"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_resource_of_our_templates_is_shown(name: str) -> None:
    """Lists in which no entry can occur twice have samples too."""
    text = (Path(__file__).parent.parent / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    template = load(text)
    shown = {made for choice in covering(template) for made in deployed(template, choice).resources}
    assert shown == set(template["Resources"])


def test_a_set_can_contain_a_region() -> None:
    """A set contains AWS::Region if a condition depends on it."""
    text = '{"Conditions": {"China": {"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws-cn"]}}, "Resources": {"T": '
    template = json.loads(text + '{"Type": "AWS::SNS::Topic", "Condition": "China"}}}')
    made = [deployed(template, choice).exists("T") for choice in covering(template)]
    assert made in ([False, True], [True])


def test_three_conditions_that_exclude_each_other_are_shown_in_pairs() -> None:
    """Each two of the conditions hold together for one value, although no value makes all three true."""
    different = {f"Not{value}": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, value]}]} for value in "abc"}
    nested: Any = {"Fn::If": ["Nota", {"Fn::If": ["Notb", {"Fn::If": ["Notc", "never", "c"]}, "b"]}, "a"]}
    template = {
        "Parameters": {"P": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b", "c"]}},
        "Conditions": different,
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": nested}}},
    }
    names = {Stack(template, choice).resources["Topic"]["Properties"]["TopicName"] for choice in covering(template)}
    assert names == {"a", "b", "c"}
