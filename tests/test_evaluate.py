"""Evaluation of a template with one set of parameter values."""

from __future__ import annotations

import base64
from importlib import import_module
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.errors import Error, UsageError
from smtemplates.evaluate import Stack

PARAMETERS = {
    "Name": {"Type": "String", "Default": "data"},
    "On": {"Type": "String", "Default": "true", "AllowedValues": ["true", "false"]},
    "Size": {"Type": "Number", "Default": 20},
    "Subnets": {"Type": "CommaDelimitedList", "Default": "subnet-1, subnet-2"},
    "Key": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/key"},
}
MAPPINGS = {"Accounts": {"us-east-1": {"Id": "1"}, "cn-north-1": {"Id": "2", "Ids": ["2"]}}}
CONDITIONS = {"IsOn": {"Fn::Equals": [{"Ref": "On"}, "true"]}, "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]}}


def stack(value: Any = None, *, given: dict[str, str] | None = None, **more: Any) -> Stack:
    template = {
        "Parameters": PARAMETERS,
        "Mappings": MAPPINGS,
        "Conditions": CONDITIONS,
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsOn"},
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Value": value}},
        },
    }
    return Stack(template, given or {}, **more)


def resolved(value: Any, **more: Any) -> Any:
    return stack(value, **more).resources["Bucket"]["Properties"].get("Value", "removed")


def physical(logical_id: str, attribute: str | None) -> str:
    return f"<{logical_id}.{attribute}>" if attribute else f"<{logical_id}>"


NO_VALUE = {"Ref": "AWS::NoValue"}
TOPIC = {"Ref": "Topic"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Name"}, "data"),
        ({"Ref": "Size"}, "20"),
        ({"Ref": "Subnets"}, ["subnet-1", "subnet-2"]),
        ({"Ref": "Key"}, {"Ref": "Key"}),
        ({"Ref": "AWS::Partition"}, "aws"),
        ({"Ref": "AWS::NotificationARNs"}, []),
        (NO_VALUE, "removed"),
        ({"Fn::If": ["IsOff", "a", NO_VALUE]}, "removed"),
        ({"Fn::If": ["IsOn", {"Ref": "Name"}, {"Fn::Unknown": 1}]}, "data"),
        (["a", {"Fn::If": ["IsOff", "b", NO_VALUE]}, {"c": NO_VALUE, "d": 1}], ["a", {"d": 1}]),
        (TOPIC, TOPIC),
        ({"Fn::GetAtt": "Topic.TopicArn"}, {"Fn::GetAtt": ["Topic", "TopicArn"]}),
        ({"Fn::GetAtt": ["Topic", {"Ref": "Name"}]}, {"Fn::GetAtt": ["Topic", "data"]}),
        ({"Fn::Sub": "${Name}-${AWS::Region}-${!Name}"}, "data-us-east-1-${Name}"),
        ({"Fn::Sub": "${Topic}/${Name}/${!Name}"}, {"Fn::Sub": "${Topic}/data/${!Name}"}),
        ({"Fn::Sub": ["${A}${Topic.Arn}${B}", {"A": 1, "B": TOPIC}]}, {"Fn::Sub": "1${Topic.Arn}${Topic}"}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}, 1]]}, "a-data-1"),
        ({"Fn::Length": {"Ref": "Subnets"}}, 2),
        ({"Fn::Length": {"Fn::GetAZs": ""}}, {"Fn::Length": {"Fn::GetAZs": ""}}),
        ({"Fn::ToJsonString": {"a": {"Ref": "Subnets"}, "b": NO_VALUE}}, '{"a":["subnet-1","subnet-2"]}'),
        ({"Fn::ToJsonString": [TOPIC]}, {"Fn::ToJsonString": [TOPIC]}),
        ({"Fn::FindInMap": ["Accounts", "us-west-2", "Id", {"DefaultValue": {"Ref": "Name"}}]}, "data"),
        ({"Fn::FindInMap": ["Accounts", "us-east-1", "Id", {"DefaultValue": "0"}]}, "1"),
        ({"Ref": {"Fn::Sub": "${Name}"}}, {"Ref": "data"}),
        ({"Fn::GetAtt": [{"Fn::Join": ["", ["To", "pic"]]}, "Arn"]}, {"Fn::GetAtt": ["Topic", "Arn"]}),
        ({"Fn::GetStackOutput": {"StackName": {"Ref": "Name"}}}, {"Fn::GetStackOutput": {"StackName": "data"}}),
        (
            {"Fn::Join": ["-", ["a", {"Ref": "Name"}, TOPIC, "b", NO_VALUE, "c"]]},
            {"Fn::Join": ["-", ["a-data", TOPIC, "b-c"]]},
        ),
        ({"Fn::Join": ["-", {"Ref": "Subnets"}]}, "subnet-1-subnet-2"),
        ({"Fn::Select": ["1", {"Ref": "Subnets"}]}, "subnet-2"),
        ({"Fn::Select": [0, ["a", TOPIC]]}, "a"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ({"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}, "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"),
        ({"Fn::Split": ["-", {"Fn::Sub": "${Name}-x"}]}, ["data", "x"]),
        ({"Fn::Split": [",", ""]}, [""]),
        ({"Fn::Split": ["-", TOPIC]}, {"Fn::Split": ["-", TOPIC]}),
        ({"Fn::FindInMap": ["Accounts", {"Ref": "AWS::Region"}, "Id"]}, "1"),
        ({"Fn::Base64": {"Fn::Sub": "${Name}"}}, "ZGF0YQ=="),
        ({"Fn::Base64": TOPIC}, {"Fn::Base64": TOPIC}),
        ({"Fn::ImportValue": {"Fn::Sub": "${Name}-x"}}, {"Fn::ImportValue": "data-x"}),
    ],
)
def test_values_are_resolved_as_far_as_parameters_decide(value: Any, expected: Any) -> None:
    """Parameters are replaced by their values; the rest stays in as few functions as possible."""
    assert resolved(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TOPIC, "<Topic>"),
        ({"Fn::GetAtt": ["Topic", "Arn"]}, "<Topic.Arn>"),
        ({"Fn::Sub": ["${Topic}/${Topic.Arn}/${B}/${!C}", {"B": TOPIC}]}, "<Topic>/<Topic.Arn>/<Topic>/${C}"),
        ({"Fn::Split": [".", {"Fn::GetAtt": ["Topic", "A.B"]}]}, ["<Topic", "A", "B>"]),
    ],
)
def test_physical_values_of_resources_are_used(value: Any, expected: Any) -> None:
    """With values for resources, nothing stays unresolved."""
    assert resolved(value, physical=physical) == expected


