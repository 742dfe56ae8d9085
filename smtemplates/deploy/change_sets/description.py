"""Describe change sets: all pages, the end of their creation, and the end of their deletion."""

from __future__ import annotations

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
