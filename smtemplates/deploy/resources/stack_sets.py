"""Describe the stack sets of a stack: the status in each account and Region, and the result of the last operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack, existing_resources
from smtemplates.deploy.resources import stack_set_targets as targets

PAGE = 100

# The status of a stack that is not up to date for an expected reason: an operation in progress, or a suspended account.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceComprehensiveStatus.html
EXPECTED = {"PENDING", "RUNNING", "SKIPPED_SUSPENDED_ACCOUNT"}

Location = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A stack of a stack set in an account and a Region. `detail` is the status of the last operation there."""

    account: str
    region: str
    status: str
    detail: str
    reason: str
    stack_id: str = ""
    operation_id: str = ""

    @property
    def location(self) -> Location:
        """The account and Region of the stack."""
        return self.account, self.region

    @property
    def failed(self) -> bool:
        """Whether the stack differs from the stack set, and no operation in progress updates it."""
        return self.status != "CURRENT" and self.detail not in EXPECTED

    @property
    def state(self) -> str:
        """The status to show: the detailed status if it is more precise."""
        outdated = self.status == "OUTDATED" and self.detail not in ("", "SUCCEEDED")
        return self.detail if outdated or self.detail in EXPECTED else self.status


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The last operation that changed a stack set."""

    id: str
    action: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class StackSet:
    """A stack set that a stack contains. `instances` are its own stacks, the failed ones first."""

    logical_id: str
    id: str
    status: str
    operation: Operation | None = None
    instances: tuple[Instance, ...] = ()

    @property
    def failed(self) -> int:
        """The number of its stacks that failed."""
        return sum(one.failed for one in self.instances)


def find(cloud: Cloud, stack: Stack, listener: Listener) -> tuple[StackSet, ...]:
    """Return the stack sets of a stack. Without the permission to list resources, report this and return none.

    Raises:
        CloudError: AWS rejected a call for a stack set.
    """
    try:
        items = [item for item in existing_resources(cloud, stack) if item["ResourceType"] == targets.TYPE]
    except CloudError as error:
        if error.code not in DENIED:
            raise
        listener.say(f"It is not known whether stack {stack.name} contains stack sets. {error}")
        return ()
    # a stack set that is being created has no ID yet
    return tuple(
        _describe(cloud, item["LogicalResourceId"], item["PhysicalResourceId"])
        for item in items
        if item.get("PhysicalResourceId")
    )


def _describe(cloud: Cloud, logical_id: str, set_id: str) -> StackSet:
    known = describe(cloud, set_id)
    if known is None:
        return StackSet(logical_id=logical_id, id=set_id, status="DELETED")
    described, arguments = known
    status = described["Status"]
    listed = cloud.pages("cloudformation", "list_stack_instances", "Summaries", MaxResults=PAGE, **arguments)
    instances = {one.location: one for one in map(_instance, listed)}
    latest = _latest(cloud, arguments)
    # some failures and reasons are only in the results of the operation, for example if no stack was created
    unexplained = {one.operation_id for one in instances.values() if one.failed and not one.reason}
    for operation_id in sorted(unexplained | ({latest.id} if latest else set()) - {""}):
        for failure in _failures(cloud, arguments, operation_id):
            found = instances.get(failure.location, failure)
            if found.failed and not found.reason:
                found = replace(found, reason=failure.reason)
            instances[failure.location] = found
    ordered = sorted(instances.values(), key=lambda one: (not one.failed, one.location))
    return StackSet(logical_id=logical_id, id=set_id, status=status, operation=latest, instances=tuple(ordered))


def describe(cloud: Cloud, set_id: str) -> tuple[Mapping[str, Any], dict[str, str]] | None:
    """Return the description of a stack set and the arguments of calls for it; None if it is deleted.

    A delegated administrator must specify CallAs.
    """
    for caller in ("SELF", "DELEGATED_ADMIN"):
        arguments = {"StackSetName": set_id, "CallAs": caller}
        try:
            return cloud.call("cloudformation", "describe_stack_set", **arguments)["StackSet"], arguments
        except CloudError as error:
            # an account that is not a delegated administrator may not make this call: then the stack set is deleted
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


def _latest(cloud: Cloud, arguments: Mapping[str, str]) -> Operation | None:
    """Return the last operation that changed the stack set. Drift detection does not count."""
    listed = cloud.pages("cloudformation", "list_stack_set_operations", "Summaries", MaxResults=PAGE, **arguments)
    changes = [item for item in listed if item["Action"] != "DETECT_DRIFT"]
    if not changes:
        return None
    last = max(changes, key=lambda item: item["CreationTimestamp"])
    return Operation(
        id=last["OperationId"], action=last["Action"], status=last["Status"], reason=last.get("StatusReason", "")
    )


def _failures(cloud: Cloud, arguments: Mapping[str, str], operation_id: str) -> Iterator[Instance]:
    """Yield the failures of an operation as stacks, also where no stack exists."""
    results = cloud.pages(
        "cloudformation",
        "list_stack_set_operation_results",
        "Summaries",
        OperationId=operation_id,
        MaxResults=PAGE,
        **arguments,
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
