"""Read stack events."""

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


@dataclass(frozen=True, kw_only=True)
class Event:
    """One stack event; the fields `hook`... are empty unless it reports the invocation of a Hook."""

    id: str
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    time: datetime
    token: str | None
    hook: str = ""
    hook_status: str = ""
    hook_reason: str = ""
    hook_mode: str = ""
    operation_id: str | None = None

    @property
    def of_stack(self) -> bool:
        """Whether the event is about the stack itself, not about one of its resources."""
        return self.type == STACK_TYPE and self.physical_id == self.stack_id

    @property
    def deletes_stack(self) -> bool:
        """Whether a deletion of the stack starts with the event."""
        return self.of_stack and self.status == "DELETE_IN_PROGRESS"

    @property
    def starts(self) -> bool:
        """Whether an operation starts with the event."""
        return self.of_stack and self.status in STARTS

    @property
    def failed(self) -> bool:
        """Whether the event reports a failure."""
        return self.status.endswith("_FAILED")

    @property
    def rejected_by_hook(self) -> bool:
        """Whether the event reports that a Hook rejected the resource; a Hook can also be configured to warn only."""
        return self.hook_status in ("HOOK_COMPLETE_FAILED", "HOOK_FAILED") and self.hook_mode != "WARN"

    @property
    def cancelled(self) -> bool:
        """Whether AWS stopped the operation on the resource because of another failure."""
        return bool(CANCELLED.search(self.reason))

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
        reason=item.get("ResourceStatusReason") or item.get("HookStatusReason") or "",
        time=item["Timestamp"],
        token=item.get("ClientRequestToken"),
        hook=item.get("HookType", ""),
        hook_status=item.get("HookStatus", ""),
        hook_reason=item.get("HookStatusReason", ""),
        hook_mode=item.get("HookFailureMode", ""),
        operation_id=item.get("OperationId"),
    )


def undeleted(events: Sequence[Event]) -> list[Event]:
    """Return the last events of the resources that AWS could not delete in three attempts; they left the stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    last = {(event.logical_id, event.physical_id): event for event in events if event.finished}
    return [event for event in last.values() if event.status == "DELETE_FAILED"]


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
