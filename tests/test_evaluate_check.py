"""Checking parameter values before any call."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.errors import Error
from smtemplates.evaluate import check_parameters
from smtemplates.evaluate.check import faults

LONG = "x" * 5000
WHOLE = "must be a whole number"


def check(value: str, **declared: Any) -> list[str]:
    parameter = {"Type": "String", "Default": "", **declared}
    return check_parameters({"Parameters": {"P": parameter}, "Resources": {}}, {"P": value})


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({}, ""),
        ({"AllowedValues": ["a", "b"]}, "b"),
        ({"AllowedValues": [1, True]}, "true"),
        ({"AllowedPattern": "[a-z]+"}, "abc"),
        ({"AllowedPattern": "|arn:.*"}, ""),
        ({"MinLength": 3, "MaxLength": "3"}, "abc"),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 2}, "2"),
        ({"Type": "Number"}, "-1.5e3"),
        ({"Type": "Number", "ConstraintDescription": WHOLE}, "-10"),
        ({"Type": "List<Number>", "MaxValue": 80}, "80, 20"),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}, "a, b"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "b,a"),
        ({"AllowedPattern": r"(?<year>\d+)"}, "only Java reads this pattern on every Python, so AWS decides"),
        ({"AllowedPattern": "[a-z&&[^b]]+"}, "b"),
    ],
)
def test_valid_values_have_no_problem(declared: dict[str, Any], value: str) -> None:
    """Values that CloudFormation accepts, or that only CloudFormation can check, have no problem."""
    assert check(value, **declared) == []


@pytest.mark.parametrize(
    ("declared", "value", "problem"),
    [
        ({"AllowedValues": ["a", ""]}, "c", "must be one of a, ''; it is 'c'."),
        ({"AllowedPattern": "[a-z]+"}, "abc1", "must match [a-z]+; it is 'abc1'."),
        ({"AllowedPattern": "[a-z]+"}, "abc\n", "must match [a-z]+; it is 'abc\\n'."),
        ({"AllowedPattern": r"\d+"}, "\u0663", r"must match \d+; it is '٣'."),
        ({"AllowedPattern": "a|b"}, "ab", "must match a|b; it is 'ab'."),
        ({"MinLength": 2}, "a", "must be at least 2 characters long; it is 'a'."),
        ({"MaxLength": 2}, "abc", "must be at most 2 characters long; it is 'abc'."),
        ({"Type": "Number"}, "", "must be a number; it is ''."),
        ({"Type": "Number"}, "nan", "must be a number; it is 'nan'."),
        ({"Type": "Number", "MinValue": 5}, "4.9", "must be at least 5; it is '4.9'."),
        ({"Type": "Number", "MaxValue": 5}, "1e1", "must be at most 5; it is '1e1'."),
        *(
            ({"Type": "Number", "ConstraintDescription": WHOLE}, value, f"{WHOLE}; it is '{value}'.")
            for value in ("5.0", "5.", ".5", "1e2", "+5", "007", "")
        ),
        ({"Type": "List<Number>", "MaxValue": 80}, "20,81,90", "must be at most 80; it is '20,81,90'."),
        ({"Type": "CommaDelimitedList", "AllowedPattern": "[a-z]+"}, "a,,b", "must match [a-z]+; it is 'a,,b'."),
        (
            {"MinLength": 9, "AllowedValues": ["b"]},
            "",
            "must be one of b and must be at least 9 characters long; it is ''.",
        ),
        ({"AllowedPattern": "b*", "ConstraintDescription": "must be bees."}, "a", "must be bees; it is 'a'."),
        ({"AllowedPattern": "b*", "ConstraintDescription": "must be bees", "NoEcho": True}, "secret", "must be bees."),
        ({"AllowedValues": ["b"], "NoEcho": "true"}, "secret", "must be one of b."),
        ({}, "\ud800", "must be text that UTF-8 can encode; it is '\\ud800'."),
        ({}, LONG, f"must be at most 4,096 bytes long; it is '{'x' * 56}...."),
        ({}, "\u00e9" * 2049, f"must be at most 4,096 bytes long; it is '{'é' * 56}...."),
    ],
)
def test_invalid_values_have_a_clear_message(declared: dict[str, Any], value: str, problem: str) -> None:
    """Each invalid value is reported, with the ConstraintDescription if there is one, and secrets are not shown."""
    assert check(value, **declared) == [f"Parameter P {problem}"]


def test_all_problems_are_reported_together() -> None:
    """Unknown names, missing and invalid values are reported together; Rules only without such problems."""
    template = {
        "Parameters": {
            "ProjectName": {"Type": "String", "AllowedPattern": "[a-z]+"},
            "Environment": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prd"]},
            "VpcId": {"Type": "String"},
        },
        "Rules": {
            "Production": {
                "RuleCondition": {"Fn::Equals": [{"Ref": "Environment"}, "prd"]},
                "Assertions": [
                    {"Assert": {"Fn::Contains": [["vpc-1"], {"Ref": "VpcId"}]}, "AssertDescription": "Give a VPC."},
                    {"Assert": {"Fn::Equals": [{"Ref": "ProjectName"}, "x"]}},
                ],
            }
        },
        "Resources": {},
    }
    assert check_parameters(template, {"ProjectNmae": "x", "Zebra": "", "ProjectName": "X", "Environment": "test"}) == [
        "Parameter ProjectNmae is unknown: did you mean ProjectName?",
        "Parameter Zebra is unknown. The template has no similar parameter.",
        "Parameter ProjectName must match [a-z]+; it is 'X'.",
        "Parameter Environment must be one of dev, prd; it is 'test'.",
        "Parameter VpcId has no value and no default. Specify a value.",
    ]
    good = {"ProjectName": "y", "VpcId": "", "Environment": "prd"}
    assert check_parameters(template, good) == ["Give a VPC.", "Rule Production is broken."]
    assert check_parameters(template, {**good, "Environment": "dev"}) == []


@pytest.mark.slow
@settings(deadline=None)
@given(st.text(), st.sampled_from(["String", "Number", "List<Number>", "CommaDelimitedList"]))
def test_any_value_has_at_most_problems_of_one_line(value: str, kind: str) -> None:
    """Every value has problems of at most one line each."""
    for problem in check(value, Type=kind, AllowedPattern="[a-z0-9]*", MinValue=0, MaxLength=3):
        assert re.fullmatch(r"Parameter P .*\.", problem)


numbers = st.decimals(allow_nan=False, allow_infinity=False) | st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(numbers | st.integers())
def test_numbers_are_accepted(number: object) -> None:
    """Every number in the notation of Python is accepted as a number."""
    assert check(str(number), Type="Number") == []


@pytest.mark.parametrize("declared", [{"MaxLength": "x"}, {"MinLength": None}, {"Type": "Number", "MinValue": [1]}])
def test_invalid_bounds_of_a_template_are_reported(declared: dict[str, Any]) -> None:
    """A bound that is not a number is reported as an error of the template."""
    with pytest.raises(Error, match=r"The template's M.* must be a number"):
        check("1", **declared)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+$", "(([a-z0-9:/-]+)+)+!"])
def test_pattern_that_needs_exponential_time_ends(pattern: str) -> None:
    """The check of a value ends, although some regular expressions would try all ways to split the value."""
    declared = {"Type": "String", "AllowedPattern": pattern}
    assert list(faults(declared, "a" * 100 + "c")) in ([], [f"must match {pattern}"])


INCLUDE = {"Name": "AWS::Include", "Parameters": {"Location": "s3://bucket/file.yaml"}}


def test_parameters_are_checked_although_other_parts_need_a_transform() -> None:
    """The parameters and Rules of a template with transforms are checked as far as possible."""
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {"P": {"Type": "String", "AllowedValues": ["a", "b"], "Default": "a"}},
        "Rules": {
            "Open": {"Assertions": [{"Assert": {"Fn::Transform": INCLUDE}}]},
            "Known": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "P"}, "a"]}, "AssertDescription": "a only"}]},
        },
        "Resources": {"Fn::ForEach::Topics": ["N", ["a"], {"T${N}": {"Type": "AWS::SNS::Topic"}}]},
    }
    assert check_parameters(template, {}) == []
    assert check_parameters(template, {"P": "b"}) == ["a only"]
    assert check_parameters(template, {"P": "c"}) == ["Parameter P must be one of a, b; it is 'c'."]
    assert check_parameters(template, {"Q": "c"}) == ["Parameter Q is unknown. The template has no similar parameter."]


@pytest.mark.parametrize("more", [{"Transform": "Macro"}, {"Parameters": {"Fn::Transform": INCLUDE}}])
def test_names_that_a_transform_can_declare_are_left_to_aws(more: dict[str, Any]) -> None:
    """If a transform can add parameters, a name that the template does not declare is not an error."""
    assert check_parameters({"Resources": {}, **more}, {"Added": "x"}) == []


def test_declarations_that_are_not_valid_are_left_to_aws() -> None:
    """A declaration with values of the wrong type is not checked, because AWS reports it."""
    declared = {
        "List": {"Type": "CommaDelimitedList", "Default": ["a", "b"]},
        "Number": 5,
        "Untyped": {"Default": "x"},
        "Text": {"Type": "String", "AllowedValues": 3, "AllowedPattern": ["a"], "ConstraintDescription": 7},
    }
    assert check_parameters({"Parameters": declared}, {"Number": "1", "Untyped": "x", "Text": "t"}) == []
