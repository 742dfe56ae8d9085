"""Templates that contain any value in any place, for tests that no value causes a traceback."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml
from hypothesis import strategies as st

SECTIONS = ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs", "Metadata", "Transform")
FUNCTIONS = (
    "Ref",
    "Condition",
    *(
        f"Fn::{name}"
        for name in (
            *("GetAtt", "If", "Sub", "Join", "Split", "Select", "FindInMap", "Base64", "GetAZs", "ImportValue", "Cidr"),
            *("Equals", "And", "Or", "Not", "Contains", "EachMemberIn", "EachMemberEquals", "RefAll", "ValueOf"),
            *("Length", "ToJsonString", "Transform", "ForEach::Each", "GetStackOutput", "Unknown"),
        )
    ),
)
KEYS = (
    *FUNCTIONS,
    *("Type", "Default", "AllowedValues", "AllowedPattern", "MinLength", "MaxValue", "NoEcho", "ConstraintDescription"),
    *("Properties", "DependsOn", "DeletionPolicy", "Metadata", "Value", "Export", "Name", "RuleCondition"),
    *("Assertions", "Assert", "AssertDescription", "guard", "SuppressedRules", "PolicyDocument", "Statement"),
)
NAMES = ("P", "L", "C", "D", "R", "B", "M", "Nope", "AWS::Region", "AWS::NoValue", "AWS::NotificationARNs", "B.Arn")
TEXTS = (
    *NAMES,
    *(
        "",
        "a",
        "1",
        "-1",
        "1e9",
        "nan",
        "${P}",
        "${B.Arn}${!X}${",
        "a,b",
        "true",
        "x" * 5000,
        "\u2028é",
        "[a-",
        "(a+)+b",
    ),
    *(
        "String",
        "Number",
        "CommaDelimitedList",
        "List<Number>",
        "AWS::SSM::Parameter::Value<String>",
        "AWS::SNS::Topic",
    ),
    *("AWS::S3::Bucket", "AWS::IAM::Role", "My::Own::Thing::MODULE", "AWS::Serverless::Function"),
    *("AWS::LanguageExtensions", "AWS::Serverless-2016-10-31", "Macro"),
)
BASE: dict[str, Any] = {
    "Parameters": {
        "P": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b"], "AllowedPattern": "[a-z]+"},
        "L": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "N": {"Type": "Number", "Default": 1, "MinValue": 0, "MaxValue": 5},
    },
    "Rules": {
        "R": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "P"}, "b"]},
            "Assertions": [{"Assert": {"Fn::Contains": [["1", "2"], {"Ref": "N"}]}, "AssertDescription": "no"}],
        }
    },
    "Mappings": {"M": {"a": {"k": "v"}, "b": {"k": "w"}}},
    "Conditions": {
        "C": {"Fn::Not": [{"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "P"}, "k"]}, "v"]}]},
        "D": {"Fn::And": [{"Condition": "C"}, {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "L"}]}, "ab"]}]},
    },
    "Resources": {
        "B": {
            "Type": "AWS::S3::Bucket",
            "Metadata": {"guard": {"SuppressedRules": ["S3_9"]}},
            "Properties": {"BucketName": {"Fn::If": ["C", {"Fn::Sub": "${P}-x"}, {"Ref": "AWS::NoValue"}]}},
        },
        "T": {
            "Type": "AWS::SNS::Topic",
            "Condition": "D",
            "DependsOn": ["B"],
            "Properties": {"DisplayName": {"Fn::Select": [0, {"Fn::Split": [",", {"Fn::GetAtt": ["B", "Arn"]}]}]}},
        },
        "G": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}},
        },
    },
    "Outputs": {"O": {"Condition": "C", "Value": {"Ref": "B"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-b"}}}},
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 3, 10**30, 1.5, 1e300]),
    st.sampled_from(TEXTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(KEYS), st.sampled_from(NAMES)), inner, max_size=3),
        st.builds(lambda name, arguments: {name: arguments}, st.sampled_from(FUNCTIONS), inner),
        st.builds(
            lambda name, arguments: {name: arguments},
            st.sampled_from(FUNCTIONS),
            st.lists(inner, min_size=2, max_size=3),
        ),
    ),
    max_leaves=8,
)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the valid template with one to three values replaced, or a template of any values."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.dictionaries(st.sampled_from(SECTIONS), values, max_size=6))
    template = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 3))):
        place: Any = template
        while True:
            keys = range(len(place)) if isinstance(place, list) else list(place)
            key = draw(st.sampled_from(keys))
            if not isinstance(place[key], dict | list) or not place[key] or draw(st.integers(0, 3)) == 0:
                break
            place = place[key]
        kind = draw(st.integers(0, 3))
        if kind == 0 and isinstance(place, dict):
            place[draw(st.sampled_from(KEYS))] = draw(values)
        else:
            place[key] = draw(values)
    return template


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw the text of a template, in JSON or YAML."""
    template = draw(templates())
    if draw(st.booleans()):
        return json.dumps(template)
    return yaml.safe_dump(template, allow_unicode=True, sort_keys=False)
