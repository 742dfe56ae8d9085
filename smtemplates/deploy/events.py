"""Stack events: what belongs to one operation, how far it is, and why it failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smtemplates.deploy import states

STACK_TYPE = "AWS::CloudFormation::Stack"
STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
CANCELLED = re.compile(r"Resource (creation|update|deletion|operation) cancelled", re.IGNORECASE)

# What a reason says, and what to do about it; the first that fits counts.
ADVICE = (
    # denied with kms:CreateGrant and the like, or in a service's words for it: "The provided KMS key ... "
    (
        (
            r"(?!.*kms:CreateKey\b)"
            r"(?=.*(AccessDenied|not authorized|not have permission|not allowed|insufficient|inaccessible))"
            r"(?=.*(kms:|\bKMS\b|AWSKMS|arn:aws[a-z-]*:kms))"
        ),
        (
            "the policy of the KMS key does not let this through: give the key at least the statements that "
            "templates/README.md lists (python -m smtemplates reference writes it, under 'Key policy for an "
            "existing KMS key'), and let the deploying role (or --role-arn) use the key, then deploy again"
        ),
    ),
    (
        r"AccessDenied|not authorized to perform|is not allowed",
        "let the deploying role (or --role-arn) do this, then deploy again",
    ),
    (
        r"already exists|AlreadyExists",
        "something of that name is there already: remove it, import it with --import-existing, or choose another name",
    ),
    (
        r"ResourceLimitExceeded|LimitExceeded|quota|limit of",
        "ask for a higher quota in Service Quotas, or choose another instance type",
    ),
    (r"custom resource|CloudWatch Log Stream", "the lines below are what the custom resource logged itself"),
    (
        r"not supported in|Unrecognized resource type",
        "this Region lacks it: render with --without, or use another Region",
    ),
    (r"not empty", "empty it first, or run destroy with --delete-data"),
    (r"has a dependent object|in use|still has", "remove what still uses it, then repeat the command"),
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
        """Tell whether it is about the stack itself, not one of its resources."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def starts(self) -> bool:
        """Tell whether an operation begins with it."""
        return self.of_stack and self.status in STARTS

    @property
    def failed(self) -> bool:
        """Tell whether it reports a failure."""
        return self.status.endswith("_FAILED")

    @property
    def ends(self) -> bool:
        """Tell whether an operation may be over with it."""
        return self.of_stack and not self.status.endswith("_IN_PROGRESS")

    @property
    def finished(self) -> bool:
        """Tell whether its resource has reached the end of what was asked of it."""
        return not self.of_stack and not self.status.endswith("_IN_PROGRESS")


def read(item: Mapping[str, Any]) -> Event:
    """Read one of the StackEvents of DescribeStackEvents."""
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
    """Why an operation failed: its first failure that is not the consequence of another."""

    event: Event
    property: str | None
    advice: str | None


def first_cause(events: Sequence[Event]) -> Cause | None:
    """Find the cause among the events of one operation, oldest first."""
    failures = [event for event in events if event.failed and not CANCELLED.search(event.reason)]
    own = [event for event in failures if not event.of_stack]
    if not (own or failures):
        return None
    event = (own or failures)[0]
    advice = next((text for pattern, text in ADVICE if re.search(pattern, event.reason, re.IGNORECASE)), None)
    return Cause(event=event, property=_property(event.reason), advice=advice)


def undeleted(events: Sequence[Event]) -> list[Event]:
    """Find what AWS gave up deleting, after three attempts: from then on it is outside the stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    last = {(event.logical_id, event.physical_id): event for event in events if event.finished}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


def _property(reason: str) -> str | None:
    """Find the property that AWS names in a reason."""
    for pattern in (
        r"#/([A-Za-z0-9_/]+)",
        r"property (?:named |')?\[?([A-Z][A-Za-z0-9]+)",
        r"Property ([A-Z][A-Za-z0-9]+)",
    ):
        if found := re.search(pattern, reason):
            return found.group(1).strip("/").replace("/", ".")
    return None


def log_stream(reason: str) -> str | None:
    """Find the log stream that a custom resource's reason names."""
    found = re.search(r"Log Stream:?\s+(\S+\[\S+\]\S+)", reason)
    return found.group(1).rstrip(".,;)") if found else None


def oldest_first(newest_first: Iterable[Event]) -> list[Event]:
    """Turn AWS's order around."""
    return list(newest_first)[::-1]


def progress_word(event: Event) -> str:
    """Say in one word how a resource is doing."""
    if event.failed:
        return "failed"
    if states.in_progress(event.status):
        return {"C": "creating", "U": "updating", "D": "deleting"}.get(event.status[:1], "working")
    if event.status == "DELETE_SKIPPED":
        return "kept"
    return {"C": "created", "U": "updated", "D": "deleted"}.get(event.status[:1], "done")