def test_a_resource_that_does_not_exist_has_no_physical_value() -> None:
    """A reference to an absent or unknown resource stays, so that readers of the result see it."""
    assert resolved([TOPIC, {"Ref": "Topyc"}], given={"On": "false"}, physical=physical) == [TOPIC, {"Ref": "Topyc"}]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::ForEach": []}, "Fn::ForEach cannot be evaluated here"),
        ({"Fn::Equals": ["a", "b"]}, "Fn::Equals cannot be evaluated here"),
        ({"a": [{"Fn::Transform": {"Name": "AWS::Include"}}]}, "Fn::Transform cannot be .*needs a transform"),
        ({"a": 1, "Fn::ForEach::Names": ["N", ["b"], {"${N}": 1}]}, "Fn::ForEach::Names cannot be .*needs a transform"),
        ({"Fn::Length": {"Ref": "Name"}}, "Fn::Length does not take"),
        ({"Ref": ["Name"]}, "Ref does not take"),
        ({"Fn::If": ["IsOn", "a"]}, "Fn::If does not take"),
        ({"Fn::If": ["Isnt", "a", "b"]}, "no condition Isnt"),
        ({"Fn::Select": [2, {"Ref": "Subnets"}]}, "selects item 2 of 2"),
        ({"Fn::Select": [-1, ["a"]]}, "selects item -1 of 1"),
        ({"Fn::Select": ["x", ["a"]]}, "Fn::Select does not take"),
        ({"Fn::FindInMap": ["Accounts", "us-west-2", "Id"]}, "finds no us-west-2.Id in mapping Accounts"),
        ({"Fn::Sub": "${Subnets}"}, "Fn::Sub does not take"),
        ({"Fn::Join": ["", [["a"]]]}, "Fn::Join does not take"),
        ({"Fn::GetAtt": "Topic"}, "Fn::GetAtt does not take"),
    ],
)
def test_functions_that_cloudformation_rejects_are_errors(value: Any, message: str) -> None:
    """A function that cannot be evaluated is rejected with a clear message."""
    with pytest.raises(Error, match=message):
        resolved(value)


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_the_partition_follows_from_the_region(region: str, partition: str, suffix: str) -> None:
    """AWS::Region determines the partition and its DNS suffix."""
    value = {"Fn::Sub": "${AWS::Region} ${AWS::Partition} ${AWS::URLSuffix}"}
    assert resolved(value, pseudo={"AWS::Region": region}) == f"{region} {partition} {suffix}"
    arn = resolved({"Ref": "AWS::StackId"}, pseudo={"AWS::Region": region, "AWS::StackName": "mine"})
    assert arn.startswith(f"arn:{partition}:cloudformation:{region}:111122223333:stack/mine/")


