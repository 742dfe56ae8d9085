"""Comparisons and their combinations: values that fixed parameters decide, and the rest."""

from __future__ import annotations

from typing import Any

import pytest

from smtemplates.specializing.specialization import specialize

LISTED = {"Type": "String", "Default": "s", "AllowedValues": ["s", "m"]}
TEXT = {"Type": "String", "Default": ""}

SIZE, TEXT_REF = {"Ref": "Size"}, {"Ref": "Text"}
OPEN = {"Fn::Equals": [TEXT_REF, "x"]}
OTHER = {"Fn::Equals": [{"Ref": "Other"}, "x"]}
YES, NO = {"Fn::Equals": [{"Ref": "Fixed"}, "m"]}, {"Fn::Equals": [{"Ref": "Fixed"}, "s"]}


def negated(expression: Any) -> dict[str, Any]:
    return {"Fn::Not": [expression]}


def equals(first: Any, second: Any) -> dict[str, Any]:
    return {"Fn::Equals": [first, second]}


def rest(condition: Any) -> Any:
    """Return the truth value of a condition, or the rest of it."""
    whole = {
        "Parameters": {"Fixed": LISTED, "Size": LISTED, "Text": TEXT, "Other": TEXT},
        "Conditions": {"C": condition},
        "Resources": {"R": {"Type": "T", "Properties": {"Fn::If": ["C", "yes", "no"]}}},
    }
    found = specialize(whole, fix={"Fixed": "m"})
    decided = {"yes": True, "no": False}.get(str(found["Resources"]["R"]["Properties"]))
    return found["Conditions"]["C"] if decided is None else decided


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (negated(OPEN), negated(OPEN)),
        (negated(negated(OPEN)), OPEN),
        (negated(YES), False),
        ({"Fn::And": [YES, OPEN]}, OPEN),
        ({"Fn::And": [OPEN, NO]}, False),
        ({"Fn::And": [YES, YES]}, True),
        ({"Fn::Or": [NO, OPEN]}, OPEN),
        ({"Fn::Or": [OPEN, YES]}, True),
        ({"Fn::Or": [NO, NO]}, False),
        ({"Fn::And": [OPEN, YES, OTHER]}, {"Fn::And": [OPEN, OTHER]}),
        ({"Fn::And": [OPEN, OTHER, OPEN]}, {"Fn::And": [OPEN, OTHER]}),
        ({"Fn::Or": [OPEN, OPEN]}, OPEN),
        ({"Fn::And": [OPEN, OTHER, negated(OPEN)]}, False),
        ({"Fn::Or": [negated(OPEN), OTHER, OPEN]}, True),
    ],
)
def test_combinations(condition: Any, expected: Any) -> None:
    """Decided parts disappear, equal parts are joined, and a condition and its opposite decide the whole."""
    assert rest(condition) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (TEXT_REF, TEXT_REF, True),
        (TEXT_REF, {"Ref": "Other"}, None),
        (SIZE, "m", None),
        (SIZE, "l", False),
        (TEXT_REF, "l", None),
        ({"Fn::Join": ["", ["a.", TEXT_REF]]}, "a.b", None),
        ({"Fn::Join": ["", ["a.", TEXT_REF]]}, "axb", False),
        ({"Fn::Join": ["", [TEXT_REF, {"Ref": "Other"}]]}, "x", None),
        ({"Fn::Join": [",", {"Fn::Split": ["-", TEXT_REF]}]}, "x", None),
        ({"Fn::Sub": "x${Text}"}, "x", None),
        ({"Fn::Sub": "x${Text}"}, "xa\nb", None),
        ({"Fn::Sub": "x${Text}"}, "y", False),
        ({"Fn::Sub": "x.${Text}"}, "xyz", False),
        ({"Fn::Sub": "${!A}${Text}"}, "${A}b", None),
        ({"Fn::Sub": "${!A}${Text}"}, "Ab", False),
        ({"Fn::Sub": ["x${V}", {"V": {"Fn::Base64": TEXT_REF}}]}, "y", False),
    ],
)
def test_texts_that_an_expression_can_never_return(first: Any, second: Any, expected: Any) -> None:
    """A comparison is decided only if no value of the parameters can change it, in either order."""
    for sides in ((first, second), (second, first)):
        condition = equals(*sides)
        assert rest(condition) == (condition if expected is None else expected)
