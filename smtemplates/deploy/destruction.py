"""Destroy a stack: say what goes, what stays and what is in the way, then do it; data only if that is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import folded
from smtemplates.deploy import buckets, in_use, studio
from smtemplates.deploy import stack as stacks
from smtemplates.deploy import stack_set_targets as places
from smtemplates.deploy.operation import BUCKET, delete_and_wait
from smtemplates.deploy.stack import Stack
from smtemplates.deploy.watcher import Listener

LOG_GROUPS = "Custom::LogGroups"
KEEP = ("Retain", "RetainExceptOnCreate", "Snapshot")
WITH_IT = {
    places.TYPE: ", and its stacks in every account and Region, but for what their own template keeps",
    in_use.SHARE: "; what its account launched cannot be seen from here, so have it terminated there first",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack."""

    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True, kw_only=True)
class Demolition:
    """What destroying a stack would do. `stack` is None where it is gone already, and only its buckets are left."""

    name: str
    stack: Stack | None
    goes: tuple[Resource, ...] = ()
    stays: tuple[Resource, ...] = ()
    shared: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    clears: studio.Rooms = field(default_factory=studio.Rooms)

    @property
    def buckets(self) -> tuple[str, ...]:
        """The buckets that outlive the stack unless their data is to go too."""
        return tuple(item.physical_id for item in self.stays if item.type == BUCKET)


def survey(cloud: Cloud, name: str, *, delete_data: bool) -> Demolition:
    """Find out what destroying a stack would do.

    Raises:
        DeploymentError: there is nothing of that name to destroy.
    """
    stack = stacks.find(cloud, name)
    if stack is None:
        left = _left_behind(cloud, name) if delete_data else ()
        if not left:
            stacks.get(cloud, name)
        return Demolition(name=name, stack=None, stays=left)
    items = [
        Resource(
            logical_id=item["LogicalResourceId"], type=item["ResourceType"], physical_id=item["PhysicalResourceId"]
        )
        for item in cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
        if item.get("PhysicalResourceId") and item.get("ResourceStatus") not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
    ]
    content = {} if stack.status == "REVIEW_IN_PROGRESS" else stacks.template(cloud, StackName=stack.id)
    declared = content.get("Resources") or {}
    stays = tuple(item for item in items if declared.get(item.logical_id, {}).get("DeletionPolicy") in KEEP)
    goes = tuple(item for item in items if item not in stays)
    rooms = studio.look(cloud, [item.physical_id for item in goes if item.type == studio.DOMAIN])
    blocks = studio.packages(
        cloud, [item.physical_id for item in goes if item.type == "AWS::SageMaker::ModelPackageGroup"]
    )
    blocks += _needed(cloud, stack, [(item, declared.get(item.logical_id, {})) for item in goes])
    if not delete_data:
        blocks += [
            f"bucket {item.physical_id} is not empty and the template does not keep it; --delete-data empties it"
            for item in goes
            if item.type == BUCKET and not buckets.is_empty(cloud, item.physical_id)
        ]
    return Demolition(
        name=stack.name,
        stack=stack,
        goes=goes,
        stays=stays,
        shared=_log_groups(content, stack, [item.logical_id for item in items if item.type == LOG_GROUPS]),
        blocks=tuple(blocks),
        clears=rooms,
    )


def _needed(cloud: Cloud, stack: Stack, goes: Sequence[tuple[Resource, Mapping[str, Any]]]) -> list[str]:
    """Say who still needs what goes, given with how it is declared."""
    told = in_use.launches(cloud, [item.physical_id for item, _ in goes if item.type == in_use.PRODUCT])
    told += in_use.bounds(cloud, {item.physical_id: about for item, about in goes if item.type == in_use.POLICY})
    if boundary := stack.parameters.get(in_use.BOUNDARY):
        told += in_use.stranded(cloud, boundary, [about for item, about in goes if item.type == in_use.ROLE])
    return told


def _log_groups(content: Mapping[str, Any], stack: Stack, makers: Sequence[str]) -> tuple[str, ...]:
    """Name the log groups that the stack's function set up: no API tells, so the template is evaluated."""
    if not makers:
        return ()
    from smtemplates.evaluate import Stack as Evaluated  # noqa: PLC0415 few stacks need it

    pseudo = {"AWS::StackId": stack.id, "AWS::StackName": stack.name, "AWS::Region": stack.id.split(":")[3]}
    resources = Evaluated(content, stack.parameters, pseudo=pseudo).resources
    # an update that failed half-way leaves what its template makes no more
    made = [resources[maker].get("Properties", {}) for maker in makers if maker in resources]
    return tuple(name for properties in made for name in properties.get("Names", ()))


