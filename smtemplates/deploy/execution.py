"""Execute a change set, follow the stack operation to its end, handle interruptions, and report the result."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import Deferral, uninterrupted
from smtemplates.deploy import changeset, diagnosis, events, states
from smtemplates.deploy import stack as stacks
from smtemplates.deploy.change_plan import Plan, describe_change
from smtemplates.deploy.change_set_reader import EXECUTED
from smtemplates.deploy.changeset import ChangeSet
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.template import content_digest
from smtemplates.deploy.watcher import Listener, Watch
from smtemplates.deploy.wording import PROGRAM, sentence
from smtemplates.errors import UsageError

# The status of a stack after its creation or update was cancelled.
UNDONE = {"DELETE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
BUCKET = "AWS::S3::Bucket"
MAX_STACK_POLICY_BYTES = 16_384


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a deployment that do not change the template, its parameters or its tags."""

    recreate: bool = False
    continue_rollback: bool = False
    wait: bool = False
    timeout_seconds: float | None = None
    protect: bool | None = None
    stack_policy: str | None = None


def deadline_of(options: Options) -> float | None:
    """Return the time of the monotonic clock, in seconds, at which watching ends; None without a time limit."""
    return None if options.timeout_seconds is None else time.monotonic() + options.timeout_seconds


def check_plan(plan: Plan, *, allow_destructive: bool) -> None:
    """Check that a plan can succeed and that it deletes or replaces no resource without permission.

    Raises:
        RefusedError: The plan replaces or deletes existing resources, and `allow_destructive` is False.
        DeploymentError: AWS validation found an error in the plan.
    """
    if fatal := [finding for finding in plan.findings if finding.fatal]:
        errors = "\n".join(f"  {one.resource} {one.path}: {one.reason}" for one in fatal)
        raise DeploymentError(
            f"AWS validation reports that this change will fail:\n{errors}\n"
            "Nothing was changed. Correct the template or the parameters, then deploy again."
        )
    if plan.destructive and not allow_destructive:
        changes = "\n".join(
            f"  {change.logical_id} ({change.type}): {describe_change(change)}" for change in plan.destructive
        )
        raise RefusedError(
            f"This change would replace or delete existing resources in stack {plan.stack}:\n{changes}\n"
            "Nothing was changed. To allow this change, repeat the command with --allow-destructive."
        )


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
    token = changeset.operation_token(fingerprint, plan.change_set_id)
    deadline = deadline_of(options)
    watch = Watch(cloud, plan.stack_id, token, total=len(plan.changes), creating=plan.kind == "CREATE")

    def start() -> None:
        if not plan.executed:
            check_template(cloud, plan)
            _start(cloud, plan, token, change_set)

    with uninterrupted():
        stack = follow_to_end(watch, listener, plan.stack, deadline=deadline, start=start)
        apply_stack_settings(cloud, stack, options, listener)
    check_deleted(watch, stack)
    return stack


