"""Generate small templates that contain every function, and every kind of parameter."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# The parameters, with every value that the tests give them.
DOMAINS = {
    "A": ["x", "y", "z"],
    "B": ["x", "y"],
    "Text": ["", "x", "a,b"],
    "List": ["", "x", "x, y"],
    "Number": ["0", "7"],
    "Secret": ["s"],
}
DECLARED: dict[str, dict[str, Any]] = {
    "A": {"Type": "String", "Default": "x", "AllowedValues": DOMAINS["A"]},
    "B": {"Type": "String", "Default": "x", "AllowedValues": DOMAINS["B"]},
    "Text": {"Type": "String", "Default": ""},
    "List": {"Type": "CommaDelimitedList", "Default": ""},
    "Number": {"Type": "Number", "Default": 0},
    "Secret": {"Type": "String", "Default": "s", "NoEcho": True},
    "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/team/name"},
}
SCALARS = ("A", "B", "Text", "Number", "Secret", "Stored")
MAPPINGS = {
    "Sizes": {"x": {"a": "small", "b": ["one", "two"]}, "y": {"a": "large", "b": []}, "z": {"a": "", "b": ["three"]}},
    "Places": {"us-east-1": {"a": "here"}, "cn-north-1": {"a": "there"}},
}
LISTED = {"Fn::FindInMap": ["Sizes", {"Ref": "A"}, "b"]}
CONDITIONS = ("C0", "C1", "C2", "C3")

literals = st.sampled_from(["", "x", "y", "a,b"])
scalar_refs = st.sampled_from([*SCALARS, "AWS::Region", "AWS::Partition"]).map(lambda name: {"Ref": name})
in_conditions = st.sampled_from(["A", "B", "Text", "Number", "Secret", "AWS::Region"]).map(lambda name: {"Ref": name})


def equals(pair: tuple[Any, Any]) -> dict[str, Any]:
    return {"Fn::Equals": list(pair)}


joined = st.lists(literals | in_conditions, min_size=1, max_size=3).map(lambda items: {"Fn::Join": ["", items]})
listed = st.just({"Fn::Join": ["", {"Ref": "List"}]})
found = st.just({"Fn::FindInMap": ["Sizes", {"Ref": "A"}, "a"]})
texts = st.sampled_from(["${A}", "x${Text}", "${B}${!B}y"]).map(lambda body: {"Fn::Sub": body})
atoms = st.one_of(
    st.tuples(in_conditions, literals | in_conditions).map(equals),
    st.tuples(joined | listed | found | texts, literals).map(equals),
)
rule_atoms = atoms | st.tuples(st.lists(literals), in_conditions).map(lambda pair: {"Fn::Contains": list(pair)})
account = st.just({"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.A"]}, ["x"]]})


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda parts: {"Fn::And": parts}),
        several.map(lambda parts: {"Fn::Or": parts}),
        inner.map(lambda part: {"Fn::Not": [part]}),
    )


def functions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return functions whose arguments are texts."""
    chosen = st.sampled_from(CONDITIONS)
    absent = inner | st.just({"Ref": "AWS::NoValue"})
    choice = st.tuples(chosen, absent, absent).map(lambda parts: {"Fn::If": list(parts)})
    text_choice = st.tuples(chosen, inner, inner).map(lambda parts: {"Fn::If": list(parts)})
    return st.one_of(
        text_choice,
        st.lists(text_choice | literals | scalar_refs, max_size=3).map(lambda items: {"Fn::Join": ["-", items]}),
        inner.map(lambda value: {"Fn::Base64": value}),
        inner.map(lambda value: {"Fn::Sub": ["${V}-${Text}-${!Text}-${R0.Arn}", {"V": value}]}),
        inner.map(lambda value: {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::Join": ["", [value, ",,"]]}]}]}),
        st.lists(choice, min_size=1, max_size=2).map(lambda items: {"Fn::Select": [0, [*items, "last"]]}),
        st.just({"Fn::FindInMap": ["Sizes", {"Ref": "A"}, "a"]}),
        st.just({"Fn::FindInMap": ["Places", {"Ref": "AWS::Region"}, "a"]}),
    )


values = st.recursive(literals | scalar_refs, functions, max_leaves=4)
chosen_lists = st.lists(
    st.tuples(st.sampled_from(CONDITIONS), values | st.just({"Ref": "AWS::NoValue"}), values).map(
        lambda parts: {"Fn::If": list(parts)}
    )
    | values,
    max_size=3,
)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for name in CONDITIONS:
        known = [{"Condition": other} for other in conditions]
        conditions[name] = draw(st.recursive(atoms | st.sampled_from(known) if known else atoms, nested, max_leaves=4))
    maybe = st.fixed_dictionaries({}, optional={"Condition": st.sampled_from(CONDITIONS)})
    bodies = st.builds(
        lambda own, value, several, single: {
            "Type": "T",
            **own,
            "Metadata": {"Rules": several},
            "Properties": {"P": value, "Q": {"R": several, "L": {"Ref": "List"}, "M": LISTED}, "S": single},
        },
        maybe,
        values,
        chosen_lists,
        st.tuples(st.sampled_from(CONDITIONS), values).map(lambda two: {"Fn::If": [*two, {"Ref": "AWS::NoValue"}]}),
    )
    rule = st.recursive(rule_atoms, nested, max_leaves=3) | account
    rules = st.lists(
        st.fixed_dictionaries(
            {"Assertions": st.lists(rule.map(lambda test: {"Assert": test, "AssertDescription": "No."}), min_size=1)},
            optional={"RuleCondition": rule},
        ),
        max_size=2,
    )
    return {
        "Metadata": {"AWS::CloudFormation::Interface": {"ParameterGroups": [{"Parameters": list(DECLARED)}]}},
        "Parameters": DECLARED,
        "Mappings": MAPPINGS,
        "Conditions": conditions,
        "Rules": {f"Rule{index}": each for index, each in enumerate(draw(rules))},
        "Resources": {"R0": {"Type": "T"}, "R1": draw(bodies), "R2": {**draw(bodies), "DependsOn": "R0"}},
        "Outputs": {"O": {**draw(maybe), "Value": draw(values)}},
    }


@st.composite
def choices(draw: st.DrawFn) -> dict[str, str]:
    """Draw values of some parameters that can be fixed."""
    names = [name for name in DOMAINS if name != "Secret"]
    fixed = draw(st.lists(st.sampled_from(names), unique=True))
    return {name: draw(st.sampled_from(DOMAINS[name])) for name in fixed}
