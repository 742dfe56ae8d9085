"""Destroy a stack: determine the deleted and retained resources and the blockers, and then delete the stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.operation import BUCKET, delete_and_wait
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.resources import buckets, in_use
from smtemplates.deploy.studio import contents as studio
from smtemplates.evaluate import Stack as Evaluated
from smtemplates.synth import sections

LOG_GROUPS = "Custom::LogGroups"
RETAINING_POLICIES = ("Retain", "RetainExceptOnCreate", "Snapshot")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack."""

    logical_id: str
    type: str
    physical_id: str


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """The effects of destroying a stack.

    `stack` is None if the stack is deleted already and only its buckets exist. `log_groups` are the retained log groups
    that the stack uses. `unknown_policies` is True if the template cannot be read: then no resource is in `retained`,
    although CloudFormation retains some resources. `blockers` are the reasons that prevent
    the deletion. `studio_contents` are the Studio apps and spaces that are deleted first.
    """

    name: str
    stack: Stack | None
    deleted: tuple[Resource, ...] = ()
    retained: tuple[Resource, ...] = ()
    unknown_policies: bool = False
    log_groups: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    studio_contents: studio.Contents = field(default_factory=studio.Contents)

    @property
    def retained_buckets(self) -> tuple[str, ...]:
        """The names of the buckets that still exist after the deletion of the stack."""
        return tuple(item.physical_id for item in self.retained if item.type == BUCKET)


def plan_destruction(cloud: Cloud, name: str, *, delete_data: bool) -> Destruction:
    """Return the effects of destroying a stack.

    Raises:
        DeploymentError: No stack and no retained bucket of that name exists.
    """
    stack = stacks.find(cloud, name)
    if stack is None:
        left = _left_behind(cloud, name) if delete_data else ()
        if not left:
            stacks.get(cloud, name)
        return Destruction(name=name, stack=None, retained=left)
    items = [
        Resource(
            logical_id=item["LogicalResourceId"], type=item["ResourceType"], physical_id=item["PhysicalResourceId"]
        )
        for item in cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
        if item.get("PhysicalResourceId") and item.get("ResourceStatus") not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
    ]
    content = {} if stack.status == "REVIEW_IN_PROGRESS" else stacks.template(cloud, StackName=stack.id)
    declared = sections.resources(content or {})
    retained = tuple(
        item for item in items if declared.get(item.logical_id, {}).get("DeletionPolicy") in RETAINING_POLICIES
    )
    deleted = tuple(item for item in items if item not in retained)
    domains = [item.physical_id for item in deleted if item.type == studio.DOMAIN]
    groups = [item.physical_id for item in deleted if item.type == "AWS::SageMaker::ModelPackageGroup"]
    blockers = studio.model_version_blockers(cloud, groups)
    if content is None and (delete_data or domains):
        blockers.append(
            "AWS returns a template that cannot be read, so it is not known which resources it retains. To keep their "
            "data, nothing is deleted. Delete the stack in the CloudFormation console."
        )
    blockers += _users_of(cloud, stack, [(item, declared.get(item.logical_id, {})) for item in deleted])
    if not delete_data:
        blockers += [
            f"Bucket {item.physical_id} is not empty, and the template does not retain it. To empty it, add "
            "--delete-data."
            for item in deleted
            if item.type == BUCKET and not buckets.is_empty(cloud, item.physical_id)
        ]
    return Destruction(
        name=stack.name,
        stack=stack,
        deleted=deleted,
        retained=retained,
        unknown_policies=content is None,
        log_groups=_log_groups(content or {}, stack, [item.logical_id for item in items if item.type == LOG_GROUPS]),
        blockers=tuple(blockers),
        studio_contents=studio.find_contents(cloud, domains),
    )


def _users_of(cloud: Cloud, stack: Stack, deleted: Sequence[tuple[Resource, Mapping[str, Any]]]) -> list[str]:
    """Return texts on provisioned products and roles that still need the deleted resources.

    Each resource is given with its declaration in the template.
    """
    products = [item.physical_id for item, _ in deleted if item.type == in_use.PRODUCT]
    policies = {item.physical_id: body for item, body in deleted if item.type == in_use.POLICY}
    blockers = in_use.product_blockers(cloud, products) + in_use.boundary_blockers(cloud, policies)
    if boundary := stack.parameters.get(in_use.BOUNDARY):
        roles = [body for item, body in deleted if item.type == in_use.ROLE]
        blockers += in_use.launch_role_blockers(cloud, boundary, roles)
    return blockers


def _log_groups(content: Mapping[str, Any], stack: Stack, resources: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the log groups that custom resources of the stack manage.

    No API returns them, so the template is evaluated. `resources` are the logical IDs of the custom resources.
    """
    if not resources:
        return ()
    pseudo = {"AWS::StackId": stack.id, "AWS::StackName": stack.name, "AWS::Region": stack.id.split(":")[3]}
    evaluated = Evaluated(content, stack.parameters, pseudo=pseudo).resources
    # after a failed update, the stack can contain resources that its template does not create
    properties = [evaluated[name].get("Properties", {}) for name in resources if name in evaluated]
    return tuple(name for each in properties for name in each.get("Names", ()))


def _left_behind(cloud: Cloud, name: str) -> tuple[Resource, ...]:
    """Return the buckets that the last deleted stack of a name retained.

    They are read from the events of the stack. AWS lists a deleted stack for 90 days.

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
    retained = {}
    for event in cloud.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=last["StackId"]):
        if event.get("ResourceStatus") == "DELETE_SKIPPED" and event.get("ResourceType") == BUCKET:
            bucket = event["PhysicalResourceId"]
            if buckets.exists(cloud, bucket):
                retained[bucket] = Resource(logical_id=event["LogicalResourceId"], type=BUCKET, physical_id=bucket)
    return tuple(retained.values())


def check(plan: Destruction, *, disable_protection: bool) -> None:
    """Check that nothing prevents the deletion of the stack.

    Raises:
        DeploymentError: Termination protection or a resource in use prevents it.
    """
    blockers = list(plan.blockers)
    if plan.stack is not None and plan.stack.protected and not disable_protection:
        blockers.insert(0, "Termination protection is on. To turn it off, add --disable-protection.")
    if blockers:
        raise DeploymentError(f"Stack {plan.name} cannot be destroyed. {' '.join(blockers)}")


def execute(
    cloud: Cloud,
    plan: Destruction,
    listener: Listener,
    *,
    delete_data: bool,
    deadline: float | None = None,
    progress: buckets.Progress | None = None,
) -> None:
    """Destroy a stack. If the command was interrupted, repeating it continues the destruction.

    Raises:
        DeploymentError: A resource could not be deleted.
    """
    stack = plan.stack
    if stack is not None:
        if stack.protected:
            arguments = {"StackName": stack.name, "EnableTerminationProtection": False}
            cloud.call("cloudformation", "update_termination_protection", **arguments)
        studio.delete_contents(cloud, plan.studio_contents, listener)
        if delete_data:
            for item in plan.deleted:
                if item.type == BUCKET:
                    buckets.empty(cloud, item.physical_id, progress)
        delete_and_wait(cloud, stack, listener, deadline=deadline)
    if delete_data:
        for bucket in plan.retained_buckets:
            buckets.empty(cloud, bucket, progress)
            try:
                cloud.call("s3", "delete_bucket", Bucket=bucket)
            except CloudError as error:
                raise DeploymentError(
                    f"Bucket {bucket} was not deleted. {sentence(error)} Repeat this command to delete it."
                ) from error
            listener.say(f"Deleted bucket {bucket}.")
