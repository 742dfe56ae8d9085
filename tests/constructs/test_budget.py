"""Check that a budget can be changed without a replacement, and that only its own service can use the topic."""

from __future__ import annotations

from typing import Any

import pytest
import samples
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from expectations import Choice, Expectation

TYPE = "AWS::Budgets::Budget"


def creates_budget(choice: Choice) -> bool:
    """Return whether the stack creates a budget."""
    return choice["MonthlyBudgetUsd"] != "0"


EXPECTATION = Expectation(resources={"Budget": creates_budget})


def budget(template: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """Return the properties of the budget."""
    stack = samples.deployed(template, samples.FEATURES["budget"], parameters)
    properties: dict[str, Any] = stack.resources["Budget"]["Properties"]
    return properties


def test_budget_counts_the_costs_of_the_tag_of_all_resources(template: dict[str, Any]) -> None:
    """The filter names the tag that the resources of the stack have, as a tag that users define."""
    (key_value,) = budget(template, ProjectName="churn")["Budget"]["CostFilters"]["TagKeyValue"]
    user, _, value = key_value.partition("$")
    assert (user, value) == ("user:Project", "churn")
    tags = samples.deployed(template, {"ProjectName": "churn"}).resources["InputBucket"]["Properties"]["Tags"]
    assert {"Key": user.removeprefix("user:"), "Value": value} in tags


@pytest.mark.parametrize(
    "change", [{"MonthlyBudgetUsd": "900"}, {"ProjectName": "fraud"}, {"AlarmEmail": "b@example.com"}]
)
def test_changes_do_not_replace_the_budget(template: dict[str, Any], change: dict[str, str]) -> None:
    """A new limit, project or email address changes only properties that CloudFormation updates in place."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", TYPE).schema
    before, after = budget(template), budget(template, **change)
    for pointer in schema["createOnlyProperties"]:
        one: Any = before
        other: Any = after
        for name in pointer.split("/")[2:]:
            one, other = one.get(name), other.get(name)
        assert one == other


def test_name_is_generated(template: dict[str, Any]) -> None:
    """A budget that another topic replaces needs another name, so AWS generates it."""
    assert "BudgetName" not in budget(template)["Budget"]


def test_only_budgets_of_the_account_publish(template: dict[str, Any]) -> None:
    """The topic receives messages of AWS Budgets only for budgets of this account."""
    policy = samples.deployed(template, {"MonthlyBudgetUsd": "100"}).resources["AlarmTopicPolicy"]["Properties"][
        "PolicyDocument"
    ]
    (statement,) = (one for one in policy["Statement"] if "budgets.amazonaws.com" in str(one["Principal"]))
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": samples.ACCOUNT}}
