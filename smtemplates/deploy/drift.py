"""Find out what was changed behind the stack's back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from smtemplates.aws.errors import DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import folded
from smtemplates.deploy import stack as stacks

POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 10.0
DRIFTED = ("MODIFIED", "DELETED")
CHECKED = ("IN_SYNC", *DRIFTED)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One property that is not as the template says."""

    path: str
    expected: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class Drifted:
    """One resource that is not as the template says."""

    logical_id: str
    type: str
    status: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What differs, and how many of the stack's resources AWS could compare: not every type can be."""

    drifted: tuple[Drifted, ...]
    checked: int
    resources: int


def detect(cloud: Cloud, name: str) -> Comparison:
    """Have AWS compare the stack with what is really there, wait, and list what differs.

    Raises:
        DeploymentError: AWS could not compare all of it.
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
            f"AWS could not compare stack {name}: {answer.get('DetectionStatusReason') or 'it gives no reason'}"
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


def table(found: Comparison, stack: str) -> str:
    """Show drift to a person."""
    number = len(found.drifted)
    lines = [
        f"{number} resource(s) of stack {stack} are not as the template says"
        if number
        else f"no drift found: stack {stack} is as its template says",
        f"  {found.checked} of {found.resources} resources checked",
    ]
    if number:
        lines.append("  deploy --revert-drift puts back what AWS can revert")
    for one in found.drifted:
        lines.append(f"  {one.logical_id} ({one.type}): {'deleted' if one.status == 'DELETED' else 'changed'}")
        lines += [
            f"      {item.path.strip('/').replace('/', '.')}: {item.expected} -> {item.actual}"
            for item in one.differences
        ]
    return "\n".join(part for line in lines for part in folded(line, 8))


def as_json(found: Comparison) -> str:
    """Show drift to a program."""
    return json.dumps(asdict(found), indent=2, ensure_ascii=False)
