"""Read the change sets that AWS describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.masking import MASK
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets import stack_settings
from smtemplates.deploy.change_sets.change_plan import Plan, resource_changes
from smtemplates.deploy.change_sets.validation import read_validation
from smtemplates.deploy.operations.stack import Stack
from smtemplates.errors import UsageError

EXECUTED = {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"}


def describe(cloud: Cloud, change_set_id: str, *, values: bool) -> dict[str, Any]:
    """Return the description of a change set with the changes of all pages."""
    arguments: dict[str, Any] = {"ChangeSetName": change_set_id}
    if values:
        arguments["IncludePropertyValues"] = True
    described: dict[str, Any] = cloud.call("cloudformation", "describe_change_set", **arguments)
    page = described
    while page.get("NextToken"):
        page = cloud.call("cloudformation", "describe_change_set", **arguments, NextToken=page["NextToken"])
        described = {**described, "Changes": [*described["Changes"], *page["Changes"]]}
    return {**described, "Changes": described.get("Changes", [])}


def read_reviewed(cloud: Cloud, stack: Stack, change_set_id: str) -> Plan:
    """Return the plan of an existing change set.

    Raises:
        DeploymentError: The change set does not exist or cannot be executed.
        UsageError: The change set belongs to another stack.
    """
    try:
        described = describe(cloud, change_set_id, values=True)
    except CloudError as error:
        if error.code == "ChangeSetNotFound":
            raise DeploymentError(
                f"Change set {change_set_id} does not exist. It may have been executed or deleted. Create a new one "
                "with plan --keep."
            ) from error
        raise
    if described["StackName"] != stack.name:
        raise UsageError(f"The change set belongs to stack {described['StackName']}, not to stack {stack.name}.")
    if described.get("ExecutionStatus") not in {"AVAILABLE", *EXECUTED}:
        raise DeploymentError(
            f"Change set {change_set_id} cannot be executed. Its execution status is "
            f"{described.get('ExecutionStatus')} ({described.get('StatusReason') or described['Status']}). Create a "
            "new one with plan --keep."
        )
    kind = "CREATE" if stack.status in ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS") else "UPDATE"
    plan = plan_of(described, cloud.region, kind=kind, hidden=[])
    before = stack_settings.settings_of(None if kind == "CREATE" else stack)
    after = stack_settings.described(described, before)
    return replace(
        plan,
        findings=read_validation(cloud, plan.change_set_id).findings,
        settings=stack_settings.changes(before, after, new=kind == "CREATE"),
    )


def plan_of(described: Mapping[str, Any], region: str, *, kind: str, hidden: list[str]) -> Plan:
    """Build a plan from the description of a change set, which does not contain its type `kind`."""
    return Plan(
        stack=described["StackName"],
        stack_id=described["StackId"],
        change_set_id=described["ChangeSetId"],
        kind=kind,
        region=region,
        changes=resource_changes(described["Changes"], hidden),
        capabilities=tuple(described.get("Capabilities", [])),
        tags={item["Key"]: item["Value"] for item in described.get("Tags", [])},
        parameters={
            item["ParameterKey"]: MASK if item.get("ParameterValue", "") in hidden else item.get("ParameterValue", "")
            for item in described.get("Parameters", [])
        },
        executed=described.get("ExecutionStatus") in EXECUTED,
    )
