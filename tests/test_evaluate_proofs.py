"""Proofs over all parameter values, held against trying them out one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smtemplates.errors import Error
from smtemplates.evaluate import Reference, Stack, dangling, edges, possible, references

SWITCH = {"Type": "String", "AllowedValues": ["true", "false"], "Default": "false"}
TEXT = {"Type": "String", "Default": ""}


def equals(name: str, value: Any) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, value]}


def template(**conditions: Any) -> dict[str, Any]:
    return {
        "Parameters": {
            "On": SWITCH,
            "Other": SWITCH,
            "Vpc": {**TEXT, "AllowedPattern": "|vpc-[0-9a-f]+"},
            "Names": TEXT,
            "Stage": {"Type": "String", "AllowedValues": ["dev", "stg", "prd"], "Default": "stg"},
            "Zones": {"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"], "Default": "a"},
            "Subnets": {"Type": "CommaDelimitedList", "Default": ""},
            "Count": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 9},
        },
        "Mappings": {
            "Regions": {"us-east-1": {"Image": "x"}, "cn-north-1": {"Image": ""}},
            "Partitions": {"aws": {"Console": "a", "Docs": "b"}, "aws-cn": {"Console": "c"}},
        },
        "Conditions": conditions,
        "Resources": {},
    }


def test_references_are_found_with_their_conditions() -> None:
    """Every kind of reference is found, with the branches of Fn::If and the path to it."""
    value = {
        "A": {"Fn::If": ["C", {"Ref": "R"}, {"Fn::If": ["D", {"Ref": "AWS::NoValue"}, {"Fn::GetAtt": "S.Arn"}]}]},
        "B": [{"Fn::Sub": ["${T} ${!U} ${V.Arn} ${W}", {"W": {"Fn::GetAtt": ["X", {"Ref": "Y"}]}}]}],
    }
    assert list(references(value)) == [
        Reference("Ref", "R", None, (("C", True),), ("A", "Fn::If", 1, "Ref")),
        Reference("GetAtt", "S", "Arn", (("C", False), ("D", False)), ("A", "Fn::If", 2, "Fn::If", 2, "Fn::GetAtt")),
        Reference("Sub", "T", None, (), ("B", 0, "Fn::Sub")),
        Reference("Sub", "V", "Arn", (), ("B", 0, "Fn::Sub")),
        Reference("GetAtt", "X", None, (), ("B", 0, "Fn::Sub", 1, "W", "Fn::GetAtt")),
        Reference("Ref", "Y", None, (), ("B", 0, "Fn::Sub", 1, "W", "Fn::GetAtt", "Ref")),
    ]
    with pytest.raises(Error, match="Fn::If does not take"):
        list(references({"Fn::If": ["C", 1]}))


def test_references_first_require_the_condition_of_their_resource() -> None:
    """The Condition of a resource or output is the first requirement of its references, also of DependsOn."""
    body = {"Condition": "C", "DependsOn": ["B"], "Properties": {"P": {"Ref": "B"}}}
    whole = {"Resources": {"A": body, "B": {"DependsOn": "A"}}, "Outputs": {"O": {"Value": {"Ref": "A"}}}}
    assert [(edge.kind, edge.target, edge.required, edge.path[:2]) for edge in edges(whole)] == [
        ("DependsOn", "B", (("C", True),), ("Resources", "A")),
        ("Ref", "B", (("C", True),), ("Resources", "A")),
        ("DependsOn", "A", (), ("Resources", "B")),
        ("Ref", "A", (), ("Outputs", "O")),
    ]


def test_dangling_references_are_reported_with_parameter_values() -> None:
    """A reference that dangles for some values is reported with these values, if the Rules allow them."""
    whole = template(IsOn=equals("On", "true"), HasVpc={"Fn::Not": [equals("Vpc", "")]})
    whole["Resources"] = {
        "Group": {"Type": "G", "Condition": "HasVpc"},
        "Domain": {"Type": "D", "Condition": "IsOn", "Properties": {"G": {"Ref": "Group"}, "X": {"Ref": "Nothing"}}},
        "Notebook": {"Type": "N", "Properties": {"G": {"Fn::If": ["HasVpc", {"Ref": "Group"}, {"Ref": "On"}]}}},
    }
    undeclared = (
        "Resources.Domain.Properties.X.Ref refers to Nothing, which the template does not declare when On is 'true'."
    )
    assert dangling(whole) == [
        "Resources.Domain.Properties.G.Ref refers to Group, which does not exist when On is 'true' and Vpc is ''.",
        undeclared,
    ]
    needs_vpc = {"RuleCondition": equals("On", "true"), "Assertions": [{"Assert": {"Fn::Not": [equals("Vpc", "")]}}]}
    assert dangling({**whole, "Rules": {"R": needs_vpc}}) == [undeclared]


def test_a_value_that_no_condition_mentions_is_tried() -> None:
    """A reference can dangle for a value that no condition mentions; the report then contains "anything else"."""
    whole = template(Is={"Fn::Or": [equals("Names", ""), equals("Names", "a")]})
    whole["Resources"] = {"A": {"Type": "A", "Condition": "Is"}, "B": {"Type": "B", "DependsOn": "A"}}
    assert dangling(whole) == ["Resources.B.DependsOn refers to A, which does not exist when Names is anything else."]


def test_a_report_names_only_parameters_that_make_a_difference() -> None:
    """A reference to a resource that never exists is reported without parameter values."""
    never = {"Fn::Or": [equals("Count", 10), equals("On", "maybe")]}
    whole = template(Never=never, Always=equals("On", {"Ref": "On"}))
    depending = {"Type": "B", "Condition": "Always", "DependsOn": "A"}
    whole["Resources"] = {"A": {"Type": "A", "Condition": "Never"}, "B": depending}
    assert dangling(whole) == ["Resources.B.DependsOn refers to A, which does not exist."]


def test_a_report_prefers_defaults() -> None:
    """If a reference dangles for several values, the report shows the default."""
    whole = template(IsPrd=equals("Stage", "prd"))
    whole["Resources"] = {"A": {"Type": "A", "Condition": "IsPrd"}, "B": {"Type": "B", "DependsOn": "A"}}
    assert dangling(whole) == ["Resources.B.DependsOn refers to A, which does not exist when Stage is 'stg'."]


LISTED = {"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "Names"}]}]}, "a"]}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (equals("On", "true"), {}, {True, False}),
        (equals("On", "maybe"), {}, {False}),
        (equals("Count", 10), {}, {False}),
        (equals("Count", "5"), {}, {True, False}),
        (equals("Vpc", "subnet"), {}, {False}),
        (equals("Vpc", {"Ref": "Names"}), {}, {True, False}),
        ({"Fn::Or": [equals("On", {"Ref": "Other"}), equals("On", "true"), equals("Other", "true")]}, {}, {True}),
        ({"Fn::And": [equals("Names", {"Ref": "On"}), equals("Names", "x")]}, {}, {False}),
        ({"Fn::And": [equals("Names", {"Ref": "Vpc"}), {"Fn::Not": [equals("Vpc", "")]}]}, {}, {True, False}),
        ({"Fn::And": [equals("Names", {"Ref": "Vpc"}), equals("Vpc", "vpc-1")]}, {}, {True, False}),
        ({"Fn::Equals": ["vpc-1", {"Ref": "Vpc"}]}, {}, {True, False}),
        (equals("Names", {"Ref": "AWS::Partition"}), {}, {True, False}),
        ({"Fn::And": [equals("Names", {"Ref": "AWS::URLSuffix"}), equals("AWS::Region", "x")]}, {}, {True, False}),
        ({"Fn::And": [equals("Names", {"Ref": "AWS::Region"}), equals("Names", "y")]}, {}, {True, False}),
        (equals("AWS::Region", "eu-west-1"), {}, {True, False}),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Partitions", {"Ref": "AWS::Partition"}, "Console"]}, "d"]}, {}, {False}),
        ({"Fn::And": [equals("AWS::Region", "eu-west-1"), equals("AWS::Partition", "aws-cn")]}, {}, {False}),
        (
            {"Fn::And": [equals("AWS::URLSuffix", "amazonaws.com"), equals("AWS::Partition", "aws-us-gov")]},
            {},
            {True, False},
        ),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, "Image"]}, ""]}, {}, {True, False}),
        ({"Fn::Equals": [{"Fn::FindInMap": ["Regions", {"Ref": "AWS::Region"}, {"Ref": "Names"}]}, "y"]}, {}, {False}),
        (LISTED, {"Names": ["", "a,b"]}, {True, False}),
        (LISTED, {"Names": ["b,a"]}, {False}),
        ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Subnets"}]}, ""]}, {"Subnets": [",", "a"]}, {True, False}),
        ({"Fn::Contains": [{"Ref": "Subnets"}, "a"]}, {"Subnets": ["b", "b, a"]}, {True, False}),
        (equals("Names", "x"), {"Names": ["x"]}, {True}),
    ],
)
def test_conditions_have_their_possible_values(
    condition: Any, values: dict[str, list[str]], expected: set[bool]
) -> None:
    """Possible values depend on allowed values, bounds, patterns, mappings, the partition and listed values."""
    assert possible(template(C=condition), values) == {"C": expected}


@pytest.mark.parametrize(
    ("condition", "values", "message"),
    [
        (LISTED, {}, r"Specify sample values of Names\."),
        (
            {"Fn::And": [LISTED, {"Fn::Contains": [{"Ref": "Subnets"}, "a"]}]},
            {},
            r"Specify sample values of Names, Subnets\.",
        ),
        ({"Fn::Equals": [{"Fn::Sub": "${Vpc}!"}, "a!"]}, {}, r"Specify sample values of Vpc\."),
        (
            {"Fn::Equals": [{"Fn::FindInMap": ["Partitions", "aws", {"Ref": "Vpc"}]}, "a"]},
            {},
            r"sample values of Vpc\.",
        ),
        ({"Fn::Contains": [{"Ref": "Zones"}, "a"]}, {}, r"sample values of Zones\."),
        ({"Fn::Equals": [{"Fn::FindInMap": [{"Ref": "Names"}, "aws", "Docs"]}, "a"]}, {}, r"sample values of Names\."),
        (equals("Names", ""), {"Names": []}, "Parameter Names has no possible value"),
        (equals("Nmaes", ""), {}, "refer to Nmaes, which is not a parameter"),
        ({"Fn::Equals": [{"Fn::If": ["C", "a", "b"]}, "a"]}, {}, "Fn::If cannot choose by C"),
        ({"Condition": "C"}, {}, "C depends on itself"),
        ({"Condition": "D"}, {}, "no condition D"),
    ],
)
def test_missing_sample_values_are_requested(condition: Any, values: dict[str, list[str]], message: str) -> None:
    """If the template alone does not show which values matter, the message lists the parameters."""
    with pytest.raises(Error, match=message):
        possible(template(C=condition), values)


def test_contradictory_rules_are_an_error() -> None:
    """A template whose Rules contradict each other is an error, not a proof."""
    whole = template()
    whole["Rules"] = {name: {"Assertions": [{"Assert": equals("On", name)}]} for name in ("true", "false")}
    with pytest.raises(Error, match="Rules contradict each other"):
        dangling(whole)


def test_many_rules_with_common_parameters_are_solved() -> None:
    """The search over sixty parameters with eighty rules in common is complete."""

    def scattered(seed: int) -> dict[str, Any]:
        drawn = (48271 * (seed + 1) ** 2 * 7919 + 11) % (2**31 - 1)
        return equals(f"P{drawn % 60}", "abc"[drawn // 60 % 3])

    whole: dict[str, Any] = {
        "Parameters": {f"P{index}": {"Type": "String", "AllowedValues": ["a", "b", "c"]} for index in range(60)},
        "Conditions": {f"C{index}": {"Fn::And": [scattered(index), scattered(100 + index)]} for index in range(40)},
        "Rules": {
            f"R{index}": {
                "RuleCondition": {"Fn::And": [scattered(200 + index), scattered(300 + index)]},
                "Assertions": [{"Assert": scattered(400 + index)}],
            }
            for index in range(80)
        },
    }
    assert len(possible(whole)) == 40


def test_rules_about_the_account_exclude_nothing() -> None:
    """A rule that only the account can evaluate excludes no values."""
    whole = template(C=equals("On", "true"))
    undecided = {"Fn::Equals": [{"Fn::ValueOf": ["Vpc", "Tags.x"]}, "a"]}
    whole["Rules"] = {
        "A": {"Assertions": [{"Assert": undecided}]},
        "B": {"RuleCondition": undecided, "Assertions": [{"Assert": equals("On", "false")}]},
    }
    assert possible(whole) == {"C": {True, False}}


# --- the same by trying everything

FREE = ["", "x", "y", "z", "1", "2"]
DOMAINS = {"A": ["x", "y", "z"], "B": ["x", "y"], "F": FREE, "G": FREE}
literals = st.sampled_from(["", "x", "y"])
names = st.sampled_from(list(DOMAINS))
sides = literals | names.map(lambda name: {"Ref": name})
atoms = st.tuples(names, sides).map(lambda pair: equals(*pair)) | st.tuples(names, st.lists(literals)).map(
    lambda pair: {"Fn::Contains": [pair[1], {"Ref": pair[0]}]}
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: {"Fn::And": parts}),
        several.map(lambda parts: {"Fn::Or": parts}),
        inner.map(lambda part: {"Fn::Not": [part]}),
    )


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for name in ("C0", "C1", "C2", "C3"):
        known = [{"Condition": other} for other in conditions]
        conditions[name] = draw(st.recursive(atoms | st.sampled_from(known) if known else atoms, nested, max_leaves=4))
    maybe = st.fixed_dictionaries({}, optional={"Condition": st.sampled_from(list(conditions))})
    targets = st.sampled_from(["R0", "R1", "R2"])
    uses = st.recursive(
        targets.map(lambda name: {"Ref": name}) | targets.map(lambda name: {"Fn::Sub": f"${{{name}.Arn}}"}),
        lambda inner: st.tuples(st.sampled_from(list(conditions)), inner, inner).map(lambda p: {"Fn::If": list(p)}),
        max_leaves=3,
    )
    bodies = st.builds(
        lambda own, use, on: {"Type": "T", **own, "Properties": {"P": use}, "DependsOn": on}, maybe, uses, targets
    )
    rule = st.recursive(atoms, nested, max_leaves=3)
    rules = st.lists(
        st.fixed_dictionaries(
            {"Assertions": rule.map(lambda test: [{"Assert": test}])}, optional={"RuleCondition": rule}
        ),
        max_size=3,
    )
    return {
        "Parameters": {
            name: {"Type": "String", "Default": "", **({"AllowedValues": DOMAINS[name]} if name in "AB" else {})}
            for name in DOMAINS
        },
        "Conditions": conditions,
        "Rules": {f"Rule{index}": rule for index, rule in enumerate(draw(rules))},
        "Resources": {name: draw(bodies) for name in ("R0", "R1", "R2")},
        "Outputs": {"O": {**draw(maybe), "Value": draw(uses)}},
    }


def legal(whole: dict[str, Any]) -> Iterator[Stack]:
    for choice in itertools.product(*DOMAINS.values()):
        stack = Stack(whole, dict(zip(DOMAINS, choice, strict=True)))
        if not stack.rules():
            yield stack


@pytest.mark.slow
@given(templates())
@settings(max_examples=60, deadline=None)
def test_proofs_agree_with_trying_everything(whole: dict[str, Any]) -> None:
    """Dangling references and possible values are the same as with all combinations of values."""
    stacks = list(legal(whole))
    assume(stacks)
    assert possible(whole) == {name: {stack.conditions[name] for stack in stacks} for name in whole["Conditions"]}
    found = [
        edge
        for edge in edges(whole)
        if any(
            not stack.exists(edge.target) and all(stack.conditions[name] is holds for name, holds in edge.required)
            for stack in stacks
        )
    ]
    reported = [line.split(" refers")[0] for line in dangling(whole)]
    assert reported == [".".join(map(str, edge.path)) for edge in found]
