"""Check and execute a plan, and set the stack policy and the termination protection."""

from __future__ import annotations

import time
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.change_set import ChangeSet
from smtemplates.deploy.change_sets.description import NO_CHANGE, NOT_FOUND
from smtemplates.deploy.change_sets.reader import EXECUTED
from smtemplates.deploy.operations import causes
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import check_deleted, check_idle, detached_error, follow_to_end
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch
from smtemplates.deploy.requests.request import Options, execution_prefix, operation_token, token_prefix
from smtemplates.deploy.resources.served_endpoints import ENDPOINT, check_served
from smtemplates.synth import received

# The errors for a change set that another actor executed or deleted, or for a stack with another operation.
OVERTAKEN = {"ChangeSetNotFound", "InvalidChangeSetStatus", "ValidationError"}


def deadline_of(timeout_seconds: float | None) -> float | None:
    """Return the time of the monotonic clock, in seconds, at which watching ends; None without a time limit."""
    return None if timeout_seconds is None else time.monotonic() + timeout_seconds


def execute(
    cloud: Cloud,
    plan: Plan,
    listener: Listener,
    options: Options,
    *,
    fingerprint: str,
    change_set: ChangeSet | None = None,
) -> Stack:
    """Execute a change set, follow the operation to its end, and return the stack.

    Raises:
        DeploymentError: The template is not the reviewed one, the deployment failed, or AWS could not delete a
            resource. The message contains the first cause and what to do.
        StoppedError: The user interrupted the deployment.
        TimedOutError: The time limit has passed. The operation continues in AWS.
    """
    token = operation_token(fingerprint, plan.change_set_id)
    deadline = deadline_of(options.timeout_seconds)
    watch = Watch(
        cloud,
        plan.stack_id,
        token,
        total=len(plan.changes),
        creating=plan.kind == "CREATE",
        ours=not plan.executed,
        prefix=execution_prefix(fingerprint, plan.change_set_id),
        deletion_follows=change_set is not None and change_set.deletes_failed_stack,
    )

    def start() -> None:
        if plan.executed:
            return
        try:
            check_template(cloud, plan)
            _start(cloud, plan, watch, token, change_set)
        except CloudError as error:
            if error.code not in OVERTAKEN:
                raise
            raise _OvertakenError(error) from error

    with uninterrupted() as signals:
        try:
            if options.no_wait:
                start()
                return _started(cloud, plan, listener, watch, interrupted=bool(signals.pending))
            stack = follow_to_end(watch, listener, plan.stack, deadline=deadline, start=start)
        except _OvertakenError as overtaken:
            watch = _same_request(cloud, plan, fingerprint, overtaken.error)
            listener.say("Another run of this deployment has started the change.")
            if options.no_wait:
                return _started(cloud, plan, listener, watch, interrupted=bool(signals.pending))
            listener.say("Following its operation.")
            stack = follow_to_end(watch, listener, plan.stack, deadline=deadline)
        _check_executed(watch, plan, stack)
        apply_stack_settings(cloud, stack, options, listener)
    if any(change.type == ENDPOINT and not change.stack_path for change in plan.changes):
        check_served(cloud, stack, listener)
    check_deleted(watch, stack)
    return stack


def update_settings(
    cloud: Cloud, plan: Plan, listener: Listener, options: Options, *, fingerprint: str, change_set: ChangeSet
) -> Stack | None:
    """Change only the settings of a stack, such as its topics, and return it; None if AWS finds no change in them.

    AWS creates change sets without changes of resources, but it is not documented for which settings. This function is
    for the others: it updates the stack with its present template and parameters.

    Raises:
        DeploymentError: The update failed. The message contains the first cause and what to do.
        StoppedError: The user interrupted the update.
        TimedOutError: The time limit has passed. The operation continues in AWS.
    """
    token = operation_token(fingerprint, plan.change_set_id)
    watch = Watch(cloud, plan.stack_id, token)

    def start() -> None:
        cloud.call("cloudformation", "update_stack", **change_set.update_arguments(), ClientRequestToken=token)

    try:
        with uninterrupted() as signals:
            if options.no_wait:
                start()
                return _started(cloud, plan, listener, watch, interrupted=bool(signals.pending))
            stack = follow_to_end(
                watch, listener, plan.stack, deadline=deadline_of(options.timeout_seconds), start=start
            )
            apply_stack_settings(cloud, stack, options, listener)
    except CloudError as error:
        if not any(text in str(error) for text in NO_CHANGE):
            raise
        return None
    return stack


class _OvertakenError(Exception):
    """AWS did not execute a change set, maybe because the stack was changed after the plan; `error` is its reason."""

    def __init__(self, error: CloudError) -> None:
        super().__init__(str(error))
        self.error = error


def _started(cloud: Cloud, plan: Plan, listener: Listener, watch: Watch, *, interrupted: bool) -> Stack:
    """Return the stack after the start of an operation that is not followed.

    Raises:
        StoppedError: The user interrupted the command. The operation continues in AWS.
    """
    if interrupted:
        raise detached_error(watch)
    listener.say(f"AWS has started the operation. To watch it, run: {watch.command}")
    if plan.parameters.get("Environment") == "prd":
        listener.say(
            "Termination protection is not turned on yet. When the operation has ended, repeat this command without "
            "--no-wait."
        )
    return stacks.get(cloud, plan.stack_id)