def _left_behind(cloud: Cloud, name: str) -> tuple[Resource, ...]:
    """Find the buckets that the last deleted stack of a name kept, from its events; AWS lists such a stack for 90 days.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
    """
    deleted = [
        item
        for item in cloud.pages(
            "cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"]
        )
        if item["StackName"] == name
    ]
    if not deleted:
        return ()
    last = max(deleted, key=lambda item: item.get("DeletionTime") or item["CreationTime"])
    kept = {}
    for event in cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=last["StackId"]):
        if event.get("ResourceStatus") == "DELETE_SKIPPED" and event.get("ResourceType") == BUCKET:
            bucket = event["PhysicalResourceId"]
            if buckets.exists(cloud, bucket):
                kept[bucket] = Resource(logical_id=event["LogicalResourceId"], type=BUCKET, physical_id=bucket)
    return tuple(kept.values())


def table(plan: Demolition, *, delete_data: bool) -> str:
    """Show what destroying would do."""
    lines = []
    if plan.stack is None:
        lines.append(f"stack {plan.name} is deleted already; it left these buckets behind")
    else:
        lines.append(f"destroying stack {plan.name} ({plan.stack.status}) deletes {len(plan.goes)} resource(s):")
        lines += [
            f"  - {item.logical_id} ({item.type}) {item.physical_id}{WITH_IT.get(item.type, '')}" for item in plan.goes
        ]
    gone = [item for item in plan.stays if delete_data and item.type == BUCKET]
    kept = [item for item in plan.stays if item not in gone]
    if gone:
        lines.append("ALL DATA in these buckets is deleted, every version of every object, and then the buckets:")
        lines += [f"  - {item.logical_id} {item.physical_id}" for item in gone]
    if kept:
        lines.append("these stay, outside any stack:")
        lines += [f"  = {item.logical_id} ({item.type}) {item.physical_id}" for item in kept]
    if plan.shared:
        lines.append("these log groups stay, for others may use them:")
        lines += [f"  = {name}" for name in plan.shared]
    if plan.clears:
        lines.append("Studio has to be cleared first; these are deleted with all that runs in them:")
        lines += [f"  - {told}" for told in plan.clears.told()]
    if plan.blocks:
        lines.append("this is in the way:")
        lines += [f"  ! {told}" for told in plan.blocks]
    return "\n".join(part for line in lines for part in folded(line, 6))


def check(plan: Demolition, *, disable_protection: bool) -> None:
    """Refuse what could only fail half-way.

    Raises:
        DeploymentError: something is in the way.
    """
    blocks = list(plan.blocks)
    if plan.stack is not None and plan.stack.protected and not disable_protection:
        blocks.insert(0, "termination protection is on; --disable-protection turns it off")
    if blocks:
        raise DeploymentError(f"stack {plan.name} cannot be destroyed: {'; '.join(blocks)}")


def demolish(
    cloud: Cloud,
    plan: Demolition,
    listener: Listener,
    *,
    delete_data: bool,
    deadline: float | None = None,
    counted: buckets.Progress | None = None,
) -> None:
    """Destroy what was surveyed. Repeating it after an interruption goes on where it was.

    Raises:
        DeploymentError: something could not be deleted.
    """
    stack = plan.stack
    if stack is not None:
        if stack.protected:
            arguments = {"StackName": stack.name, "EnableTerminationProtection": False}
            cloud.call("cloudformation", "update_termination_protection", **arguments)
        studio.clear(cloud, plan.clears, listener)
        if delete_data:
            for item in plan.goes:
                if item.type == BUCKET:
                    buckets.empty(cloud, item.physical_id, counted)
        delete_and_wait(cloud, stack, listener, deadline=deadline)
    if delete_data:
        for bucket in plan.buckets:
            buckets.empty(cloud, bucket, counted)
            try:
                cloud.call("s3", "delete_bucket", Bucket=bucket)
            except CloudError as error:
                raise DeploymentError(f"bucket {bucket} is still there: {error}; repeat this command") from error
            listener.say(f"deleted bucket {bucket}")
