"""Delete a stack as planned: Studio objects and data first, then the stack, then its retained buckets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import uninterrupted
from smtemplates.deploy.destruction import DELETING, DestroyOptions, Destruction
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.events import Event
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import BUCKET, check_idle, delete_and_wait
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.resources import buckets
from smtemplates.deploy.studio.clearing import check_unchanged, delete_contents

LEFT = ("DELETE_FAILED", "DELETE_SKIPPED")


def follow(
    cloud: Cloud, plan: Destruction, listener: Listener, options: DestroyOptions, *, deadline: float | None
) -> None:
    """Follow a deletion that AWS has started already, without changing anything.

    Raises:
        DeploymentError: AWS could not delete a resource.
        StoppedError: The user stopped watching. The deletion continues in AWS.
    """
    if plan.stack is None or not options.wait:
        return
    delete_and_wait(cloud, plan.stack, listener, deadline=deadline)


def execute(
    cloud: Cloud,
    plan: Destruction,
    listener: Listener,
    options: DestroyOptions,
    *,
    deadline: float | None = None,
    progress: buckets.Progress | None = None,
) -> None:
    """Destroy a stack. If the command was interrupted, repeating it continues the destruction.

    Raises:
        DeploymentError: A resource could not be deleted, or a user created a Studio object in the meantime.
    """
    if plan.stack is not None:
        with _unprotected(cloud, plan.stack, listener, wait=options.wait):
            if plan.studio_contents or options.delete_data:
                _check_status(cloud, plan.stack)
            check_unchanged(cloud, plan.targets, plan.studio_contents)
            if options.clear_studio:
                delete_contents(cloud, plan.studio_contents, listener)
            if options.delete_data:
                for item in plan.deleted:
                    if item.type == BUCKET:
                        buckets.empty(cloud, item.physical_id, progress)
            if plan.studio_contents or options.delete_data:
                # that can take hours
                check_unchanged(cloud, plan.targets, plan.studio_contents)
            happened = delete_and_wait(
                cloud, plan.stack, listener, deadline=deadline, wait=options.wait, **_arguments(options)
            )
        _report_left(plan, happened, listener)
    if options.delete_data and options.wait:
        for bucket in plan.retained_buckets:
            _delete_bucket(cloud, bucket, listener, progress)


def _check_status(cloud: Cloud, planned: Stack) -> None:
    """Check that no other operation has started since the plan: AWS would reject the deletion after data was deleted.

    Raises:
        DeploymentError: An operation has started.
    """
    current = stacks.find(cloud, planned.id)
    if current is not None and current.status != planned.status:
        check_idle(current)


def _arguments(options: DestroyOptions) -> dict[str, Any]:
    """Return the arguments of DeleteStack for --retain and --force.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
    """
    retain = {"RetainResources": list(options.retain)} if options.retain else {}
    return {**retain, **({"DeletionMode": "FORCE_DELETE_STACK"} if options.force else {})}


def _delete_bucket(cloud: Cloud, bucket: str, listener: Listener, progress: buckets.Progress | None) -> None:
    try:
        buckets.empty(cloud, bucket, progress)
        cloud.call("s3", "delete_bucket", Bucket=bucket)
    except CloudError as error:
        if error.code in buckets.NOT_FOUND:
            return
        raise DeploymentError(
            f"Bucket {bucket} was not deleted. {sentence(error)} Repeat this command to delete it."
        ) from error
    listener.say(f"Deleted bucket {bucket}.")


def _report_left(plan: Destruction, happened: Sequence[Event], listener: Listener) -> None:
    """Report the resources that AWS left behind although the template does not retain them."""
    retained = {(item.type, item.physical_id) for item in (*plan.retained, *plan.left)}
    left = {
        event.physical_id: event
        for event in happened
        if event.status in LEFT and not event.of_stack and (event.type, event.physical_id) not in retained
    }
    if plan.force and left:
        lines = [f"  = {event.logical_id} ({event.type}) {event.physical_id}" for event in left.values()]
        listener.say("\n".join(["These resources were left behind, and can continue to cost money:", *lines]))


@contextmanager
def _unprotected(cloud: Cloud, stack: Stack, listener: Listener, *, wait: bool) -> Iterator[None]:
    """Disable termination protection for the block, and enable it again if the stack is not deleted.

    Without `wait`, the stack is deleted only after the block.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html
    """
    if not stack.protected:
        yield
        return
    with uninterrupted() as signals:
        _set_protection(cloud, stack, on=False)
        try:
            with signals.allowed():
                yield
        except BaseException:
            _protect_again(cloud, stack, listener)
            raise
        if not wait:
            _protect_again(cloud, stack, listener)


def _set_protection(cloud: Cloud, stack: Stack, *, on: bool) -> None:
    try:
        arguments = {"StackName": stack.id, "EnableTerminationProtection": on}
        cloud.call("cloudformation", "update_termination_protection", **arguments)
    except CloudError as error:
        if "does not exist" not in str(error):
            raise


def _protect_again(cloud: Cloud, stack: Stack, listener: Listener) -> None:
    """Enable termination protection again, unless AWS is deleting the stack: it cannot be set then."""
    instruction = (
        "To enable it again, run: aws cloudformation update-termination-protection --enable-termination-protection "
        f"--stack-name {stack.name}"
    )
    try:
        current = stacks.find(cloud, stack.id)
        if current is None or current.status == "DELETE_COMPLETE":
            return
        if current.status == DELETING:
            text = f"If AWS cannot delete stack {stack.name}, its termination protection stays disabled."
            listener.say(f"{text} {instruction}")
            return
        _set_protection(cloud, stack, on=True)
    except CloudError as error:
        listener.say(f"Termination protection of stack {stack.name} is disabled. {sentence(error)} {instruction}")
        return
    listener.say(f"Termination protection of stack {stack.name} is enabled again.")
