"""Describe change sets: all pages, the end of their creation, and the end of their deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets.resource_changes import merge_pages

CREATING = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
INCOMPLETE = "can return incomplete"
NOT_FOUND = "ChangeSetNotFound"
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 5.0
MAX_POLLS = 120


def describe(cloud: Cloud, change_set_id: str, *, values: bool) -> dict[str, Any]:
    """Return the description of a change set with the changes of all pages."""
    arguments: dict[str, Any] = {"ChangeSetName": change_set_id}
    if values:
        arguments["IncludePropertyValues"] = True
    described: dict[str, Any] = cloud.call("cloudformation", "describe_change_set", **arguments)
    page = described
    while page.get("NextToken"):
        page = cloud.call("cloudformation", "describe_change_set", **arguments, NextToken=page["NextToken"])
        described = {**described, "Changes": [*described.get("Changes", []), *page.get("Changes", [])]}
    return {**described, "Changes": described.get("Changes", [])}


def settled(cloud: Cloud, change_set_id: str) -> dict[str, Any]:
    """Wait until AWS has created a change set or failed to, and return its description with all changes.

    After about ten minutes, the description is returned as it is.
    """
    pause = POLL_SECONDS
    for _ in range(MAX_POLLS):
        described = describe(cloud, change_set_id, values=True)
        if described["Status"] not in CREATING:
            break
        cloud.pause(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
    if INCOMPLETE in described.get("StatusReason", ""):
        plain = describe(cloud, change_set_id, values=False)
        described = {**described, "Changes": merge_pages(described["Changes"], plain["Changes"])}
    return described


def without_change(described: dict[str, Any]) -> bool:
    """Return whether AWS did not create a change set because there is no change."""
    reason = described.get("StatusReason", "")
    return described["Status"] == "FAILED" and any(text in reason for text in NO_CHANGE)


def deleted(cloud: Cloud, change_set_id: str) -> bool:
    """Wait until a change set is deleted, with those of its nested stacks; return False if this takes too long.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteChangeSet.html
    """
    pause = POLL_SECONDS
    for _ in range(MAX_POLLS):
        try:
            status = cloud.call("cloudformation", "describe_change_set", ChangeSetName=change_set_id)["Status"]
        except CloudError as error:
            if error.code != NOT_FOUND:
                raise
            return True
        if status in ("DELETE_COMPLETE", "DELETE_FAILED"):
            return bool(status == "DELETE_COMPLETE")
        cloud.pause(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
    return False


def find_named(cloud: Cloud, stack: str, name: str) -> dict[str, Any]:
    """Return the change set with a name as ListChangeSets describes it; empty if the stack has none."""
    try:
        found = list(cloud.pages("cloudformation", "list_change_sets", "Summaries", StackName=stack))
    except CloudError as error:
        if "does not exist" in str(error):
            return {}
        raise
    return next((one for one in found if one["ChangeSetName"] == name), {})


def other_run(existing: Mapping[str, Any]) -> str:
    """Return a text on the other run that created a change set of the same name, and on its progress."""
    name, status = existing["ChangeSetName"], existing["Status"]
    if status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
        return f"Another run of this command is creating change set {name}. This run creates another one."
    if existing.get("ExecutionStatus") == "EXECUTE_IN_PROGRESS":
        return f"Another run of this command is executing change set {name}."
    return (
        f"Another run of this command created change set {name} and has not executed it. It waits for confirmation or "
        "a review, or it was stopped. This run creates another one. If no run needs the first one, delete "
        f"it: aws cloudformation delete-change-set --change-set-name {existing['ChangeSetId']}"
    )
