"""Describe stacks, their templates and their resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import states
from smtemplates.errors import nearest
from smtemplates.synth import received


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a stack; `export` is the name under which other stacks can import it, or ''."""

    value: str
    description: str = ""
    export: str = ""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that exists.

    `operations` are the IDs of its last operations, the latest first. `change_set_id` is the change set that was
    executed last. AWS does not return them for every stack.
    `rollback_alarms` are the types of the rollback triggers by ARN.
    """

    name: str
    id: str
    status: str
    reason: str
    updated: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    outputs: Mapping[str, Output]
    protected: bool
    operations: tuple[str, ...] = ()
    change_set_id: str | None = None
    notification_arns: tuple[str, ...] = ()
    rollback_alarms: Mapping[str, str] = field(default_factory=dict)
    monitoring_minutes: int = 0
    role_arn: str | None = None

    @property
    def created_by_deployer(self) -> bool:
        """Whether this deployer created the stack."""
        return states.PRODUCT_TAG in self.tags

    def other_project(self, project: str) -> str:
        """Return the name of the project that created the stack if it is another one; '' if not or if unknown."""
        found = self.tags.get(states.PROJECT_TAG, "")
        return found if project and found != project else ""


def find(cloud: Cloud, name: str) -> Stack | None:
    """Return a stack by name or ID, or None if it does not exist.

    Raises:
        CloudError: AWS rejected the call or did not answer.
    """
    try:
        answer = cloud.call("cloudformation", "describe_stacks", StackName=name)
    except CloudError as error:
        if error.code == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return read(answer["Stacks"][0])


def existing(stack: Stack | None) -> Stack | None:
    """Return a stack, or None if it does not exist yet or any more. AWS shows such a stack with its change sets."""
    return None if stack is None or stack.status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else stack


def get(cloud: Cloud, name: str) -> Stack:
    """Return a stack by name or ID.

    Raises:
        DeploymentError: The stack does not exist.
    """
    if (stack := find(cloud, name)) is None:
        raise DeploymentError(_missing(cloud, name))
    return stack


def _missing(cloud: Cloud, name: str) -> str:
    """Return the message about a stack that does not exist, with the nearest name if the user may list stacks."""
    try:
        existing = [item["StackName"] for item in cloud.pages("cloudformation", "describe_stacks", "Stacks")]
    except CloudError:
        existing = []
    near = nearest(name, existing)
    profile = f" --profile {quote(cloud.connection.profile)}" if cloud.connection.profile else ""
    return (
        f"Stack {name} does not exist in {cloud.region}{f'; did you mean {near}?' if near else '.'} Check the name, "
        "--region and --profile. To list all stacks, run: aws cloudformation describe-stacks --query "
        f'"Stacks[].StackName" --region {cloud.region}{profile}'
    )


def template_text(cloud: Cloud, **of: str) -> str:
    """Return the text of the template of a stack or change set.

    `of` are the arguments of GetTemplate that identify it, such as StackName.
    """
    body = cloud.call("cloudformation", "get_template", **of).get("TemplateBody", "")
    # the SDK has already parsed a template in JSON
    return body if isinstance(body, str) else json.dumps(body)


def template(cloud: Cloud, **of: str) -> Mapping[str, Any] | None:
    """Return the content of the template of a stack or change set, or None if it cannot be read.

    The template is the one after all transforms, unless `TemplateStage` is Original.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html
    """
    return received.read(template_text(cloud, **of))


def read(item: Mapping[str, Any]) -> Stack:
    """Build a stack from an item of Stacks in the answer of DescribeStacks."""
    rollback = item.get("RollbackConfiguration", {})
    return Stack(
        name=item["StackName"],
        id=item["StackId"],
        status=item["StackStatus"],
        reason=item.get("StackStatusReason", ""),
        updated=str(item.get("LastUpdatedTime") or item.get("CreationTime") or ""),
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in item.get("Parameters", [])},
        tags={one["Key"]: one["Value"] for one in item.get("Tags", [])},
        outputs={
            one["OutputKey"]: Output(
                value=one["OutputValue"], description=one.get("Description", ""), export=one.get("ExportName", "")
            )
            for one in item.get("Outputs", [])
        },
        protected=bool(item.get("EnableTerminationProtection")),
        operations=tuple(
            one["OperationId"]
            for one in item.get("LastOperations", [])
            if one.get("OperationId") and one.get("OperationType") != "CREATE_CHANGESET"
        ),
        change_set_id=item.get("ChangeSetId"),
        notification_arns=tuple(item.get("NotificationARNs", [])),
        rollback_alarms={one["Arn"]: one["Type"] for one in rollback.get("RollbackTriggers", [])},
        monitoring_minutes=rollback.get("MonitoringTimeInMinutes", 0),
        role_arn=item.get("RoleARN"),
    )


def resource_types(cloud: Cloud, stack: Stack) -> dict[str, str]:
    """Return the types of the resources of a stack by logical ID."""
    return {item["LogicalResourceId"]: item["ResourceType"] for item in existing_resources(cloud, stack)}


def existing_resources(cloud: Cloud, stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Yield the existing resources of a stack as items of the answer of ListStackResources."""
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
    items = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
    return (item for item in items if item["ResourceStatus"] not in gone)
