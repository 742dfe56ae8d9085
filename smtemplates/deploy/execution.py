"""From a change set to a stack that is as asked: execute, follow, be interrupted, and say how it ended."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError, StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy import changeset, diagnosis, events, states
from smtemplates.deploy import stack as stacks
from smtemplates.deploy.change_plan import Plan, describe_change
from smtemplates.deploy.changeset import EXECUTED, ChangeSet
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.template import content_digest
from smtemplates.deploy.watcher import Listener, Watch
from smtemplates.errors import UsageError

# How a stack ends whose creation or update was cancelled.
UNDONE = {"DELETE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "gone"}
BUCKET = "AWS::S3::Bucket"
MAX_STACK_POLICY_BYTES = 16_384


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to go about a deployment, as opposed to what to deploy."""

    recreate: bool = False
    continue_rollback: bool = False
    wait: bool = False
    timeout_seconds: float | None = None
    protect: bool | None = None
    stack_policy: str | None = None


def deadline_of(options: Options) -> float | None:
    """Turn the time allowed into a point of the monotonic clock."""
    return None if options.timeout_seconds is None else time.monotonic() + options.timeout_seconds


def check_plan(plan: Plan, *, allow_destructive: bool) -> None:
    """Refuse a plan that takes away what is in use, or that AWS says will fail.

    Raises:
        RefusedError: resources would be replaced or deleted.
        DeploymentError: AWS's validation already found an error.
    """
    if fatal := [finding for finding in plan.findings if finding.fatal]:
        told = "\n".join(f"  {one.resource} {one.path}: {one.reason}" for one in fatal)
        raise DeploymentError(f"AWS's validation says that this change will fail:\n{told}")
    if plan.destructive and not allow_destructive:
        told = "\n".join(
            f"  {change.logical_id} ({change.type}): {describe_change(change)}" for change in plan.destructive
        )
        raise RefusedError(
            f"this would take away what stack {plan.stack} has now:\n{told}\n"
            "Nothing was changed. If that is what you want, repeat the command with --allow-destructive"
        )


def execute(
    cloud: Cloud, plan: Plan, listener: Listener, options: Options, *, fingerprint: str, made: ChangeSet | None = None
) -> Stack:
    """Execute a change set, and follow it to the end.

    Raises:
        DeploymentError: the template is not the reviewed one, or the deployment failed, or left behind what it was to
            delete; the message says what failed first, and what to do.
        StoppedError: a person interrupted it.
        TimedOutError: it takes longer than allowed, and goes on.
    """
    token = changeset.operation_token(fingerprint, plan.change_set_id)
    deadline = deadline_of(options)
    watch = Watch(cloud, plan.stack_id, token, total=len(plan.changes), creating=plan.kind == "CREATE")
    try:
        with uninterrupted():
            if not plan.executed:
                check_template(cloud, plan)
                _start(cloud, plan, token, made)
    except KeyboardInterrupt:
        _interrupted(watch, listener, plan.stack)
    stack = finish(watch, listener, plan.stack, deadline=deadline)
    apply_stack_settings(cloud, stack, options, listener)
    check_deleted(watch, stack)
    return stack


def check_template(cloud: Cloud, plan: Plan) -> None:
    """Refuse a change set that holds another template than the one that was reviewed.

    Raises:
        DeploymentError: it does.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    if not plan.template_digest:
        return
    held = stacks.template(cloud, ChangeSetName=plan.change_set_id, TemplateStage="Original")
    if content_digest(held) != plan.template_digest:
        raise DeploymentError(
            f"the template in change set {plan.change_set_id} is not the one that was reviewed, so something changed "
            f"it on its way to stack {plan.stack}; nothing was executed: find out what, then plan again"
        )


def _start(cloud: Cloud, plan: Plan, token: str, made: ChangeSet | None) -> None:
    """Have AWS begin; from then on the change set is AWS's to end, not ours to remove."""
    try:
        cloud.call("cloudformation", "execute_change_set", ChangeSetName=plan.change_set_id, ClientRequestToken=token)
    except CloudError as error:
        if not _taken(cloud, plan, made):
            raise
        if error.code == "InvalidChangeSetStatus":
            return
    if made is not None:
        made.keep = True


def _taken(cloud: Cloud, plan: Plan, made: ChangeSet | None) -> bool:
    """Find out whether AWS took an execution whose answer was lost."""
    if made is not None:
        made.keep = True
    try:
        status = cloud.call("cloudformation", "describe_change_set", ChangeSetName=plan.change_set_id)[
            "ExecutionStatus"
        ]
    except CloudError as error:
        raise CloudError(
            f"{error}. Whether AWS began is not known: repeat this command, it goes on from wherever AWS is",
            code=error.code,
        ) from error
    if made is not None:
        made.keep = status in EXECUTED
    return status in EXECUTED


def finish(watch: Watch, listener: Listener, name: str, *, deadline: float | None) -> Stack:
    """Follow an operation to its end, through interruptions, and return the stack if all went well.

    Raises:
        DeploymentError: it failed.
        StoppedError: a person stopped it, or stopped watching.
    """
    cancelled = False
    while True:
        try:
            stack = watch.follow(listener, deadline=deadline)
            break
        except KeyboardInterrupt:
            if cancelled:
                raise detached_error(watch) from None
            cancelled = True
            _interrupted(watch, listener, name)
    if stack is not None and states.succeeded(stack.status) and stack.status != "DELETE_COMPLETE":
        return stack
    status = stack.status if stack else "gone"
    if watch.cancelled and status in UNDONE:
        kept = _kept(watch, name, status) + _undeleted(watch)
        raise StoppedError(f"the deployment of stack {name} was cancelled, and is undone ({status}){kept}")
    raise DeploymentError(failure_message(watch, name, status))


