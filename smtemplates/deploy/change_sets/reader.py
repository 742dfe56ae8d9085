"""Read the change sets that AWS describes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.masking import MASK
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets import stack_settings
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.description import NOT_FOUND, describe
from smtemplates.deploy.change_sets.nested_changes import NestedChanges
from smtemplates.deploy.change_sets.resource_changes import resource_changes
from smtemplates.deploy.change_sets.validation import read_validation
from smtemplates.deploy.operations.stack import Stack
from smtemplates.errors import UsageError

# The reasons why the changes in a nested stack cannot be seen.
REVERTING = "AWS does not provide the changes in nested stacks if a change set reverts drift."
MISSING = "AWS returned no change set for this nested stack."
EXCLUDED = "The change set does not include the changes in nested stacks."
EXECUTED = {"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"}


def read_reviewed(cloud: Cloud, stack: Stack, change_set_id: str) -> Plan:
    """Return the plan of an existing change set.

    Raises:
        DeploymentError: The change set does not exist or cannot be executed.
        UsageError: The change set belongs to another stack.
    """
    try:
        described = describe(cloud, change_set_id, values=True)
    except CloudError as error:
        if error.code == NOT_FOUND:
            raise DeploymentError(
                f"Change set {change_set_id} does not exist. It may have been executed or deleted. Create a new one "
                "with plan --keep-change-set."
            ) from error
        raise
    if described["StackName"] != stack.name:
        raise UsageError(f"The change set belongs to stack {described['StackName']}, not to stack {stack.name}.")
    if described.get("ExecutionStatus") not in {"AVAILABLE", *EXECUTED}:
        raise DeploymentError(
            f"Change set {change_set_id} cannot be executed. Its execution status is "
            f"{described.get('ExecutionStatus')} ({described.get('StatusReason') or described['Status']}). Create a "
            "new one with plan --keep-change-set."
        )
    kind = "CREATE" if stack.status in ("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS") else "UPDATE"
    plan = plan_of(described, cloud.region, kind=kind, hidden=[])
    before = stack_settings.settings_of(None if kind == "CREATE" else stack)
    after = stack_settings.described(described, before)
    found = read_validation(cloud, plan.change_set_id)
    plan = replace(
        plan,
        findings=found.findings,
        validation_unread=found.unread,
        settings=stack_settings.changes(before, after, new=kind == "CREATE"),
    )
    return complete(cloud, plan, described, [])


def complete(cloud: Cloud, plan: Plan, described: Mapping[str, Any], hidden: list[str], *, problem: str = "") -> Plan:
    """Return a plan with the changes in nested stacks, or the reason why they cannot be seen.

    `problem` is the reason why the change set does not include nested stacks, or '' if it is not known.
    """
    if plan.executed:
        return plan
    if plan.reverting or described.get("DeploymentMode") == "REVERT_DRIFT":
        problem = REVERTING
    elif not problem:
        problem = MISSING if described.get("IncludeNestedStacks") else EXCLUDED
    return replace(plan, changes=NestedChanges(cloud, hidden, problem).add(plan.changes))


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
