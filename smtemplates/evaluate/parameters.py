"""Turn what a person gives for parameters into the values that references see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.partitions import partition_of
from smtemplates.errors import UsageError
from smtemplates.evaluate.values import to_text

_FROM_STORE = "AWS::SSM::Parameter::Value<"


def pseudo_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Complete pseudo parameters; the partition and its DNS suffix follow from AWS::Region."""
    region = given.get("AWS::Region", "us-east-1")
    partition, suffix = partition_of(region)
    values = {
        "AWS::Region": region,
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
        "AWS::AccountId": "111122223333",
        "AWS::StackName": "sagemaker-workspace",
        "AWS::NotificationARNs": [],
        **given,
    }
    prefix = f"arn:{values['AWS::Partition']}:cloudformation:{region}:{values['AWS::AccountId']}"
    unique = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    return {"AWS::StackId": f"{prefix}:stack/{values['AWS::StackName']}/{unique}", **values}


def value_of(name: str, declared: Mapping[str, Any], given: str | None) -> Any:
    """Give what a reference to a parameter resolves to: a string, a list of strings, or itself where AWS looks it up.

    Raises:
        UsageError: where the parameter has neither a value nor a default.
    """
    kind = declared["Type"]
    if kind.startswith(_FROM_STORE):
        return {"Ref": name}
    if given is None:
        if "Default" not in declared:
            raise UsageError(f"Parameter {name} has no value: it has no default, so give one.")
        given = to_text(declared["Default"])
    return members(declared, given) if is_list(declared) else given


def is_list(declared: Mapping[str, Any]) -> bool:
    """Tell whether a parameter holds a list."""
    return bool(declared["Type"] == "CommaDelimitedList" or declared["Type"].startswith("List<"))


def members(declared: Mapping[str, Any], given: str) -> list[str]:
    """Split a list parameter's value; there is one member more than there are commas, and each is trimmed.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    return [member.strip() for member in given.split(",")] if is_list(declared) else [given]