def _same_request(cloud: Cloud, plan: Plan, fingerprint: str, error: CloudError) -> Watch:
    """Return the watch of the operation with which another run of the same request changed the stack after the plan.

    Raises:
        DeploymentError: The stack was changed by something else. Nothing was executed.
        CloudError: The stack was not changed, and AWS rejected the execution for the reason in `error`.
    """
    stack = stacks.find(cloud, plan.stack_id)
    if stack is None or stack.status.startswith("DELETE_"):
        raise DeploymentError(
            f"Stack {plan.stack} was deleted after this plan was made. Nothing was executed. Repeat this command to "
            "plan again."
        ) from error
    latest = Watch(cloud, stack.id, None)
    latest.poll()
    token = str(latest.events[0].token) if latest.events else ""
    if token.startswith(token_prefix(fingerprint)):
        return Watch(cloud, stack.id, token, ours=False)
    check_idle(stack, error)
    if error.code == "ValidationError":
        raise error
    raise _changed(plan, f"The stack is {stack.status}.") from error


def _check_executed(watch: Watch, plan: Plan, stack: Stack) -> None:
    """Check that the status of a stack is that of this execution, if AWS listed no event of it."""
    seen = bool(watch.events) and not watch.operation.latest
    if not seen and stack.change_set_id not in (None, plan.change_set_id):
        raise DeploymentError(
            f"The result of change set {plan.change_set_id} is not known. Stack {stack.name} is {stack.status}, after "
            f"another operation. To see the stack, run: {program.command('status', stack.name)}"
        )


def check_template(cloud: Cloud, plan: Plan) -> None:
    """Check that a change set contains the template that was reviewed.

    Raises:
        DeploymentError: It contains a different template.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    if not plan.template_digest:
        return
    text = stacks.template_text(cloud, ChangeSetName=plan.change_set_id, TemplateStage="Original")
    if received.digest(text) != plan.template_digest:
        raise DeploymentError(
            f"The template in change set {plan.change_set_id} is not the one that was reviewed. It was changed on its "
            f"way to stack {plan.stack}. Nothing was executed. Find the cause of the change, then plan again."
        )


def check_current(cloud: Cloud, plan: Plan) -> None:
    """Check that a change set contains the reviewed template and can be executed, before anything else is deleted.

    Raises:
        DeploymentError: It contains a different template, or the stack was changed after the plan.
    """
    try:
        check_template(cloud, plan)
        described = cloud.call("cloudformation", "describe_change_set", ChangeSetName=plan.change_set_id)
    except CloudError as error:
        if error.code != NOT_FOUND:
            raise
        raise _changed(plan, "The change set does not exist any more.") from error
    if (status := described["ExecutionStatus"]) != "AVAILABLE":
        raise _changed(plan, f"The execution status of the change set is {status}.")


def _changed(plan: Plan, state: str) -> DeploymentError:
    return DeploymentError(
        f"Stack {plan.stack} or its change set was changed after this plan was made. {state} Nothing was executed. "
        "Repeat this command to plan again."
    )


def _start(cloud: Cloud, plan: Plan, watch: Watch, token: str, change_set: ChangeSet | None) -> None:
    """Execute a change set, and record that the clean-up must not delete it any more.

    If the change set was executed already, only the events show whether this run or another one did it.
    """
    arguments: dict[str, Any] = {"ChangeSetName": plan.change_set_id, "ClientRequestToken": token}
    if plan.rollback_disabled:
        arguments["DisableRollback"] = True
    try:
        cloud.call("cloudformation", "execute_change_set", **arguments)
    except CloudError as error:
        if not _accepted(cloud, plan, change_set):
            raise causes.explained(error) from error
        watch.poll()
        if not watch.confirmed:
            watch.disclaim()
        if error.code == "InvalidChangeSetStatus":
            return
    if change_set is not None:
        change_set.keep = True


def _accepted(cloud: Cloud, plan: Plan, change_set: ChangeSet | None) -> bool:
    """Return whether AWS accepted an execution although the call failed, for example because its answer was lost."""
    if change_set is not None:
        change_set.keep = True
    try:
        status = cloud.call("cloudformation", "describe_change_set", ChangeSetName=plan.change_set_id)[
            "ExecutionStatus"
        ]
    except CloudError as error:
        raise CloudError(
            f"{sentence(error)} It is not known whether AWS started the execution. Repeat this command: it continues "
            "from the current status of the stack.",
            code=error.code,
        ) from error
    if change_set is not None:
        change_set.keep = status in EXECUTED
    return status in EXECUTED


def apply_stack_settings(cloud: Cloud, stack: Stack, options: Options, listener: Listener) -> None:
    """Set the stack policy and the termination protection, which a change set cannot contain."""
    if options.stack_policy is not None:
        cloud.call("cloudformation", "set_stack_policy", StackName=stack.id, StackPolicyBody=options.stack_policy)
    protect = options.protect
    if protect is None and stack.parameters.get("Environment") == "prd":
        protect = True
    if protect is not None and protect != stack.protected:
        arguments = {"StackName": stack.name, "EnableTerminationProtection": protect}
        cloud.call("cloudformation", "update_termination_protection", **arguments)
        listener.say(f"Termination protection of stack {stack.name} is {'on' if protect else 'off'}.")
