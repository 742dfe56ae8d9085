"""Evaluation ends on every template: common comparisons are decided, and all others have a limit."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.errors import Error
from smtemplates.evaluate import Stack, TooManyCombinationsError, covering, dangling, possible
from smtemplates.evaluate.cover import coverage, deployed
from smtemplates.evaluate.domains import domains
from smtemplates.evaluate.limits import QUESTION_STEPS, Steps
from smtemplates.evaluate.prove import Space
from smtemplates.evaluate.references import references

LIST = {"Type": "CommaDelimitedList", "Default": ""}
TEXT = {"Type": "String", "Default": ""}
SWITCH = {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"]}


def equals(one: Any, other: Any) -> dict[str, Any]:
    return {"Fn::Equals": [one, other]}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def topic(condition: str) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Condition": condition}


def any_of_lists(number: int) -> dict[str, Any]:
    """Build a template whose condition asks whether any of some lists has a value."""
    joined = [{"Fn::Join": ["", ref(f"L{index}")]} for index in range(number)]
    return {
        "Parameters": {f"L{index}": LIST for index in range(number)},
        "Conditions": {"Any": {"Fn::Not": [equals({"Fn::Join": ["", joined]}, "")]}},
        "Resources": {"Topic": topic("Any")},
    }


def chain(number: int) -> dict[str, Any]:
    """Build a template in which each condition is the exclusive or of the previous one and a parameter."""
    conditions: dict[str, Any] = {"C0": equals(ref("P0"), "b")}
    for index in range(1, number):
        before, own = {"Condition": f"C{index - 1}"}, equals(ref(f"P{index}"), "b")
        only_before, only_own = [before, {"Fn::Not": [own]}], [{"Fn::Not": [before]}, own]
        conditions[f"C{index}"] = {"Fn::Or": [{"Fn::And": only_before}, {"Fn::And": only_own}]}
    return {
        "Parameters": {f"P{index}": SWITCH for index in range(number)},
        "Conditions": conditions,
        "Resources": {"Topic": topic(f"C{number - 1}")},
    }


def first_of_many(number: int) -> dict[str, Any]:
    """Build a template with a condition that needs all combinations, and one that does not."""
    joined = {"Fn::Join": [",", [ref(f"P{index}") for index in range(number)]]}
    return {
        "Parameters": {f"P{index}": TEXT for index in range(number)},
        "Conditions": {
            "First": equals({"Fn::Select": [0, {"Fn::Split": [",", joined]}]}, "sample"),
            "Simple": equals(ref("P0"), ""),
        },
        "Resources": {"Hard": topic("First"), "Easy": topic("Simple")},
    }


def holes(pigeons: int) -> dict[str, Any]:
    """Build a template whose condition is never true, which takes an exponential search to find out."""
    values = [f"hole{index}" for index in range(pigeons - 1)]
    different = [
        {"Fn::Not": [equals(ref(f"P{one}"), ref(f"P{other}"))]}
        for one, other in itertools.combinations(range(pigeons), 2)
    ]
    return {
        "Parameters": {
            f"P{index}": {"Type": "String", "Default": values[0], "AllowedValues": values} for index in range(pigeons)
        },
        "Conditions": {"AllDifferent": {"Fn::And": different}, "Simple": equals(ref("P0"), values[0])},
        "Resources": {"Hard": topic("AllDifferent"), "Easy": topic("Simple")},
    }


def steps_of(template: dict[str, Any], values: dict[str, list[str]]) -> int:
    """Count the steps until every condition is decided."""
    space = Space(template, values)
    for name, holds in itertools.product(template["Conditions"], (True, False)):
        space.values(((name, holds),))
    return space.steps.taken


def test_joined_lists_are_compared_one_after_the_other() -> None:
    """Twice as many lists take about twice as many steps, not their square."""
    values = ["", "sample", "sample,1", "sample,sample", "1,2,3"]
    few, many = (steps_of(any_of_lists(size), {f"L{index}": values for index in range(size)}) for size in (10, 20))
    assert many < 3 * few


def test_any_of_ten_lists_is_decided() -> None:
    """A condition on many lists creates its resource in one set, with one list that has a value."""
    template = any_of_lists(10)
    sets = covering(template)
    assert [deployed(template, parameters).exists("Topic") for parameters in sets] == [False, True]
    assert [len(parameters) for parameters in sets] == [0, 1]


def test_a_chain_of_conditions_is_decided() -> None:
    """Conditions that each use the previous one twice take steps in proportion to their number."""
    template = chain(120)
    assert [deployed(template, parameters).exists("Topic") for parameters in covering(template)] == [False, True]
    few, many = (steps_of({**chain(size), "Conditions": chain(size)["Conditions"]}, {}) for size in (10, 20))
    assert many < 10 * few


def test_a_long_chain_is_evaluated_for_one_set_of_values() -> None:
    """The length of a chain of conditions is not limited by the depth of Python's calls."""
    conditions: dict[str, Any] = {"C0": equals(ref("P"), "b")}
    conditions |= {f"C{index}": {"Fn::Not": [{"Condition": f"C{index - 1}"}]} for index in range(1, 3000)}
    template = {"Parameters": {"P": SWITCH}, "Conditions": conditions, "Resources": {"Topic": topic("C2999")}}
    assert not Stack(template, {"P": "b"}).exists("Topic")
    assert [deployed(template, parameters).exists("Topic") for parameters in covering(template)] == [True]


