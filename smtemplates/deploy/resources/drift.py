"""Detect changes that were made outside CloudFormation."""

from __future__ import annotations

from dataclasses import dataclass

from smtemplates.aws.errors import DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import stack as stacks

POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 10.0
DRIFTED = ("MODIFIED", "DELETED")
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
class Comparison:
    """The drift of a stack. AWS can compare only resources of certain types: `checked` of all `resources`."""

    drifted: tuple[Drifted, ...]
    checked: int
    resources: int


def detect(cloud: Cloud, name: str) -> Comparison:
    """Detect the drift of a stack, wait for the end of the detection, and return the drift.

    Raises:
        DeploymentError: The detection failed for at least one resource.
    """
    stack = stacks.get(cloud, name)
    started = cloud.call("cloudformation", "detect_stack_drift", StackName=stack.id)["StackDriftDetectionId"]
    pause = POLL_SECONDS
    while True:
        answer = cloud.call("cloudformation", "describe_stack_drift_detection_status", StackDriftDetectionId=started)
        if answer["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        cloud.pause(pause)
        pause = min(pause * 1.5, LONGEST_POLL_SECONDS)
    if answer["DetectionStatus"] == "DETECTION_FAILED":
        raise DeploymentError(
            f"The drift detection of stack {name} failed. "
            f"{sentence(answer.get('DetectionStatusReason') or 'AWS gave no reason')} Fix the cause, then repeat this "
            "command."
        )
    items = cloud.pages(
        "cloudformation",
        "describe_stack_resource_drifts",
        "StackResourceDrifts",
        StackName=stack.id,
        StackResourceDriftStatusFilters=list(DRIFTED),
    )
    drifted = tuple(
        Drifted(
            logical_id=item["LogicalResourceId"],
            type=item["ResourceType"],
            status=item["StackResourceDriftStatus"],
            differences=tuple(
                Difference(path=one["PropertyPath"], expected=one["ExpectedValue"], actual=one["ActualValue"])
                for one in item.get("PropertyDifferences", [])
            ),
        )
        for item in items
    )
    summaries = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
    states = [
        item.get("DriftInformation", {}).get("StackResourceDriftStatus")
        for item in summaries
        if item.get("ResourceStatus") != "DELETE_COMPLETE"
    ]
    return Comparison(drifted=drifted, checked=sum(state in CHECKED for state in states), resources=len(states))
