"""A stack as AWS describes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import states


@dataclass(frozen=True, kw_only=True)
class Output:
    """One output of a stack."""

    value: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that exists."""

    name: str
    id: str
    status: str
    reason: str
    updated: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    outputs: Mapping[str, Output]
    protected: bool

    @property
    def created_by_deployer(self) -> bool:
        """Tell whether this deployer made it."""
        return states.PRODUCT_TAG in self.tags


def find(cloud: Cloud, name: str) -> Stack | None:
    """Describe a stack by name or ID, or return None where there is none.

    Raises:
        CloudError: AWS does not say.
    """
    try:
        answer = cloud.call("cloudformation", "describe_stacks", StackName=name)
    except CloudError as error:
        if error.code == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return read(answer["Stacks"][0])


def get(cloud: Cloud, name: str) -> Stack:
    """Describe a stack that must be there.

    Raises:
        DeploymentError: there is no such stack.
    """
    if (stack := find(cloud, name)) is None:
        raise DeploymentError(
            f"there is no stack {name} in {cloud.region}; check its name, --region and --profile (deploy.py deploy "
            "creates it)"
        )
    return stack


def template(cloud: Cloud, **of: str) -> Mapping[str, Any]:
    """Fetch the content of the template that a stack or change set was made of.

    Raises:
        UsageError: what AWS gives is no template.
    """
    from smtemplates.synth.loader import load  # noqa: PLC0415 a YAML parser is not needed for --help

    body = cloud.call("cloudformation", "get_template", **of)["TemplateBody"]
    # the SDK has parsed what is JSON
    return load(body if isinstance(body, str) else json.dumps(body))


def read(item: Mapping[str, Any]) -> Stack:
    """Read one of the Stacks of DescribeStacks."""
    return Stack(
        name=item["StackName"],
        id=item["StackId"],
        status=item["StackStatus"],
        reason=item.get("StackStatusReason", ""),
        updated=str(item.get("LastUpdatedTime") or item.get("CreationTime") or ""),
        parameters={one["ParameterKey"]: one.get("ParameterValue", "") for one in item.get("Parameters", [])},
        tags={one["Key"]: one["Value"] for one in item.get("Tags", [])},
        outputs={
            one["OutputKey"]: Output(value=one["OutputValue"], description=one.get("Description", ""))
            for one in item.get("Outputs", [])
        },
        protected=bool(item.get("EnableTerminationProtection")),
    )


def resource_types(cloud: Cloud, stack: Stack) -> dict[str, str]:
    """Give the types of the resources that a stack has, by logical ID."""
    return {item["LogicalResourceId"]: item["ResourceType"] for item in existing_resources(cloud, stack)}


def existing_resources(cloud: Cloud, stack: Stack) -> Iterator[Mapping[str, Any]]:
    """Yield the resources that a stack has, as AWS lists them."""
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
    items = cloud.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=stack.id)
    return (item for item in items if item["ResourceStatus"] not in gone)