def test_large_mappings_are_looked_up_within_the_limit() -> None:
    """Two lookups that each read two parameters are evaluated separately, and their results compared."""
    rows = {f"r{row}": {f"k{key}": f"v{row * key % 7}" for key in range(40)} for row in range(40)}
    lookups = [{"Fn::FindInMap": ["M", ref(one), ref(other)]} for one, other in ("AB", "CD")]
    template = {
        "Parameters": dict.fromkeys("ABCD", TEXT),
        "Mappings": {"M": rows},
        "Conditions": {"Same": equals(*lookups)},
        "Resources": {"Topic": topic("Same")},
    }
    assert possible(template) == {"Same": {True, False}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("template", "subject"),
    [
        (first_of_many(8), "Condition First"),
        (holes(12), "Conditions? AllDifferent"),
        ({**holes(12), "Rules": {"Kept": {"Assertions": [{"Assert": {"Condition": "AllDifferent"}}]}}}, "Rules"),
    ],
)
def test_beyond_the_limit_the_condition_or_rule_is_named(template: dict[str, Any], subject: str) -> None:
    """Proofs and the choice of values end with an error that names the condition or rule."""
    lists = {name: ["", "sample", "1", "30", "1000", "2", "3"] for name in template["Parameters"]}
    values = lists if subject == "Condition First" else {}
    with pytest.raises(TooManyCombinationsError, match=f"^{subject}: not evaluated: too many combinations"):
        possible(template, values)
    with pytest.raises(TooManyCombinationsError, match=f"^{subject}[a-zA-Z ]*: not evaluated: too many combinations"):
        dangling(_with_output(template), values)
    with pytest.raises(TooManyCombinationsError, match=f"^{subject}: ") as caught:
        covering(template)
    assert str(caught.value).startswith(f"{caught.value.subject}: ")


def _with_output(template: dict[str, Any]) -> dict[str, Any]:
    """Refer to the easy resource from an output with the difficult condition."""
    condition = template["Resources"]["Hard"]["Condition"]
    return {**template, "Outputs": {"O": {"Condition": condition, "Value": ref("Easy")}}}


def test_resources_with_other_conditions_are_still_shown() -> None:
    """Only the resources that depend on a condition beyond the limit are incomplete."""
    for template, subject in ((first_of_many(8), "Condition First"), (holes(12), "Condition AllDifferent")):
        found = coverage(template)
        assert found.incomplete == {subject: ["Hard"]}
        assert {deployed(template, parameters).exists("Easy") for parameters in found.sets} >= {True}


def test_rules_beyond_the_limit_leave_the_defaults() -> None:
    """If the Rules are not evaluated, only the defaults are tried, if they satisfy the Rules."""
    allowed = {
        "Kept": {"Assertions": [{"Assert": {"Fn::Or": [{"Condition": "Simple"}, {"Condition": "AllDifferent"}]}}]}
    }
    assert coverage({**first_of_many(8), "Rules": _rules("First")}).sets == []
    found = coverage({**first_of_many(8), "Rules": _rules("First", "Simple")})
    assert (found.sets, list(found.incomplete)) == ([{}], ["Condition First"])
    assert coverage({**holes(12), "Rules": allowed}).incomplete == {"Condition AllDifferent": ["Hard"]}


def _rules(*conditions: str) -> dict[str, Any]:
    return {"Kept": {"Assertions": [{"Assert": {"Fn::Or": [{"Condition": name} for name in conditions]}}]}}


def test_many_branches_of_one_resource_have_a_limit() -> None:
    """A resource with too many pairs of branches is named; its branches are still shown one by one."""
    tags = [{"Fn::If": [f"C{index}", "x", ref("AWS::NoValue")]} for index in range(120)]
    template = {
        "Parameters": {f"P{index}": SWITCH for index in range(120)},
        "Conditions": {f"C{index}": equals(ref(f"P{index}"), "b") for index in range(120)},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Tags": tags}}},
    }
    found = coverage(template)
    assert found.incomplete == {"Resource Topic": ["Topic"]}
    shown = [deployed(template, parameters).conditions for parameters in found.sets]
    assert all({truths[name] for truths in shown} == {True, False} for name in template["Conditions"])


def test_values_nested_in_branches_are_shown() -> None:
    """A value below forty branches is shown: one set leads to each branch."""
    value: Any = "deepest"
    for index in range(40):
        value = {"Fn::If": [f"C{index}", value, f"value {index}"]}
    template = {
        "Parameters": {f"P{index}": SWITCH for index in range(40)},
        "Conditions": {f"C{index}": equals(ref(f"P{index}"), "b") for index in range(40)},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": value}}},
    }
    shown = {deployed(template, choice).resources["Topic"]["Properties"]["TopicName"] for choice in covering(template)}
    assert shown == {"deepest", *(f"value {index}" for index in range(40))}


