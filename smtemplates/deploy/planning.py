"""Check a request, bring the stack into a state in which it can be changed, and create the change set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy import recovery
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.change_set import ChangeSet
from smtemplates.deploy.change_sets.placeholder import is_being_removed, wait_until_removed
from smtemplates.deploy.execution import apply_stack_settings, deadline_of
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import check_deleted, delete_and_wait, follow_or_detach, follow_to_end
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.requests.failure import check_failure_options, disables_rollback, omitted_options
from smtemplates.deploy.requests.importing import import_note
from smtemplates.deploy.requests.request import (
    Options,
    Request,
    check_against,
    check_places,
    check_removed,
    check_request,
    token_prefix,
)
from smtemplates.evaluate.sections import hidden


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A change set and its plan, with the stack before the change.

    If an earlier run of the same request was still in progress, it was followed to its end instead. Then `resumed` is
    the resulting stack, and there is no change set.
    """

    created: tuple[ChangeSet, Plan] | None = None
    before: Stack | None = None
    resumed: Stack | None = None

    @property
    def change_set(self) -> ChangeSet:
        """The change set.

        Raises:
            DeploymentError: An earlier run was followed instead.
        """
        return self._created[0]

    @property
    def plan(self) -> Plan:
        """The plan that the change set contains.

        Raises:
            DeploymentError: An earlier run was followed instead.
        """
        return self._created[1]

    @property
    def _created(self) -> tuple[ChangeSet, Plan]:
        if self.created is None:
            raise DeploymentError("There is no plan because an earlier run was followed to its end.")
        return self.created


@contextmanager
def planned(
    cloud: Cloud, request: Request, options: Options, listener: Listener, *, purpose: str
) -> Iterator[Prepared]:
    """Prepare the stack for a change, and create a change set for the duration of the block.

    Raises:
        UsageError: The name or a parameter is not valid.
        DeploymentError: The stack cannot be changed in its current state, or AWS could not create the change set.
    """
    check_request(request)
    check_failure_options(request, no_rollback=options.no_rollback)
    check_places(request, cloud.region, lambda: cloud.account)
    if request.import_existing:
        listener.say(import_note(request.template.content))
    while True:
        stack = _settled(cloud, request, listener)
        step = _planned_step(stack) if purpose in ("plan", "keep") else _step(request, options, stack)
        if step != "wait" or stack is None:
            break
        if (done := _resume(cloud, request, stack, options, listener)) is not None:
            yield Prepared(resumed=done)
            return
    if step == "roll back" and stack is not None:
        stack = _roll_back(cloud, stack, listener, options)
    if step == "recreate" and stack is not None:
        check_against(request, None, cloud.region)
        listener.say(f"Deleting stack {stack.name} ({stack.status}) to create it again.")
        delete_and_wait(cloud, stack, listener, deadline=deadline_of(options.timeout_seconds))
        stack = None
    current = stacks.existing(stack)
    check_against(request, current, cloud.region)
    if current and (other := current.other_project(request.project)):
        listener.say(
            f"Stack {current.name} belongs to project {other} (tag {states.PROJECT_TAG}), not to {request.project}. "
            "If this is not your stack, set stack_name in the configuration file to another name."
        )
    status = None if current is None else current.status
    # AWS updates a stack in these statuses only without rollback, so a plan shows what that means
    disabled = status in states.KEPT or disables_rollback(request, status, no_rollback=options.no_rollback)
    for text in omitted_options(request, "CREATE" if current is None else "UPDATE", rollback_disabled=disabled):
        listener.say(text)
    try:
        with change_sets.change_set(cloud, request, stack, listener, purpose=purpose) as (change_set, found):
            removed = {one.logical_id: one.type for one in found.changes if one.fate == "delete"}
            check_removed(request, found.parameters, removed, cloud.region)
            plan = recovery.without_rollback(found, current, disabled=disabled)
            plan = replace(plan, not_evaluated=tuple(hidden(request.template.content)))
            yield Prepared(created=(change_set, plan), before=current)
    except CloudError as error:
        raise recovery.explained(error, current) from error


def _step(request: Request, options: Options, stack: Stack | None) -> states.Step:
    """Return the first step of a deployment for the status of the stack."""
    given = {
        "--recreate": options.recreate,
        "--continue-rollback": options.continue_rollback,
        "--no-rollback": disables_rollback(
            request, None if stack is None else stack.status, no_rollback=options.no_rollback
        ),
    }
    return states.next_step(
        request.stack,
        None if stack is None else stack.status,
        [name for name, value in given.items() if value],
        own=stack is not None and stack.created_by_deployer,
    )


def _planned_step(stack: Stack | None) -> states.Step:
    """Return the step that a plan shows: the creation or the update. A plan changes nothing before.

    Raises:
        DeploymentError: AWS does not create a change set in this status.
    """
    if stack is None:
        return "create"
    state = states.STATES.get(stack.status)
    if stack.status in states.KEPT:
        return "update"
    if state and state.step in ("create", "update"):
        return state.step
    raise DeploymentError(
        states.blocked(
            stack.name, stack.status, own=stack.created_by_deployer, reason="No change can be planned in this status."
        )
    )


def _settled(cloud: Cloud, request: Request, listener: Listener) -> Stack | None:
    """Return the stack, after the deletion of a stack that was created only for change sets, as by an earlier plan."""
    stack = stacks.find(cloud, request.stack)
    if stack is None or not is_being_removed(cloud, stack):
        return stack
    listener.say(f"Waiting until AWS has deleted stack {stack.name}, which has no resources.")
    wait_until_removed(cloud, stack.id, stack.name, listener)
    return stacks.find(cloud, request.stack)


def _resume(cloud: Cloud, request: Request, stack: Stack, options: Options, listener: Listener) -> Stack | None:
    """Follow the operation in progress to its end, and return the stack if another run of the request started it.

    Return None after any other operation, with any result. This run only watches: an interruption detaches it.
    """
    latest = Watch(cloud, stack.id, None)
    latest.poll()
    token = next((event.token for event in latest.events if event.token), None)
    same = token is not None and token.startswith(token_prefix(request.fingerprint))
    if not same and not options.wait:
        raise DeploymentError(
            f"Stack {stack.name} is {stack.status}. Another operation is in progress. To wait for it, add --wait. To "
            f"watch it, run: {program.command('status', '--watch', stack.name)}"
        )
    if not same:
        listener.say(f"Waiting for the operation in progress on stack {stack.name} ({stack.status}).")
        follow_or_detach(latest, listener, deadline=deadline_of(options.timeout_seconds))
        return None
    listener.say(f"An earlier run of this deployment is still in progress ({stack.status}). Following it.")
    if options.no_wait:
        listener.say(f"To watch it, run: {latest.command}")
        return stack
    watch = Watch(cloud, stack.id, token, ours=False)
    with uninterrupted():
        end = follow_to_end(watch, listener, stack.name, deadline=deadline_of(options.timeout_seconds))
        apply_stack_settings(cloud, end, options, listener)
    check_deleted(watch, end)
    return end


def _roll_back(cloud: Cloud, stack: Stack, listener: Listener, options: Options) -> Stack | None:
    """Roll a stack back before a deployment, and return it.

    Raises:
        RefusedError: The rollback would delete the stack.
    """
    rollback = recovery.plan_rollback(cloud, stack, options.skip)
    recovery.check_before_deployment(rollback)
    return recovery.roll_back(cloud, rollback, listener, deadline=deadline_of(options.timeout_seconds))
