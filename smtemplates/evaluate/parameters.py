"""Convert the parameter values that a user enters into the values that references return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.partitions import partition_of
from smtemplates.errors import UsageError
from smtemplates.evaluate.values import scalar

FROM_STORE = "AWS::SSM::Parameter::Value<"


def pseudo_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Complete the pseudo parameters. AWS::Region determines the partition and its DNS suffix."""
    region = values.get("AWS::Region", "us-east-1")
    partition, suffix = partition_of(region)
    complete = {
        "AWS::Region": region,
        "AWS::Partition": partition,
        "AWS::URLSuffix": suffix,
        "AWS::AccountId": "111122223333",
        "AWS::StackName": "sagemaker-workspace",
        "AWS::NotificationARNs": [],
        **values,
    }
    prefix = f"arn:{complete['AWS::Partition']}:cloudformation:{region}:{complete['AWS::AccountId']}"
    unique = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    return {"AWS::StackId": f"{prefix}:stack/{complete['AWS::StackName']}/{unique}", **complete}


def value_of(name: str, declared: Mapping[str, Any], value: str | None) -> Any:
    """Return the result of a reference to a parameter: a string, a list of strings, or itself if only AWS knows it.

    AWS looks up values of Systems Manager parameters, and decides about a default that is neither text nor a number.

    Raises:
        UsageError: The parameter has neither a value nor a default.
    """
    kind = declared["Type"]
    if kind.startswith(FROM_STORE):
        return {"Ref": name}
    if value is None:
        if "Default" not in declared:
            raise UsageError(f"Parameter {name} has no value and no default. Specify a value.")
        value = scalar(declared["Default"])
        if value is None:
            return {"Ref": name}
    return members(declared, value) if is_list(declared) else value


def is_list(declared: Mapping[str, Any]) -> bool:
    """Return whether the value of a parameter is a list."""
    return bool(declared["Type"] == "CommaDelimitedList" or declared["Type"].startswith("List<"))


def is_secret(declared: Mapping[str, Any]) -> bool:
    """Return whether the value of a parameter must not be shown: NoEcho is not false."""
    return (scalar(declared.get("NoEcho", False)) or "").lower() != "false"


def members(declared: Mapping[str, Any], value: str) -> list[str]:
    """Split the value of a list parameter at its commas, and remove spaces around each member.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    return [member.strip() for member in value.split(",")] if is_list(declared) else [value]