@pytest.mark.slow
def test_texts_that_grow_have_a_limit() -> None:
    """A text that doubles with each Fn::Sub around it ends the evaluation, in resources and in conditions."""
    value: Any = ref("P")
    for _ in range(28):
        value = {"Fn::Sub": ["${x}${x}", {"x": value}]}
    template = {
        "Parameters": {"P": TEXT},
        "Conditions": {"Grows": equals(value, "xx")},
        "Resources": {"Topic": {**topic("Grows"), "Properties": {"TopicName": value}}},
    }
    with pytest.raises(TooManyCombinationsError, match="Condition Grows"):
        covering(template)
    with pytest.raises(Error, match="more than 5,000,000 characters"):
        _ = Stack(template, {"P": "x"}).resources


def test_steps_have_a_limit_for_all_and_one_for_each_question() -> None:
    """The limit of a block counts from its start, and never exceeds the limit for everything."""
    steps = Steps(100)
    with steps.limit("Condition A", 10), pytest.raises(TooManyCombinationsError, match=r"^Condition A:"):
        steps.take(11)
    with steps.limit("Condition B", 10):
        steps.take(10)
    with steps.limit("Condition C"), pytest.raises(TooManyCombinationsError, match=r"^Condition C:"):
        steps.take(80)
    assert QUESTION_STEPS > 100


# --- equal to trying all combinations, whenever there is a result

NAMES = {"A": TEXT, "B": TEXT, "L": LIST, "M": LIST}
VALUES = {
    "A": ["", "x", "xy"],
    "B": ["", "x", "y-x"],
    "L": ["", "x", "x,y", "y,x,"],
    "M": ["", "x,x", "y"],
}
texts = st.recursive(
    st.sampled_from([ref("A"), ref("B"), "x", "", "x-y", {"Fn::Sub": "${A}y${!B}"}, {"Fn::Join": ["-", ref("L")]}])
    | st.sampled_from([{"Fn::Select": [0, ref("M")]}, {"Fn::Select": [0, {"Fn::Split": ["-", ref("B")]}]}]),
    lambda inner: st.one_of(
        st.builds(
            lambda items, text: {"Fn::Join": [text, items]}, st.lists(inner, max_size=3), st.sampled_from(["", "-"])
        ),
        st.builds(lambda one, two: {"Fn::Sub": ["${one}-${two}${A}", {"one": one, "two": two}]}, inner, inner),
    ),
    max_leaves=5,
)
lists = st.sampled_from([ref("L"), ref("M")]) | st.lists(texts, max_size=3)
comparisons = st.one_of(
    st.builds(equals, texts, texts),
    st.builds(equals, lists, lists),
    st.builds(lambda one, other: {"Fn::Contains": [one, other]}, lists, texts),
    st.builds(lambda one, other: {"Fn::EachMemberEquals": [one, other]}, lists, texts),
    st.builds(lambda one, other: {"Fn::EachMemberIn": [one, other]}, lists, lists),
)
tests = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda test: {"Fn::Not": [test]}, inner),
        st.builds(lambda one, other: {"Fn::And": [one, other]}, inner, inner),
        st.builds(lambda one, other: {"Fn::Or": [one, other]}, inner, inner),
    ),
    max_leaves=3,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(tests, tests, st.integers(0, 3))
def test_the_result_is_that_of_all_combinations(first: Any, second: Any, limit: int) -> None:
    """Whenever conditions are evaluated within the limit, the result is that of all combinations."""
    template = {
        "Parameters": NAMES,
        "Conditions": {"First": first, "Second": {"Fn::Or": [second, {"Condition": "First"}]}},
    }
    used = {reference.target for reference in references(template["Conditions"])}
    read = {name: values for name, values in VALUES.items() if name in used}  # no other value changes a result
    choices = [dict(zip(read, values, strict=True)) for values in itertools.product(*read.values())]
    everything = [Stack(template, choice).conditions for choice in choices]
    for holds, most in itertools.product((True, False), (10**limit, QUESTION_STEPS)):
        space, wanted = Space(template, VALUES), (("First", holds), ("Second", True))
        try:
            with space.steps.limit("test", most):
                found = space.values(wanted)
        except TooManyCombinationsError:
            assert most < QUESTION_STEPS
            continue
        assert (found is not None) is any(truths["First"] is holds and truths["Second"] for truths in everything)
        if found is not None:
            assert Stack(template, found).conditions == {"First": holds, "Second": True}


@pytest.mark.slow
def test_parameters_that_are_all_compared_have_a_limit() -> None:
    """Each of many parameters that are compared with each other has as many values as there are parameters."""
    names = [f"P{index}" for index in range(3000)]
    template = {
        "Parameters": dict.fromkeys(names, TEXT),
        "Conditions": {
            f"C{index}": equals(ref(one), ref(other)) for index, (one, other) in enumerate(itertools.pairwise(names))
        },
    }
    with pytest.raises(TooManyCombinationsError, match=r"^Parameter P"):
        domains(template, {}, Steps())
