"""Roll back a stack whose update or creation failed, and the checks for deployments without rollback."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.validation import Finding
from smtemplates.deploy.operations import diagnosis, events, states
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import check_idle, follow_or_detach
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.resources.stack_tree import Resource
from smtemplates.errors import Error, UsageError
from smtemplates.synth import declarations


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """A rollback of a stack.

    `operation` is the operation of AWS. `skipped` are the skipped resources as AWS names them. `deletes` is True if
    the rollback deletes the stack, or if the events of the stack do not show that it does not. `deleted` and
    `retained` are the resources of a stack that it deletes.
    """

    stack: Stack
    operation: str
    skipped: tuple[str, ...] = ()
    deletes: bool = False
    deleted: tuple[Resource, ...] = ()
    retained: tuple[Resource, ...] = ()


def plan_rollback(cloud: Cloud, stack: Stack, skip: Sequence[str] = ()) -> Rollback:
    """Return the rollback that the status of a stack allows. `skip` are paths of resources, such as Child.Bucket.

    Raises:
        DeploymentError: AWS cannot roll back a stack in this status.
        UsageError: A resource cannot be skipped.
    """
    operation = states.ROLLBACKS.get(stack.status)
    if operation is None:
        raise DeploymentError(
            states.blocked(stack.name, stack.status, own=stack.created_by_deployer, reason="It cannot be rolled back.")
        )
    if operation == "continue_update_rollback":
        return Rollback(stack=stack, operation=operation, skipped=tuple(_aws_name(cloud, stack, one) for one in skip))
    if skip:
        raise UsageError(
            f"--skip applies only to a rollback that failed (UPDATE_ROLLBACK_FAILED). Stack {stack.name} is "
            f"{stack.status}. Remove --skip."
        )
    planned = Rollback(stack=stack, operation=operation)
    return planned if _was_stable(cloud, stack) else _deleting(cloud, planned)


def _was_stable(cloud: Cloud, stack: Stack) -> bool:
    """Return whether the events of a stack show a state to which AWS can return. AWS lists them for 90 days.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    """
    if stack.status == "CREATE_FAILED":
        return False
    items = cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack.id)
    return any(event.of_stack and event.status in states.UPDATABLE for event in map(events.read, items))


def _deleting(cloud: Cloud, rollback: Rollback) -> Rollback:
    """Return a rollback that deletes the stack, with its resources.

    It also deletes resources with RetainExceptOnCreate, because their creation is rolled back.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    stack = rollback.stack
    declared = declarations.resources(stacks.template(cloud, StackName=stack.id) or {})
    retained: list[Resource] = []
    deleted: list[Resource] = []
    for item in stacks.existing_resources(cloud, stack):
        if not item.get("PhysicalResourceId"):
            continue
        resource = Resource(
            logical_id=item["LogicalResourceId"], type=item["ResourceType"], physical_id=item["PhysicalResourceId"]
        )
        kept = declared.get(resource.logical_id, {}).get("DeletionPolicy") in ("Retain", "Snapshot")
        (retained if kept else deleted).append(resource)
    return replace(rollback, deletes=True, deleted=tuple(deleted), retained=tuple(retained))


def _aws_name(cloud: Cloud, stack: Stack, path: str) -> str:
    """Return the name of a skipped resource for AWS: of a nested stack's resource, its stack's name and logical ID.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html

    Raises:
        UsageError: The stack does not contain the resource.
    """
    *nested, logical_id = path.split(".")
    stack_id, name = stack.id, ""
    for part in nested:
        child = _resources(cloud, stack_id).get(part)
        if child is None or child["ResourceType"] != events.STACK_TYPE or not child.get("PhysicalResourceId"):
            raise UsageError(f"Stack {stack.name} has no nested stack {part}. Check --skip {path}.")
        stack_id = child["PhysicalResourceId"]
        name = f"{stack_id.split('/')[1]}."
    found = _resources(cloud, stack_id)
    if logical_id not in found:
        failed = ", ".join(sorted(key for key, item in found.items() if _can_be_skipped(item)))
        hint = f" The rollback of these resources failed: {failed}." if failed else ""
        raise UsageError(
            f"Stack {stack.name} has no resource {path}, so it cannot be skipped.{hint} A resource of a nested stack "
            "is written as NestedStack.LogicalId."
        )
    return f"{name}{logical_id}"


def _resources(cloud: Cloud, stack_id: str) -> dict[str, Any]:
    items = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
    return {item["LogicalResourceId"]: item for item in items}


def _can_be_skipped(item: dict[str, Any]) -> bool:
    reason = item.get("ResourceStatusReason", "")
    return item["ResourceStatus"] == "UPDATE_FAILED" and not events.CANCELLED.search(reason)


def check_rollback(rollback: Rollback) -> None:
    """Check that a rollback does not delete a protected stack.

    Raises:
        DeploymentError: Termination protection is on.
    """
    stack = rollback.stack
    if rollback.deletes and stack.protected:
        raise DeploymentError(
            f"Rolling back deletes stack {stack.name}, but its termination protection is on. To delete it anyway, run: "
            f"{program.command('destroy', stack.name, '--disable-protection')}"
        )


