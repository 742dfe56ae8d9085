"""The functions of the public API. They print nothing, and report to a reviewer if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.errors import DeploymentError, RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy import destruction, execution, recovery, stack_deletion
from smtemplates.deploy.change_sets import reader
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.guard import check_plan
from smtemplates.deploy.destruction import DestroyOptions, Destruction
from smtemplates.deploy.operations import operation
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.states import in_progress, succeeded
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.planning import planned
from smtemplates.deploy.requests.request import Options, Request, check_name
from smtemplates.deploy.reviewer import Reviewer, Silent
from smtemplates.deploy.studio import clearing as studio


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """The destructive changes that a deployment may make: all, those of the IDs in `resources`, and in Studio."""

    destructive: bool = False
    resources: frozenset[str] = frozenset()
    studio: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The result of a deployment. `changed` is False if the stack was up to date."""

    stack: Stack
    changed: bool


def plan(
    cloud: Cloud,
    request: Request,
    *,
    options: Options | None = None,
    keep: bool = False,
    reviewer: Reviewer | None = None,
) -> Plan:
    """Return the plan of a deployment. Its change set is deleted unless `keep` is True and it contains a change.

    Of the options, only `no_rollback` affects a plan.

    Raises:
        UsageError: The name of the stack or a parameter is not valid.
        DeploymentError: The stack cannot be changed in its current state, or AWS could not create the change set.
        CloudError: AWS rejected a call or could not be reached.
    """
    purpose = "keep" if keep else "plan"
    with planned(cloud, request, options or Options(), reviewer or Silent(), purpose=purpose) as prepared:
        prepared.change_set.keep = keep and not prepared.plan.empty
        return prepared.plan


def deploy(
    cloud: Cloud,
    request: Request,
    *,
    options: Options | None = None,
    allowed: Allowed | None = None,
    reviewer: Reviewer | None = None,
) -> Deployment:
    """Create or update a stack, and return it at the end of the operation.

    Raises:
        UsageError: The name of the stack, a parameter or an ID in `allowed` is not valid.
        RefusedError: The change would replace or delete existing resources, and `allowed` does not allow it.
        DeploymentError: The deployment failed. The message contains the first cause and what to do.
        TimedOutError: The time limit has passed. The operation continues in AWS.
        StoppedError: The reviewer did not approve the plan.
        CloudError: AWS rejected a call or could not be reached.
    """
    options, allowed, reviewer = options or Options(), allowed or Allowed(), reviewer or Silent()
    with planned(cloud, request, options, reviewer, purpose="deploy") as prepared:
        if prepared.resumed is not None:
            return Deployment(stack=prepared.resumed, changed=True)
        change_set, plan = prepared.change_set, prepared.plan
        if plan.empty and prepared.before is not None:
            recovery.check_stable(prepared.before)
        if plan.up_to_date and prepared.before is not None:
            reviewer.show_plan(plan)
            execution.apply_stack_settings(cloud, prepared.before, options, reviewer)
            return Deployment(stack=prepared.before, changed=False)
        _check(cloud, plan, allowed, reviewer)
        run = execution.update_settings if plan.empty and prepared.before is not None else execution.execute
        stack = run(change_set.cloud, plan, reviewer, options, fingerprint=request.fingerprint, change_set=change_set)
        if stack is None:
            reviewer.say("AWS found no change in the settings of the stack.")
            return Deployment(stack=prepared.before or stacks.get(cloud, request.stack), changed=False)
    return Deployment(stack=stack, changed=True)


def deploy_reviewed(
    cloud: Cloud,
    name: str,
    reviewed: tuple[str, str],
    *,
    options: Options | None = None,
    allowed: Allowed | None = None,
    reviewer: Reviewer | None = None,
) -> Deployment:
    """Execute an existing change set of a stack.

    `reviewed` is its ARN and the digest of the template that was reviewed, or '' if the digest is not known.

    Raises:
        DeploymentError: The change set does not exist, cannot be executed, contains another template, or failed.
        The other errors are those of `deploy`.
    """
    options, allowed, reviewer = options or Options(), allowed or Allowed(), reviewer or Silent()
    check_name(name)
    change_set_id, digest = reviewed
    stack = stacks.get(cloud, name)
    plan = replace(reader.read_reviewed(cloud, stack, change_set_id), template_digest=digest)
    plan = recovery.without_rollback(plan, stack, disabled=options.no_rollback)
    if not digest:
        reviewer.say(
            "The template of the change set is not compared with a reviewed one. To compare it, add the "
            "--template-digest that plan --keep-change-set prints."
        )
    if plan.executed:
        reviewer.say("AWS is already executing this change set. Following it.")
    else:
        recovery.check_executable(stack, no_rollback=options.no_rollback)
        _check(cloud, plan, allowed, reviewer)
    return Deployment(stack=execution.execute(cloud, plan, reviewer, options, fingerprint="reviewed"), changed=True)


