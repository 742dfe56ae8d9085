"""Read stack events, and find the first cause of a failure in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtemplates.deploy.operations import states

STACK_TYPE = "AWS::CloudFormation::Stack"
STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
CANCELLED = re.compile(r"Resource (creation|update|deletion|operation) cancelled", re.IGNORECASE)

# What to do about a failure, by a regular expression for the reason. The first match counts.
ADVICE = (
    # a denied KMS action such as kms:CreateGrant, or the message of a service such as "The provided KMS key ..."
    (
        (
            r"(?!.*kms:CreateKey\b)"
            r"(?=.*(AccessDenied|not authorized|not have permission|not allowed|insufficient|inaccessible))"
            r"(?=.*(kms:|\bKMS\b|AWSKMS|arn:aws[a-z-]*:kms))"
        ),
        (
            "The policy of the KMS key does not allow this action. Add the statements that templates/README.md lists "
            "under 'Key policy for an existing KMS key' (python -m smtemplates reference writes this "
            "file). Allow the deploying role (or the role of --role-arn) to use the key. Then deploy again."
        ),
    ),
    (
        r"AccessDenied|not authorized to perform|is not allowed",
        "Allow this action for the deploying role (or the role of --role-arn). Then deploy again.",
    ),
    (
        r"already exists|AlreadyExists",
        "The resource already exists. Delete it, import it with --import-existing, or choose another name.",
    ),
    (
        r"ResourceLimitExceeded|LimitExceeded|quota|limit of",
        "Request a quota increase in Service Quotas, or choose another instance type.",
    ),
    (r"custom resource|CloudWatch Log Stream", "See the log of the custom resource in the lines below."),
    (
        r"not supported in|Unrecognized resource type",
        "The Region does not support this. Render the template with --without FEATURE, or use another Region.",
    ),
    (r"not empty", "Empty the bucket first, or run destroy with --delete-data."),
    (r"has a dependent object|in use|still has", "Delete the resources that still use it, then repeat the command."),
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One stack event."""

    id: str
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime
    token: str | None

    @property
    def of_stack(self) -> bool:
        """Whether the event is about the stack itself, not about one of its resources."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def starts(self) -> bool:
        """Whether an operation starts with the event."""
        return self.of_stack and self.status in STARTS

    @property
    def failed(self) -> bool:
        """Whether the event reports a failure."""
        return self.status.endswith("_FAILED")

    @property
    def ends(self) -> bool:
        """Whether the event can be the last one of an operation."""
        return self.of_stack and not self.status.endswith("_IN_PROGRESS")

    @property
    def finished(self) -> bool:
        """Whether the operation on the resource of the event has ended."""
        return not self.of_stack and not self.status.endswith("_IN_PROGRESS")


def read(item: Mapping[str, Any]) -> Event:
    """Build an event from an item of StackEvents in the answer of DescribeStackEvents."""
    return Event(
        id=item["EventId"],
        stack_id=item["StackId"],
        logical_id=item.get("LogicalResourceId", ""),
        physical_id=item.get("PhysicalResourceId", ""),
        type=item.get("ResourceType", ""),
        status=item.get("ResourceStatus", ""),
        reason=item.get("ResourceStatusReason") or "",
        time=item["Timestamp"],
        token=item.get("ClientRequestToken"),
    )


@dataclass(frozen=True, kw_only=True)
class Cause:
    """The cause of a failed operation: the first failure that does not result from another failure."""

    event: Event
    property: str | None
    advice: str | None


def first_cause(events: Sequence[Event]) -> Cause | None:
    """Return the cause among the events of one operation, oldest first; None if no event failed."""
    failures = [event for event in events if event.failed and not CANCELLED.search(event.reason)]
    own = [event for event in failures if not event.of_stack]
    if not (own or failures):
        return None
    event = (own or failures)[0]
    advice = next((text for pattern, text in ADVICE if re.search(pattern, event.reason, re.IGNORECASE)), None)
    return Cause(event=event, property=_property(event.reason), advice=advice)


def undeleted(events: Sequence[Event]) -> list[Event]:
    """Return the last events of the resources that AWS could not delete in three attempts; they left the stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    last = {(event.logical_id, event.physical_id): event for event in events if event.finished}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


def _property(reason: str) -> str | None:
    """Return the property in a reason, such as AuthMode; None if the reason contains none."""
    for pattern in (
        r"#/([A-Za-z0-9_/]+)",
        r"property (?:named |')?\[?([A-Z][A-Za-z0-9]+)",
        r"Property ([A-Z][A-Za-z0-9]+)",
    ):
        if found := re.search(pattern, reason):
            return found.group(1).strip("/").replace("/", ".")
    return None


def log_stream(reason: str) -> str | None:
    """Return the log stream in the reason of a custom resource; None if the reason contains none."""
    found = re.search(r"Log Stream:?\s+(\S+\[\S+\]\S+)", reason)
    return found.group(1).rstrip(".,;)") if found else None


def oldest_first(newest_first: Iterable[Event]) -> list[Event]:
    """Return events in the reverse of the order of AWS."""
    return list(newest_first)[::-1]


def progress_word(event: Event) -> str:
    """Return one word for the progress of a resource."""
    if event.failed:
        return "failed"
    if states.in_progress(event.status):
        return {"C": "creating", "U": "updating", "D": "deleting"}.get(event.status[:1], "working")
    if event.status == "DELETE_SKIPPED":
        return "retained"
    return {"C": "created", "U": "updated", "D": "deleted"}.get(event.status[:1], "done")