def check_before_deployment(rollback: Rollback) -> None:
    """Check that a rollback before a deployment does not delete the stack.

    Raises:
        RefusedError: It deletes the stack.
    """
    stack = rollback.stack
    if rollback.deletes:
        raise RefusedError(
            f"Stack {stack.name} ({stack.status}) has no earlier stable state, so rolling it back deletes it. Nothing "
            f"was changed. To see what is deleted, and to delete it, run: {program.command('rollback', stack.name)}"
        )


def roll_back(
    cloud: Cloud, rollback: Rollback, listener: Listener, *, deadline: float | None, wait: bool = True
) -> Stack | None:
    """Roll a stack back, follow the operation to its end, and return the stack; None if it is deleted.

    If `wait` is False, return the stack at the start of the operation.

    Raises:
        DeploymentError: The rollback failed. The message contains the first cause and the commands that work.
        StoppedError: The user stopped watching. The rollback continues in AWS.
        TimedOutError: The time limit has passed. The rollback continues in AWS.
    """
    stack = rollback.stack
    arguments: dict[str, Any] = {
        "StackName": stack.id,
        "ClientRequestToken": f"smtemplates-rollback-{uuid.uuid4().hex}",
    }
    if rollback.skipped:
        arguments["ResourcesToSkip"] = list(rollback.skipped)
    watch = Watch(cloud, stack.id, None)
    watch.skip()
    listener.say(f"Rolling back stack {stack.name} ({stack.status}).")

    def start() -> None:
        try:
            cloud.call("cloudformation", rollback.operation, **arguments)
        except CloudError as error:
            if _accepted(cloud, stack):
                return
            if not rollback.skipped:
                raise
            hint = "Only resources whose rollback failed (UPDATE_FAILED) can be skipped."
            raise CloudError(f"{sentence(error)} {hint}", code=error.code) from error

    if not wait:
        start()
        return stacks.find(cloud, stack.id)
    return _checked(watch, rollback.stack, follow_or_detach(watch, listener, deadline=deadline, start=start))


def _accepted(cloud: Cloud, stack: Stack) -> bool:
    """Return whether AWS started a rollback although the call failed, for example because its answer was lost."""
    with suppress(CloudError):
        found = stacks.find(cloud, stack.id)
        return found is None or found.status in states.ROLLING_BACK | states.ROLLED_BACK
    return False


def follow(cloud: Cloud, stack: Stack, listener: Listener, *, deadline: float | None) -> Stack | None:
    """Follow a rollback that is in progress to its end, and return the stack; None if it is deleted.

    The errors are those of `roll_back`.
    """
    watch = Watch(cloud, stack.id, None)
    return _checked(watch, stack, follow_or_detach(watch, listener, deadline=deadline, start=lambda: None))


def _checked(watch: Watch, stack: Stack, end: Stack | None) -> Stack | None:
    """Return the stack at the end of a rollback.

    Raises:
        DeploymentError: The rollback failed.
    """
    if end is None or end.status in states.ROLLED_BACK:
        return end
    raise DeploymentError(
        f"The rollback of stack {stack.name} failed. {diagnosis.explain(watch.cloud, watch)}\n"
        + states.blocked(stack.name, end.status, own=stack.created_by_deployer)
    )


def explained(error: CloudError, stack: Stack | None) -> Error:
    """Return the error of a deployment, with the commands that work if AWS names options of its own API.

    Source: https://github.com/code-dot-org/code-dot-org/pull/68524
    Source: https://github.com/ansible-collections/amazon.aws/issues/1655
    """
    if stack is None or "disable-rollback" not in str(error):
        return error
    ways = states.ways_of(stack.status, own=stack.created_by_deployer)
    if "on-failure" in str(error):
        ways = [way for way in ways if way.options != "--no-rollback"]
    return DeploymentError("\n".join([str(error), *(way.text(stack.name) for way in ways)]))


def check_stable(stack: Stack) -> None:
    """Check that a stack without changes is not in a failed status.

    Raises:
        DeploymentError: Its last operation failed and was not rolled back.
    """
    if stack.status in states.KEPT:
        reason = "The deployment contains no change, so it cannot correct this."
        raise DeploymentError(states.blocked(stack.name, stack.status, own=stack.created_by_deployer, reason=reason))


def check_executable(stack: Stack, *, no_rollback: bool) -> None:
    """Check that AWS executes an existing change set in the status of its stack.

    Raises:
        DeploymentError: An operation is in progress, or a user must decide first.
    """
    own = stack.created_by_deployer
    check_idle(stack)
    if stack.status in states.KEPT and no_rollback:
        return
    if states.ways_out(stack.name, stack.status, own=own):
        raise DeploymentError(states.blocked(stack.name, stack.status, own=own))


def without_rollback(plan: Plan, stack: Stack | None, *, disabled: bool) -> Plan:
    """Return a plan that is executed without rollback if `disabled` is True, with a finding for each replacement.

    AWS would reject a replacement in the middle of the update.

    Source: https://github.com/aws/aws-sam-cli/issues/4585
    """
    if not disabled:
        return plan
    advice = (
        f"Roll the stack back first ({program.command('rollback', plan.stack)}), then deploy without --no-rollback."
        if stack is not None and stack.status in states.KEPT
        else "Deploy without --no-rollback."
    )
    reason = f"AWS cannot replace a resource while rollback is disabled. {advice}"
    replaced = [change.id for change in plan.all_changes if change.fate == "replace"]
    found = tuple(Finding(resource=name, path="", reason=reason, fatal=True) for name in replaced)
    return replace(plan, rollback_disabled=True, findings=(*plan.findings, *found))