def test_a_resource_exists_only_if_its_condition_is_true() -> None:
    """Resources and outputs whose condition is false are removed, and the result has no conditions."""
    template = {
        "Description": "d",
        "Metadata": {"a": 1},
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Condition": "IsOn", "DependsOn": ["Bucket"]},
            "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Topic", "UpdatePolicy": {"x": {"Ref": "Name"}}},
        },
        "Outputs": {
            "A": {"Condition": "IsOn", "Value": "a"},
            "B": {
                "Condition": "IsOff",
                "Value": {"Ref": "Name"},
                "Export": {"Name": {"Ref": "AWS::StackName"}},
            },
        },
    }
    off = Stack(template, {"On": "false"})
    assert off.conditions == {"IsOn": False, "IsOff": True}
    assert (off.exists("Topic"), off.exists("Bucket"), off.exists("Other")) == (False, True, False)
    assert off.outputs == {"B": "data"}
    assert off.template() == {
        "Description": "d",
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Topic", "UpdatePolicy": {"x": "data"}}},
        "Outputs": {"B": {"Value": "data", "Export": {"Name": "sagemaker-workspace"}}},
    }
    assert Stack(template).resources["Topic"] == {"Type": "AWS::SNS::Topic", "DependsOn": ["Bucket"]}


def test_no_two_places_share_a_value() -> None:
    """The evaluated template contains no list twice, so that no YAML writer creates an alias."""
    twice: list[Any] = [{"Ref": "Subnets"}, {"Ref": "Subnets"}, {"Ref": "Key"}, {"Ref": "Key"}]
    twice += [{"Fn::FindInMap": ["Accounts", "cn-north-1", "Ids"]}] * 2
    assert "&" not in yaml.safe_dump(stack(twice).template())


def test_parameters_have_their_value_or_the_default() -> None:
    """A value replaces the default. A list is split and trimmed. A lookup stays."""
    given = stack(given={"Subnets": " a ,b,"}).parameters
    assert given == {"Name": "data", "On": "true", "Size": "20", "Subnets": ["a", "b", ""], "Key": {"Ref": "Key"}}
    with pytest.raises(UsageError, match="no parameter Nmae"):
        stack(given={"Nmae": "x"})
    with pytest.raises(UsageError, match="Parameter A has no value"):
        Stack({"Parameters": {"A": {"Type": "String"}}, "Resources": {}})


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}}, "A depends on itself: A -> B -> A"),
        ({"A": {"Condition": "B"}}, "no condition B"),
        ({"A": {"Fn::Equals": ["a"]}}, "is not a condition"),
        ({"A": {"Ref": "Name"}}, "is not a condition"),
        ({"A": {"Fn::Equals": [{"Ref": "Bucket"}, "a"]}}, "not known before the stack is created"),
        ({"A": {"Fn::Equals": [{"Ref": "Key"}, "a"]}}, "not known before the stack is created"),
        ({"A": {"Fn::Equals": [None, "a"]}}, "cannot be compared"),
        ({"A": {"Fn::Contains": ["a", "a"]}}, "compares a list"),
    ],
)
def test_conditions_that_cannot_be_decided_are_errors(conditions: dict[str, Any], message: str) -> None:
    """A condition that depends on itself, on a missing condition or on a resource is rejected with a clear message."""
    broken = Stack({"Parameters": PARAMETERS, "Conditions": conditions, "Resources": {}})
    for _ in "ask", "ask again":
        with pytest.raises(Error, match=message):
            assert broken.conditions


