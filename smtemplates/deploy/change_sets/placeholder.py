"""The stacks without resources that AWS creates for the first change set of a new stack."""

from __future__ import annotations

import uuid

from smtemplates.aws.errors import CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.change_sets import run_lock
from smtemplates.deploy.operations import events
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack

# AWS deletes a stack without resources within seconds. The polls take about two minutes.
MOST_POLLS = 45
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 3.0


def remove_placeholder(cloud: Cloud, stack_id: str, listener: Listener) -> str | None:
    """Delete a stack that was created only for change sets, and return its ID; None if it was not deleted."""
    try:
        return _remove(cloud, stack_id, listener)
    except CloudError as error:
        if "does not exist" not in str(error):
            name = stack_id.split("/")[1] if stack_id.startswith("arn:") else stack_id
            listener.say(
                f"Stack {name}, which has no resources, was not deleted. {sentence(error)} The next deployment uses "
                f"it. To delete it instead, run: {program.command('destroy', name)}"
            )
        return None


def _remove(cloud: Cloud, stack_id: str, listener: Listener) -> str | None:
    """Delete a stack that was created only for change sets, and return its ID; None if it still has change sets.

    Change sets of runs on this computer that have ended are deleted. The others can belong to a run in progress, or
    wait for a review.
    """
    found = stacks.find(cloud, stack_id)
    if found is None or found.status != "REVIEW_IN_PROGRESS":
        return None
    others = []
    for item in list(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=found.name)):
        run = run_lock.run_of(item.get("Description", ""))
        if run_lock.ended(run):
            cloud.call("cloudformation", "delete_change_set", ChangeSetName=item["ChangeSetId"])
            run_lock.forget(run)
        else:
            others.append(item["ChangeSetName"])
    if others:
        listener.say(
            f"Stack {found.name} has no resources and stays in REVIEW_IN_PROGRESS, because it has other change sets: "
            f"{', '.join(others)}. To delete it with these change sets, run: {program.command('destroy', found.name)}"
        )
        return None
    cloud.call("cloudformation", "delete_stack", StackName=found.id, ClientRequestToken=uuid.uuid4().hex)
    return found.id


def is_being_removed(cloud: Cloud, stack: Stack | None) -> bool:
    """Return whether AWS is deleting a stack that never had resources."""
    if stack is None or stack.status != "DELETE_IN_PROGRESS":
        return False
    items = cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack.id)
    found = [events.read(item) for item in items]
    return all(event.of_stack and event.status.startswith(("REVIEW_", "DELETE_")) for event in found)


def wait_until_removed(cloud: Cloud, stack_id: str, name: str, listener: Listener) -> None:
    """Wait until AWS has deleted a stack without resources, for about two minutes."""
    pause = POLL_SECONDS
    for _ in range(MOST_POLLS):
        found = stacks.find(cloud, stack_id)
        if found is None or found.status not in ("REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            return
        cloud.pause(pause)
        pause = min(pause * 1.2, LONGEST_POLL_SECONDS)
    listener.say(f"AWS is still deleting stack {name}, which has no resources. The deletion continues in AWS.")
