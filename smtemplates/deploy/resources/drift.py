"""Detect changes that were made outside CloudFormation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtemplates.aws.errors import DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import stack as stacks

POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 10.0
DRIFTED = ("MODIFIED", "DELETED")
UNKNOWN = "UNKNOWN"
CHECKED = ("IN_SYNC", *DRIFTED)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A property whose actual value differs from the template."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class Drifted:
    """A resource that differs from the template."""

    logical_id: str
    type: str
    status: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unchecked:
    """A resource that AWS could not compare although its type is supported; `reason` is '' if AWS returned none."""

    logical_id: str
    type: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The drift of a stack. AWS can compare only resources of certain types: `checked` of all `resources`.

    `complete` is False if the detection failed for at least one resource, with `reason`. The other fields then contain
    the results for the other resources.
    """

    drifted: tuple[Drifted, ...]
    checked: int
    resources: int
    complete: bool = True
    reason: str = ""
    unchecked: tuple[Unchecked, ...] = ()


def detect(cloud: Cloud, name: str) -> Comparison:
    """Detect the drift of a stack, wait for the end of the detection, and return the drift.

    If the detection failed for a resource, the results for the others are returned. Results of earlier detections are
    left out then.

    Raises:
        DeploymentError: The detection failed, and there is no result for any resource.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackDriftDetectionStatus.html
    """
    stack = stacks.get(cloud, name)
    ended = _ended(cloud, stack.id)
    failed = ended["DetectionStatus"] == "DETECTION_FAILED"
    since = ended["Timestamp"] if failed else None
    items = [
        item
        for item in cloud.pages(
            "cloudformation",
            "describe_stack_resource_drifts",
            "StackResourceDrifts",
            StackName=stack.id,
            StackResourceDriftStatusFilters=[*DRIFTED, UNKNOWN],
        )
        if since is None or item["Timestamp"] >= since
    ]
    summaries = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
    found = [item.get("DriftInformation", {}) for item in summaries if item.get("ResourceStatus") != "DELETE_COMPLETE"]
    unchecked = tuple(
        Unchecked(
            logical_id=one["LogicalResourceId"], type=one["ResourceType"], reason=one.get("DriftStatusReason", "")
        )
        for one in items
        if one["StackResourceDriftStatus"] == UNKNOWN
    )
    comparison = Comparison(
        drifted=tuple(_drifted(item) for item in items if item["StackResourceDriftStatus"] in DRIFTED),
        checked=sum(_checked(item, since) for item in found),
        resources=len(found),
        complete=not (failed or unchecked),
        reason=cloud.masked(ended.get("DetectionStatusReason", "")) if failed or unchecked else "",
        unchecked=unchecked,
    )
    if failed and not (comparison.drifted or comparison.checked or unchecked):
        raise DeploymentError(f"The drift detection of stack {name} failed. {to_do(comparison)}")
    return comparison


def to_do(comparison: Comparison) -> str:
    """Return the reason why a detection is not complete, and what to do."""
    return f"{sentence(comparison.reason or 'AWS returned no reason')} Fix the cause, then repeat this command."


def _ended(cloud: Cloud, stack_id: str) -> Mapping[str, Any]:
    """Start a detection, and return its description at its end."""
    started = cloud.call("cloudformation", "detect_stack_drift", StackName=stack_id)["StackDriftDetectionId"]
    pause = POLL_SECONDS
    while True:
        answer: Mapping[str, Any] = cloud.call(
            "cloudformation", "describe_stack_drift_detection_status", StackDriftDetectionId=started
        )
        if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return answer
        cloud.pause(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)


def _checked(item: Mapping[str, Any], since: datetime | None) -> bool:
    """Return whether AWS compared a resource, in a detection since a time if `since` is given."""
    last = item.get("LastCheckTimestamp")
    return item.get("StackResourceDriftStatus") in CHECKED and (since is None or last is None or last >= since)


def _drifted(item: Mapping[str, Any]) -> Drifted:
    return Drifted(
        logical_id=item["LogicalResourceId"],
        type=item["ResourceType"],
        status=item["StackResourceDriftStatus"],
        differences=tuple(
            Difference(path=one["PropertyPath"], expected=one["ExpectedValue"], actual=one["ActualValue"])
            for one in item.get("PropertyDifferences", [])
        ),
    )