def rules(test: Any, given: dict[str, str], condition: Any = None) -> list[str]:
    rule = {"Assertions": [{"Assert": test, "AssertDescription": "broken"}]}
    rule |= {} if condition is None else {"RuleCondition": condition}
    return Stack({"Parameters": PARAMETERS, "Rules": {"R": rule}, "Resources": {}}, given).rules()


ON = {"Fn::Equals": [{"Ref": "On"}, "true"]}


@pytest.mark.parametrize(
    ("test", "kept"),
    [
        ({"Fn::Contains": [["data", "x"], {"Ref": "Name"}]}, True),
        ({"Fn::Contains": [["x"], {"Ref": "Name"}]}, False),
        ({"Fn::Contains": [{"Ref": "Subnets"}, "subnet-2"]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Subnets"}, ["subnet-1", "subnet-2", "c"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Subnets"}, ["subnet-1"]]}, False),
        ({"Fn::EachMemberEquals": [{"Ref": "Subnets"}, "subnet-1"]}, False),
        ({"Fn::EachMemberEquals": [["data"], {"Ref": "Name"}]}, True),
        ({"Fn::And": [ON, {"Fn::Not": [ON]}]}, False),
        ({"Fn::Or": [ON, {"Fn::Not": [ON]}]}, True),
        ({"Fn::Equals": [{"Ref": "Size"}, 20]}, True),
        ({"Fn::Equals": [{"Ref": "On"}, True]}, True),
        ({"Fn::Equals": [{"Fn::ValueOf": ["Name", "Tags.x"]}, "a"]}, True),
        ({"Fn::EachMemberIn": [{"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.x"]}, ["a"]]}, True),
        ({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "a"]}, True),
    ],
)
def test_rules_are_evaluated(test: Any, *, kept: bool) -> None:
    """Every function of Rules is evaluated; functions that read the account leave the rule to CloudFormation."""
    assert rules(test, {}) == ([] if kept else ["broken"])


def test_a_rule_applies_if_its_condition_is_true() -> None:
    """A rule whose condition is false, or known only in the account, requires nothing."""
    never = {"Fn::Equals": ["a", "b"]}
    assert rules(never, {"On": "true"}, ON) == ["broken"]
    assert rules(never, {"On": "false"}, ON) == []
    assert rules(never, {}, {"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "a"]}) == []


# --- properties, and an independent implementation

scalars = st.text(alphabet="ab${}!.:-/", max_size=6)
references = st.sampled_from(
    [{"Ref": name} for name in ("Name", "Topic", "Bucket", "AWS::Region")] + [{"Fn::GetAtt": ["Topic", "Arn"]}]
)


def functions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    variables = st.dictionaries(st.sampled_from(["A", "B"]), inner, min_size=2)
    pieces = st.lists(
        st.sampled_from(["${A}", "${B}", "${Name}", "${Topic}", "${Topic.Arn}", "${!A}", "$", "{x}"]) | scalars
    )
    bodies = pieces.map("".join).filter(lambda body: all(v.isalnum() or v == "Topic.Arn" for v in names_in(body)))
    return st.one_of(
        st.tuples(bodies, variables).map(lambda parts: {"Fn::Sub": list(parts)}),
        st.tuples(scalars, st.lists(inner, min_size=1, max_size=3)).map(lambda parts: {"Fn::Join": list(parts)}),
        st.tuples(st.sampled_from(["IsOn", "IsOff"]), inner, inner).map(lambda parts: {"Fn::If": list(parts)}),
        inner.map(lambda value: {"Fn::Select": [0, {"Fn::Split": ["-", value]}]}),
        inner.map(lambda value: {"Fn::Base64": value}),
    )


def names_in(body: str) -> list[str]:
    return [part.split("}")[0].lstrip("!") for part in body.split("${")[1:]]


values = st.recursive(scalars | references, functions, max_leaves=8)


@settings(deadline=None)
@given(values, scalars)
def test_resolving_in_two_steps_has_the_same_result(value: Any, name: str) -> None:
    """Resolving the unresolved rest with physical values has the same result as one step."""
    if any(not v.isalnum() for v in names_in(name)):
        name = name.replace("${", "")
    given = {"Name": name}
    at_once = stack(value, given=given, physical=physical)
    later = Stack(stack(value, given=given).template(), physical=physical)
    assert later.resources == at_once.resources


@settings(deadline=None)
@given(st.text(), st.text())
def test_sub_inserts_any_text_unchanged(first: str, second: str) -> None:
    """Fn::Sub and Fn::Join insert any value of a parameter unchanged, and Fn::Split splits it again."""
    assert resolved({"Fn::Sub": "<${Name}>"}, given={"Name": first}) == f"<{first}>"
    halves = [part.replace("/", "") for part in (first, second)]
    joined = {"Fn::Join": ["/", [{"Ref": "Name"}, halves[1]]]}
    assert resolved({"Fn::Split": ["/", joined]}, given={"Name": halves[0]}) == halves
    assert base64.b64decode(resolved({"Fn::Base64": {"Ref": "Name"}}, given={"Name": first})).decode() == first


@settings(deadline=None)
@given(st.text(alphabet="ab${}!.A", max_size=12))
def test_sub_keeps_text_that_only_looks_like_a_variable(text: str) -> None:
    """The value of a parameter never becomes a variable of the Fn::Sub that stays."""
    body = {"Fn::Sub": "${Name}${Topic}"}
    kept = Stack(stack(body, given={"Name": text}).template(), physical=physical)
    assert kept.resources["Bucket"]["Properties"]["Value"] == f"{text}<Topic>"


truths = st.recursive(
    st.tuples(st.sampled_from(["On", "Name"]), st.sampled_from(["true", "false", "data"])).map(
        lambda pair: {"Fn::Equals": [{"Ref": pair[0]}, pair[1]]}
    )
    | st.sampled_from([{"Condition": "IsOn"}, {"Condition": "IsOff"}]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: {"Fn::And": parts}),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: {"Fn::Or": parts}),
        inner.map(lambda part: {"Fn::Not": [part]}),
    ),
    max_leaves=12,
)