def check_deleted(watch: Watch, stack: Stack) -> None:
    """Report what an operation that AWS calls a success was to delete, and did not.

    Raises:
        DeploymentError: there is such a thing.
    """
    if told := _undeleted(watch):
        raise DeploymentError(f"stack {stack.name} is {stack.status}, as asked, but not all is well{told}")


def _undeleted(watch: Watch) -> str:
    """Name what AWS gave up deleting, with its reasons and what to do."""
    left = events.undeleted(watch.events)
    if not left:
        return ""
    told = "".join(
        f"\n  ! {event.logical_id} ({event.type}) {event.physical_id}: {event.reason or 'no reason'}" for event in left
    )
    return (
        f"; AWS could not delete these: they are outside the stack now, and may go on costing money:{told}\n"
        "remove what is in their way, then delete them yourself: no later deployment will"
    )


def _kept(watch: Watch, name: str, status: str) -> str:
    """Name what a cancelled deployment leaves behind, and the command that removes it."""
    kept = [event for event in watch.events if event.status == "DELETE_SKIPPED"]
    if not kept:
        return ""
    told = "".join(f"\n  = {event.logical_id} ({event.type}) {event.physical_id}" for event in kept)
    told = f"; these stay, outside any stack:{told}"
    # while there is a stack, the same command would destroy that too
    if status == "UPDATE_ROLLBACK_COMPLETE" or not any(event.type == BUCKET for event in kept):
        return told
    return f"{told}\nto remove the buckets, with all that is in them: scripts/deploy.py destroy {name} --delete-data"


def failure_message(watch: Watch, name: str, status: str) -> str:
    """Say that an operation failed, why, and what to do."""
    told = _undeleted(watch) if status == "UPDATE_ROLLBACK_COMPLETE" else ""
    return f"the deployment of stack {name} failed ({status}); {diagnosis.explain(watch.cloud, watch)}{told}"


def detached_error(watch: Watch) -> StoppedError:
    """Say that AWS goes on, and how to see it."""
    return StoppedError(f"AWS goes on without this command; watch it with: {watch.command}")


def _interrupted(watch: Watch, listener: Listener, name: str) -> None:
    """Undo what is under way, if the person wants that."""
    creating = watch.creating
    question = (
        f"Delete the stack {name}, which is being created?"
        if creating
        else f"Cancel the update of stack {name}, and roll it back?"
    )
    try:
        if not listener.cancel(question):
            listener.say("going on; press Ctrl-C again to stop watching")
            return
    except KeyboardInterrupt:
        raise detached_error(watch) from None
    token = f"smtemplates-cancel-{uuid.uuid4().hex}"
    operation = "delete_stack" if creating else "cancel_update_stack"
    try:
        watch.cloud.call("cloudformation", operation, StackName=watch.stack_id, ClientRequestToken=token)
    except CloudError as error:
        listener.say(f"it can no longer be cancelled ({error})")
        return
    watch.cancelled = True
    watch.tokens.add(token)
    listener.say("AWS is undoing it; press Ctrl-C again to stop watching")


def delete_and_wait(cloud: Cloud, stack: Stack, listener: Listener, *, deadline: float | None) -> None:
    """Delete a stack and wait until it is gone.

    Raises:
        DeploymentError: something in it could not be deleted.
    """
    token = f"smtemplates-delete-{uuid.uuid4().hex}"
    cloud.call("cloudformation", "delete_stack", StackName=stack.id, ClientRequestToken=token)
    watch = Watch(cloud, stack.id, token)
    try:
        end = watch.follow(listener, deadline=deadline)
    except KeyboardInterrupt:
        raise detached_error(watch) from None
    if end is not None and end.status != "DELETE_COMPLETE":
        raise DeploymentError(
            f"stack {stack.name} could not be deleted ({end.status}); {diagnosis.explain(cloud, watch)}"
        )


def apply_stack_settings(cloud: Cloud, stack: Stack, options: Options, listener: Listener) -> None:
    """Set what a change set cannot carry: the stack policy, and termination protection."""
    if options.stack_policy is not None:
        cloud.call("cloudformation", "set_stack_policy", StackName=stack.id, StackPolicyBody=options.stack_policy)
    wanted = options.protect
    if wanted is None and stack.parameters.get("Environment") == "prd":
        wanted = True
    if wanted is not None and wanted != stack.protected:
        arguments = {"StackName": stack.name, "EnableTerminationProtection": wanted}
        cloud.call("cloudformation", "update_termination_protection", **arguments)
        listener.say(f"termination protection is {'on' if wanted else 'off'} for stack {stack.name}")


def read_stack_policy(path: Path) -> str:
    """Read a stack policy.

    Raises:
        UsageError: the file cannot be read, is too long, or is not JSON.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SetStackPolicy.html
    """
    try:
        with path.open("rb") as file:
            read = file.read(MAX_STACK_POLICY_BYTES + 1)
        if len(read) > MAX_STACK_POLICY_BYTES:
            raise UsageError(
                f"the stack policy {path} is too long: CloudFormation takes {MAX_STACK_POLICY_BYTES:,} bytes"
            )
        text = read.decode()
        json.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read the stack policy {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the stack policy {path} is not JSON: {error}") from error
    return text
