"""The stack sets that a stack holds: how each account and Region is, whatever the operation as a whole came to."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import DENIED, Cloud
from smtemplates.deploy import stack_set_targets as places
from smtemplates.deploy.stack import Stack, existing_resources
from smtemplates.deploy.tables import paint
from smtemplates.deploy.watcher import Listener

PAGE = 100
WIDTH = 80

# What is said of a stack that is not up to date, where that is no failure: it will be, or its account is suspended.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceComprehensiveStatus.html
EXPECTED = {"PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT"}

Place = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One stack of a stack set, in an account and a Region; `detail` is how the last operation went there."""

    account: str
    region: str
    status: str
    detail: str
    reason: str
    stack_id: str = ""
    operation_id: str = ""

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.account, self.region

    @property
    def failed(self) -> bool:
        """Tell whether it is not as the stack set says, and nothing is being done about that."""
        return self.status != "CURRENT" and self.detail not in EXPECTED

    @property
    def state(self) -> str:
        """Say in one word how it is."""
        outdated = self.status == "OUTDATED" and self.detail not in ("", "SUCCEEDED")
        return self.detail if outdated or self.detail in EXPECTED else self.status


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What was done last to a stack set."""

    id: str
    action: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class StackSet:
    """A stack set of a stack, and its own stacks: those that failed first."""

    logical_id: str
    id: str
    status: str
    operation: Operation | None = None
    instances: tuple[Instance, ...] = ()

    @property
    def failed(self) -> int:
        """How many of its stacks failed."""
        return sum(one.failed for one in self.instances)


def find(cloud: Cloud, stack: Stack, listener: Listener) -> tuple[StackSet, ...]:
    """Describe the stack sets among a stack's resources; who may not list those is told that they are not known.

    Raises:
        CloudError: AWS does not say how a stack set is.
    """
    try:
        held = [item for item in existing_resources(cloud, stack) if item["ResourceType"] == places.TYPE]
    except CloudError as error:
        if error.code not in DENIED:
            raise
        listener.say(f"whether stack {stack.name} holds stack sets is not known: {error}")
        return ()
    # one that is only being made has no ID yet
    return tuple(
        _describe(cloud, item["LogicalResourceId"], item["PhysicalResourceId"])
        for item in held
        if item.get("PhysicalResourceId")
    )


def _describe(cloud: Cloud, logical_id: str, set_id: str) -> StackSet:
    known = _known(cloud, set_id)
    if known is None:
        return StackSet(logical_id=logical_id, id=set_id, status="DELETED")
    status, asked = known
    listed = cloud.pages("cloudformation", "list_stack_instances", "Summaries", MaxResults=PAGE, **asked)
    instances = {one.place: one for one in map(_instance, listed)}
    latest = _latest(cloud, asked)
    # what failed before it came to a stack is in the operation's results alone, and so are some reasons
    unexplained = {one.operation_id for one in instances.values() if one.failed and not one.reason}
    for operation_id in sorted(unexplained | ({latest.id} if latest else set()) - {""}):
        for told in _failures(cloud, asked, operation_id):
            found = instances.get(told.place, told)
            if found.failed and not found.reason:
                found = replace(found, reason=told.reason)
            instances[told.place] = found
    ordered = sorted(instances.values(), key=lambda one: (not one.failed, one.place))
    return StackSet(logical_id=logical_id, id=set_id, status=status, operation=latest, instances=tuple(ordered))


def _known(cloud: Cloud, set_id: str) -> tuple[str, dict[str, str]] | None:
    """Return a stack set's status and how to ask for it: a delegated administrator must say that it is one."""
    for caller in ("SELF", "DELEGATED_ADMIN"):
        asked = {"StackSetName": set_id, "CallAs": caller}
        try:
            return cloud.call("cloudformation", "describe_stack_set", **asked)["StackSet"]["Status"], asked
        except CloudError as error:
            # who is no delegated administrator is refused when asking as one: then there is none for this account
            if caller == "SELF" and error.code != "StackSetNotFoundException":
                raise
            if caller != "SELF" and error.code not in {"StackSetNotFoundException", "ValidationError", *DENIED}:
                raise
    return None


def _instance(item: Mapping[str, Any]) -> Instance:
    return Instance(
        account=item["Account"],
        region=item["Region"],
        status=item["Status"],
        detail=item.get("StackInstanceStatus", {}).get("DetailedStatus", ""),
        reason=item.get("StatusReason", ""),
        stack_id=item.get("StackId", ""),
        operation_id=item.get("LastOperationId", ""),
    )


def _latest(cloud: Cloud, asked: Mapping[str, str]) -> Operation | None:
    """Return what changed the stack set last; detecting drift changes nothing."""
    listed = cloud.pages("cloudformation", "list_stack_set_operations", "Summaries", MaxResults=PAGE, **asked)
    changes = [item for item in listed if item["Action"] != "DETECT_DRIFT"]
    if not changes:
        return None
    last = max(changes, key=lambda item: item["CreationTimestamp"])
    return Operation(
        id=last["OperationId"], action=last["Action"], status=last["Status"], reason=last.get("StatusReason", "")
    )


def _failures(cloud: Cloud, asked: Mapping[str, str], operation_id: str) -> Iterator[Instance]:
    """Yield where an operation failed, as if there were a stack."""
    results = cloud.pages(
        "cloudformation",
        "list_stack_set_operation_results",
        "Summaries",
        OperationId=operation_id,
        MaxResults=PAGE,
        **asked,
    )
    for item in results:
        if item["Status"] == "FAILED":
            gate = item.get("AccountGateResult", {})
            reason = item.get("StatusReason") or (gate.get("StatusReason") if gate.get("Status") == "FAILED" else "")
            yield Instance(
                account=item["Account"],
                region=item["Region"],
                status="OUTDATED",
                detail="FAILED",
                reason=reason or "",
                operation_id=operation_id,
            )


def table(found: Sequence[StackSet], *, colour: bool = False) -> str:
    """Show stack sets to a person."""
    return "\n".join(line for one in found for line in _lines(one, colour=colour))


def _lines(one: StackSet, *, colour: bool) -> Iterator[str]:
    yield f"  {one.logical_id}: stack set {one.id.partition(':')[0]}, {one.status}"
    if one.operation:
        yield from _wrapped(f"last operation: {one.operation.action} {one.operation.status}", "    ")
        yield from _wrapped(one.operation.reason, "      ")
    counts = Counter(instance.state for instance in one.instances)
    told = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    yield from _wrapped(f"stacks: {told or 'none'}", "    ")
    for instance in one.instances:
        mark = "!" if instance.failed else " "
        line = f"  {mark} {instance.account}  {instance.region:<14}  {instance.state}"
        yield paint(line, mark, colour=colour) if instance.failed else line
        yield from _wrapped(instance.reason, "      ")
    if one.failed:
        yield from _wrapped(
            f"{one.failed} failed: mend the cause there; the next change of the template or of a parameter tries again",
            "    ",
        )


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def as_values(found: Sequence[StackSet]) -> list[dict[str, Any]]:
    """Show stack sets to a program."""
    return [
        {
            "logical_id": one.logical_id,
            "id": one.id,
            "status": one.status,
            "failed": one.failed,
            "operation": vars(one.operation) if one.operation else None,
            "instances": [{**vars(instance), "failed": instance.failed} for instance in one.instances],
        }
        for one in found
    ]
