"""Read the resources of a stack and of its nested stacks, with their deletion policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.events import STACK_TYPE
from smtemplates.deploy.operations.stack import Stack
from smtemplates.synth import declarations

RETAINING_POLICIES = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack. `logical_id` is Child/ID in a nested stack.

    `policy` is its DeletionPolicy: '' without one, and None if it is not known. `declared` is its declaration in the
    template, `status` its status, and `reason` the reason of AWS for the status.
    """

    logical_id: str
    type: str
    physical_id: str
    policy: str | None = ""
    status: str = ""
    reason: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def retained(self) -> bool:
        """Whether the template retains the resource."""
        return self.policy in RETAINING_POLICIES


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A stack with its nested stacks.

    `content` is the template of the stack itself. `unknown` are sentences on missing information. `stacks` are the
    names of all stacks, and `exports` the names of their exports.
    """

    resources: tuple[Resource, ...]
    content: Mapping[str, Any]
    unknown: tuple[str, ...] = ()
    stacks: frozenset[str] = frozenset()
    exports: tuple[str, ...] = ()


def read_tree(cloud: Cloud, stack: Stack, prefix: str = "") -> Tree:
    """Return the existing resources of a stack and of its nested stacks.

    Raises:
        CloudError: AWS rejected a call or did not answer.
    """
    items = list(stacks.existing_resources(cloud, stack))
    content, problem = _template(cloud, stack)
    declared = declarations.resources(content)
    resources: list[Resource] = []
    children: list[Tree] = []
    for item in items:
        if not item.get("PhysicalResourceId"):
            continue
        resource = _resource(item, declared, prefix, known=not problem)
        resources.append(resource)
        if resource.type == STACK_TYPE and not resource.retained:
            child = stacks.find(cloud, resource.physical_id)
            if child is not None and child.status != "DELETE_COMPLETE":
                children.append(read_tree(cloud, child, f"{resource.logical_id}/"))
    functions = [] if problem else [item.logical_id for item in resources if item.policy is None]
    unknown = [problem] if problem else []
    if functions:
        unknown.append(f"It is not known whether AWS retains {', '.join(functions)}: the policy is a function.")
    return Tree(
        resources=(*resources, *(one for child in children for one in child.resources)),
        content=content,
        unknown=(*unknown, *(text for child in children for text in child.unknown)),
        stacks=frozenset({stack.name}).union(*(child.stacks for child in children)),
        exports=(
            *(output.export for output in stack.outputs.values() if output.export),
            *(name for child in children for name in child.exports),
        ),
    )


def _resource(item: Mapping[str, Any], declared: Mapping[str, Any], prefix: str, *, known: bool) -> Resource:
    declaration = declarations.mapping(declared.get(item["LogicalResourceId"]))
    policy = declaration.get("DeletionPolicy", "")
    return Resource(
        logical_id=prefix + item["LogicalResourceId"],
        type=item["ResourceType"],
        physical_id=item["PhysicalResourceId"],
        # with AWS::LanguageExtensions, the policy can be a function
        policy=policy if known and isinstance(policy, str) else None,
        status=item.get("ResourceStatus", ""),
        reason=item.get("ResourceStatusReason") or "",
        declared=declaration,
    )


def _template(cloud: Cloud, stack: Stack) -> tuple[Mapping[str, Any], str]:
    """Return the template of a stack, and a sentence if it cannot be read. A planned stack has none.

    The stack can be destroyed without it: CloudFormation retains resources as its own copy of the template states.
    """
    if stack.status == "REVIEW_IN_PROGRESS":
        return {}, ""
    reason = "AWS returns a text that is not a template."
    try:
        if (content := stacks.template(cloud, StackName=stack.id)) is not None:
            return content, ""
    except CloudError as error:
        if error.code not in DENIED | {"ValidationError"}:
            raise
        reason = sentence(error)
    return {}, (
        f"The template of stack {stack.name} cannot be read: {reason} It is not known which resources AWS retains "
        "when it deletes the stack, and which log groups it uses."
    )