def _check(cloud: Cloud, plan: Plan, allowed: Allowed, reviewer: Reviewer) -> None:
    """Show and check a plan, have it approved, and delete the Studio apps and spaces that block it."""
    reviewer.show_plan(plan)
    check_plan(plan, allow_destructive=allowed.destructive, allowed_resources=allowed.resources)
    targets, contents = studio.check_changes(cloud, plan, may_delete=allowed.studio)
    if lines := studio.announcement(contents):
        reviewer.say("\n".join(lines))
    if not reviewer.approve(plan):
        raise StoppedError("Nothing was changed.")
    studio.check_unchanged(cloud, targets, contents)
    if contents:
        execution.check_current(cloud, plan)
        studio.delete_contents(cloud, contents, reviewer)
        studio.check_unchanged(cloud, targets, contents)


def destroy(
    cloud: Cloud,
    name: str,
    *,
    delete_data: bool = False,
    clear_studio: bool = False,
    disable_protection: bool = False,
    retain: Sequence[str] = (),
    force: bool = False,
    wait: bool = True,
    timeout_seconds: float | None = None,
    reviewer: Reviewer | None = None,
) -> None:
    """Delete a stack; empty and delete its buckets only if `delete_data` is True.

    A deletion that AWS has started already is only followed. `clear_studio` allows the deletion of the apps, spaces and
    user profiles that users created in Studio. `retain` are the logical IDs of resources that are left behind, and
    `force` leaves behind all that AWS cannot delete: both need a stack in DELETE_FAILED. With `wait` False, the
    deletion is only started.

    Raises:
        UsageError: The name of the stack is not valid, or options cannot be combined or used in its state.
        DeploymentError: The stack does not exist, something prevents its deletion, or AWS could not delete a resource.
        TimedOutError: The time limit has passed. The deletion continues in AWS.
        RefusedError: The reviewer did not approve the deletion, or Studio contains objects of users.
        CloudError: AWS rejected a call or could not be reached.
    """
    options = DestroyOptions(
        delete_data=delete_data,
        clear_studio=clear_studio,
        disable_protection=disable_protection,
        retain=tuple(retain),
        force=force,
        wait=wait,
    )
    destroy_with(cloud, name, options, timeout_seconds=timeout_seconds, reviewer=reviewer or Silent())


def destroy_with(
    cloud: Cloud, name: str, options: DestroyOptions, *, timeout_seconds: float | None, reviewer: Reviewer
) -> None:
    """Delete a stack as `destroy` does, with its options in one object."""
    check_name(name)
    destruction.check_options(options)
    deadline = execution.deadline_of(timeout_seconds)
    plan = destruction.plan_destruction(cloud, name, options)
    if plan.running:
        stack_deletion.follow(cloud, plan, reviewer, options, deadline=deadline)
        buckets = destruction.left_buckets(cloud, name) if options.delete_data and options.wait else ()
        if not buckets:
            return
        plan = Destruction(name=name, stack=None, retained=buckets)
    reviewer.show_destruction(plan, delete_data=options.delete_data)
    destruction.check(plan, options)
    if not reviewer.approve_destruction(plan):
        raise RefusedError("The name of the stack was not confirmed. Nothing was deleted.")
    deadline = execution.deadline_of(timeout_seconds)
    try:
        stack_deletion.execute(cloud, plan, reviewer, options, deadline=deadline, progress=reviewer.show_emptying)
    finally:
        reviewer.close()


def watch(cloud: Cloud, name: str, *, timeout_seconds: float | None = None, listener: Listener | None = None) -> Stack:
    """Follow the operation in progress on a stack to its end, and return the stack. Nothing is changed.

    Return the stack at once if no operation is in progress. The status of a deleted stack is DELETE_COMPLETE.

    Raises:
        DeploymentError: The stack does not exist, or the operation failed. The message contains the first cause.
        TimedOutError: The time limit has passed. The operation continues in AWS.
        StoppedError: The user interrupted the command. The operation continues in AWS.
        CloudError: AWS rejected a call or could not be reached.
    """
    stack = stacks.get(cloud, name)
    watching = Watch(cloud, stack.id, None)
    if not in_progress(stack.status) and not watching.starting(stack):
        return stack
    deadline = execution.deadline_of(timeout_seconds)
    try:
        ended = watching.follow(listener or Silent(), deadline=deadline)
    except KeyboardInterrupt:
        raise operation.detached_error(watching) from None
    if ended is None or ended.status == "DELETE_COMPLETE":
        return replace(stack, status="DELETE_COMPLETE")
    if not (succeeded(ended.status) or watching.rolled_back(ended)):
        raise DeploymentError(operation.failure_message(watching, name, ended.status, own=ended.created_by_deployer))
    operation.check_deleted(watching, ended)
    return ended


def cancel(cloud: Cloud, name: str) -> None:
    """Cancel the creation or update in progress on a stack: an update is rolled back, a creation is deleted.

    AWS cancels the operation in the background. `watch` follows it.

    Raises:
        DeploymentError: The stack does not exist, or no creation or update is in progress.
        CloudError: AWS rejected a call or could not be reached.
    """
    stack = stacks.get(cloud, name)
    if stack.status not in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
        raise DeploymentError(
            f"Stack {name} is {stack.status}. Only a creation or an update in progress can be cancelled. To see the "
            f"stack, run: {program.command('status', name)}"
        )
    operation.request_cancellation(cloud, stack.id, creating=stack.status == "CREATE_IN_PROGRESS")
