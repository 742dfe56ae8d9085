"""Follow stack operations to their end, cancel them on an interruption, and report their results."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from smtemplates.aws.errors import TRANSIENT, CloudError, DeploymentError, StoppedError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.console.signals import Deferral, again, uninterrupted
from smtemplates.deploy.operations import diagnosis, events, states
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.operations.watcher import Watch

# The status of a stack after its creation or update was cancelled.
UNDONE = {"DELETE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
BUCKET = "AWS::S3::Bucket"


def follow_to_end(
    watch: Watch, listener: Listener, name: str, *, deadline: float | None, start: Callable[[], None] | None = None
) -> Stack:
    """Start an operation if `start` is given, follow it to its end through interruptions, and return the stack.

    An interruption during `start` takes effect after it, so that an operation that AWS accepted is always followed. The
    first interruption offers to cancel the operation, the second one stops watching it. An operation that another run
    or another tool started is only watched: the first interruption stops watching it.

    Raises:
        DeploymentError: The operation failed.
        StoppedError: The user cancelled the operation or stopped watching it.
    """
    with uninterrupted() as signals:
        if start:
            start()
        asked = False
        while True:
            try:
                with signals.allowed():
                    stack = watch.follow(listener, deadline=deadline)
                break
            except KeyboardInterrupt:
                if asked or not watch.ours:
                    raise detached_error(watch) from None
                asked = _offer_to_cancel(watch, listener, name, signals)
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
    own = stack is not None and stack.created_by_deployer
    raise DeploymentError(failure_message(watch, name, status, own=own))


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
        text.append(
            f"To delete the buckets and all objects in them, run: {program.command('destroy', name, '--delete-data')}"
        )
    return text


def failure_message(watch: Watch, name: str, status: str, *, own: bool) -> str:
    """Return a message on a failed deployment with the first cause and what to do.

    `own` is whether this deployer created the stack.
    """
    texts = _undeleted(watch) if status == "UPDATE_ROLLBACK_COMPLETE" else []
    cause = diagnosis.explain(watch.cloud, watch)
    failed = "The deletion" if status == "DELETE_FAILED" else "The deployment"
    texts += states.ways_out(name, status, own=own)
    return "\n".join([f"{failed} of stack {name} failed ({status}). {cause}", *texts])


def detached_error(watch: Watch) -> StoppedError:
    """Return the error for a user who stopped watching an operation that continues in AWS."""
    return StoppedError(f"The operation continues in AWS. To watch it, run: {watch.command}")


def _offer_to_cancel(watch: Watch, listener: Listener, name: str, signals: Deferral) -> bool:
    """Cancel the operation in progress if the user confirms it.

    Return whether the next interruption stops watching. It offers to cancel again if AWS could not be asked.

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
        listener.say(f"The operation continues.{again('stop watching')}")
        return True
    token = f"smtemplates-cancel-{uuid.uuid4().hex}"
    try:
        if not watch.cancellable(listener):
            listener.say("The operation has ended, or another user changed it. It was not cancelled.")
            return True
        watch.claim(token)  # before the call, because AWS can accept it although its answer is lost
        request_cancellation(watch.cloud, watch.stack_id, creating=creating, token=token)
    except CloudError as error:
        if error.code in TRANSIENT:
            listener.say(f"{sentence(error)} The operation continues.{again('cancel it')}")
            return False
        listener.say(f"The operation can no longer be cancelled. {sentence(error)}")
        return True
    watch.cancelled = True
    if creating:
        watch.expect_deletion()
    undone = "deleting the stack" if creating else "rolling the update back"
    listener.say(f"AWS is {undone}.{again('stop watching')}")
    return True


def check_idle(stack: Stack | None, cause: CloudError | None = None) -> None:
    """Check that no operation on a stack is in progress. `cause` is the error of AWS that led to the check.

    Raises:
        DeploymentError: An operation is in progress.
    """
    if stack is not None and states.in_progress(stack.status):
        raise DeploymentError(
            f"Stack {stack.name} is {stack.status}. Another operation is in progress. To watch it, run: "
            f"{program.command('status', '--watch', stack.name)}. Repeat this command when it has ended."
        ) from cause


def request_cancellation(cloud: Cloud, stack_id: str, *, creating: bool, token: str | None = None) -> None:
    """Cancel the operation in progress, with the client request token if given. A creation is undone by a deletion.

    Raises:
        CloudError: AWS rejected the call, for example because the operation has ended.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CancelUpdateStack.html
    """
    operation = "delete_stack" if creating else "cancel_update_stack"
    token = token or f"smtemplates-cancel-{uuid.uuid4().hex}"
    cloud.call("cloudformation", operation, StackName=stack_id, ClientRequestToken=token)


def follow_or_detach(
    watch: Watch, listener: Listener, *, deadline: float | None, start: Callable[[], object] | None = None
) -> Stack | None:
    """Follow an operation that is not to be cancelled to its end, and return the stack; None if it is deleted.

    The operation is started first if `start` is given.

    Raises:
        StoppedError: The user stopped watching. The operation continues in AWS.
    """
    with uninterrupted() as signals:
        if start:
            start()
            watch.claim()
        try:
            with signals.allowed():
                return watch.follow(listener, deadline=deadline)
        except KeyboardInterrupt:
            raise detached_error(watch) from None


def delete_and_wait(
    cloud: Cloud, stack: Stack, listener: Listener, *, deadline: float | None, wait: bool = True, **arguments: Any
) -> list[Event]:
    """Delete a stack, wait until it is deleted, and return the events. If AWS is already deleting it, only wait.

    Without `wait`, only start the deletion. `arguments` are further arguments of DeleteStack.

    Raises:
        DeploymentError: Another operation is in progress, or AWS could not delete a resource of the stack.
        StoppedError: The user stopped watching. The deletion continues in AWS.
    """
    token = f"smtemplates-delete-{uuid.uuid4().hex}"
    deleting = stack.status == "DELETE_IN_PROGRESS"
    watch = Watch(cloud, stack.id, None if deleting else token)

    def start() -> None:
        if deleting:
            listener.say(f"AWS is already deleting stack {stack.name}. Following the deletion.")
            return
        try:
            cloud.call("cloudformation", "delete_stack", StackName=stack.id, ClientRequestToken=token, **arguments)
        except CloudError as error:
            if error.code == "ValidationError":
                check_idle(stacks.find(cloud, stack.id), error)
            raise

    if not wait:
        start()
        return []
    end = follow_or_detach(watch, listener, deadline=deadline, start=start)
    if end is not None and end.status != "DELETE_COMPLETE":
        cause = diagnosis.explain(cloud, watch)
        ways = states.ways_out(stack.name, end.status, own=stack.created_by_deployer)
        raise DeploymentError("\n".join([f"Stack {stack.name} could not be deleted ({end.status}). {cause}", *ways]))
    return watch.events