def by_hand(test: Any, given: dict[str, str]) -> bool:
    ((name, parts),) = test.items()
    if name == "Condition":
        return bool(parts == "IsOn") is (given["On"] == "true")
    if name == "Fn::Equals":
        return bool(given[parts[0]["Ref"]] == parts[1])
    truths = [by_hand(part, given) for part in parts]
    return all(truths) if name == "Fn::And" else any(truths) if name == "Fn::Or" else not truths[0]


parameters = st.fixed_dictionaries(
    {"On": st.sampled_from(["true", "false"]), "Name": st.sampled_from(["true", "data", ""])}
)


@settings(deadline=None)
@given(truths, parameters)
def test_nested_conditions_equal_the_same_expression_in_python(test: Any, given: dict[str, str]) -> None:
    """Nested conditions have the same truth value as the same expression in Python."""
    template = {"Parameters": PARAMETERS, "Conditions": {**CONDITIONS, "It": test}, "Resources": {}}
    assert Stack(template, given).conditions["It"] is by_hand(test, given)


moto_values = st.recursive(
    st.text(alphabet="ab-", max_size=4) | st.sampled_from([{"Ref": "Name"}, {"Ref": "On"}, {"Ref": "AWS::Region"}]),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["", "-", "/"]), st.lists(inner, max_size=3)).map(lambda p: {"Fn::Join": list(p)}),
        inner.map(lambda value: {"Fn::Sub": ["${Name}:${A}", {"A": value}]}),
        inner.map(lambda value: {"Fn::Select": [0, {"Fn::Split": ["-", value]}]}),
        st.tuples(st.sampled_from(["IsOn", "IsOff", "It"]), inner, inner).map(lambda p: {"Fn::If": list(p)}),
        inner.map(lambda value: {"Fn::Base64": value}),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(moto_values, truths.filter(lambda test: "Condition" not in test), parameters)
def test_moto_has_the_same_result(value: Any, test: Any, given: dict[str, str]) -> None:
    """Moto, an independent implementation, returns the same conditions and values."""
    kept = {name: PARAMETERS[name] for name in ("Name", "On")}
    template: dict[str, Any] = {
        "Parameters": kept,
        "Mappings": MAPPINGS,
        "Conditions": {**CONDITIONS, "It": test},
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"Value": value}}},
    }
    moto: Any = import_module("moto.cloudformation.parsing")  # loaded here, because its library takes long to load
    theirs = moto.ResourceMap("id", "name", given, {}, "us-east-1", "111122223333", template, {})
    theirs.load()
    ours = Stack(template, given)
    assert ours.conditions == {name: theirs.lazy_condition_map[name] for name in ours.conditions}
    assert ours.resources["Bucket"]["Properties"]["Value"] == moto.clean_json(value, theirs)