def check_template(cloud: Cloud, plan: Plan) -> None:
    """Check that a change set contains the template that was reviewed.

    Raises:
        DeploymentError: It contains a different template.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    if not plan.template_digest:
        return
    content = stacks.template(cloud, ChangeSetName=plan.change_set_id, TemplateStage="Original")
    if content_digest(content) != plan.template_digest:
        raise DeploymentError(
            f"The template in change set {plan.change_set_id} is not the one that was reviewed. It was changed on its "
            f"way to stack {plan.stack}. Nothing was executed. Find the cause of the change, then plan again."
        )


def _start(cloud: Cloud, plan: Plan, token: str, change_set: ChangeSet | None) -> None:
    """Execute a change set, and record that the clean-up must not delete it any more."""
    try:
        cloud.call("cloudformation", "execute_change_set", ChangeSetName=plan.change_set_id, ClientRequestToken=token)
    except CloudError as error:
        if not _accepted(cloud, plan, change_set):
            raise
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


def follow_to_end(
    watch: Watch, listener: Listener, name: str, *, deadline: float | None, start: Callable[[], None] | None = None
) -> Stack:
    """Start an operation if `start` is given, follow it to its end through interruptions, and return the stack.

    An interruption during `start` takes effect after it, so that an operation that AWS accepted is always followed.

    Raises:
        DeploymentError: The operation failed.
        StoppedError: The user cancelled the operation or stopped watching it.
    """
    with uninterrupted() as signals:
        if start:
            start()
        cancelled = False
        while True:
            try:
                with signals.allowed():
                    stack = watch.follow(listener, deadline=deadline)
                break
            except KeyboardInterrupt:
                if cancelled:
                    raise detached_error(watch) from None
                cancelled = True
                _offer_to_cancel(watch, listener, name, signals)
    if stack is not None and states.succeeded(stack.status) and stack.status != "DELETE_COMPLETE":
        return stack
    status = stack.status if stack else "DELETE_COMPLETE"
    if watch.cancelled and status in UNDONE:
        texts = [
            f"The deployment of stack {name} was cancelled and undone ({status}).",
            *_retained(watch, name, status),
            *_undeleted(watch),
        ]
        raise StoppedError("\n".join(texts))
    raise DeploymentError(failure_message(watch, name, status))


def check_deleted(watch: Watch, stack: Stack) -> None:
    """Check that a successful operation deleted every resource that it had to delete.

    Raises:
        DeploymentError: AWS could not delete a resource.
    """
    if texts := _undeleted(watch):
        raise DeploymentError("\n".join([f"Stack {stack.name} is {stack.status}, but with a problem.", *texts]))


def _undeleted(watch: Watch) -> list[str]:
    """Return a text on the resources that AWS could not delete, with the reasons and what to do."""
    left = events.undeleted(watch.events)
    if not left:
        return []
    lines = [
        f"  ! {event.logical_id} ({event.type}) {event.physical_id}: {event.reason or 'no reason given'}"
        for event in left
    ]
    return [
        "AWS could not delete these resources. They are outside the stack now and can continue to cost money:",
        *lines,
        "Remove the cause, then delete them yourself. A later deployment does not delete them.",
    ]


def _retained(watch: Watch, name: str, status: str) -> list[str]:
    """Return a text on the resources that a cancelled deployment retains, with the command that deletes the buckets."""
    retained = [event for event in watch.events if event.status == "DELETE_SKIPPED"]
    if not retained:
        return []
    lines = [f"  = {event.logical_id} ({event.type}) {event.physical_id}" for event in retained]
    text = ["These resources are retained outside any stack:", *lines]
    # if the stack still exists, the same command would destroy the stack as well
    if status != "UPDATE_ROLLBACK_COMPLETE" and any(event.type == BUCKET for event in retained):
        text.append(f"To delete the buckets and all objects in them, run: {PROGRAM} destroy {name} --delete-data")
    return text


def failure_message(watch: Watch, name: str, status: str) -> str:
    """Return a message on a failed deployment with the first cause and what to do."""
    texts = _undeleted(watch) if status == "UPDATE_ROLLBACK_COMPLETE" else []
    cause = diagnosis.explain(watch.cloud, watch)
    return "\n".join([f"The deployment of stack {name} failed ({status}). {cause}", *texts])


def detached_error(watch: Watch) -> StoppedError:
    """Return the error for a user who stopped watching an operation that continues in AWS."""
    return StoppedError(f"The operation continues in AWS. To watch it, run: {watch.command}")


def _offer_to_cancel(watch: Watch, listener: Listener, name: str, signals: Deferral) -> None:
    """Cancel the operation in progress if the user confirms it.

    Raises:
        StoppedError: The user interrupted the question, which means to stop watching.
    """
    creating = watch.creating
    question = (
        f"Delete stack {name}, which is being created?"
        if creating
        else f"Cancel the update of stack {name} and roll it back?"
    )
    signals.pending.clear()  # signals that arrive together, as when a terminal is closed, count as one interruption
    try:
        with signals.allowed():
            confirmed = listener.cancel(question)
    except KeyboardInterrupt:
        raise detached_error(watch) from None
    if not confirmed:
        listener.say("The operation continues. Press Ctrl-C again to stop watching.")
        return
    token = f"smtemplates-cancel-{uuid.uuid4().hex}"
    operation = "delete_stack" if creating else "cancel_update_stack"
    try:
        watch.cloud.call("cloudformation", operation, StackName=watch.stack_id, ClientRequestToken=token)
    except CloudError as error:
        listener.say(f"The operation can no longer be cancelled. {sentence(error)}")
        return
    watch.cancelled = True
    watch.tokens.add(token)
    undone = "deleting the stack" if creating else "rolling the update back"
    listener.say(f"AWS is {undone}. Press Ctrl-C again to stop watching.")


def follow_or_detach(
    watch: Watch, listener: Listener, *, deadline: float | None, start: Callable[[], object]
) -> Stack | None:
    """Start an operation that cannot be cancelled, follow it to its end, and return the stack; None if it is deleted.

    Raises:
        StoppedError: The user stopped watching. The operation continues in AWS.
    """
    with uninterrupted() as signals:
        start()
        try:
            with signals.allowed():
                return watch.follow(listener, deadline=deadline)
        except KeyboardInterrupt:
            raise detached_error(watch) from None


def delete_and_wait(cloud: Cloud, stack: Stack, listener: Listener, *, deadline: float | None) -> None:
    """Delete a stack and wait until it is deleted.

    Raises:
        DeploymentError: AWS could not delete a resource of the stack.
        StoppedError: The user stopped watching. The deletion continues in AWS.
    """
    token = f"smtemplates-delete-{uuid.uuid4().hex}"
    watch = Watch(cloud, stack.id, token)

    def start() -> None:
        cloud.call("cloudformation", "delete_stack", StackName=stack.id, ClientRequestToken=token)

    end = follow_or_detach(watch, listener, deadline=deadline, start=start)
    if end is not None and end.status != "DELETE_COMPLETE":
        raise DeploymentError(
            f"Stack {stack.name} could not be deleted ({end.status}). {diagnosis.explain(cloud, watch)}"
        )


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


def read_stack_policy(path: Path) -> str:
    """Return the text of a stack policy file.

    Raises:
        UsageError: The file cannot be read, is too long, or is not JSON.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SetStackPolicy.html
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_STACK_POLICY_BYTES + 1)
        if len(content) > MAX_STACK_POLICY_BYTES:
            raise UsageError(f"The stack policy {path} is too long. The maximum is {MAX_STACK_POLICY_BYTES:,} bytes.")
        text = content.decode()
        json.loads(text)
    except OSError as error:
        raise UsageError(f"Cannot read the stack policy {path}: {sentence(error.strerror)}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The stack policy {path} is not JSON: {sentence(error)}") from error
    return text
