"""Add the changes in nested stacks to a plan, and state the reason where AWS cannot provide them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.aws.errors import CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets.change_plan import LostResource, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.description import settled, without_change
from smtemplates.deploy.change_sets.resource_changes import resource_changes
from smtemplates.deploy.change_sets.validation import Finding, read_validation
from smtemplates.deploy.operations.events import STACK_TYPE
from smtemplates.deploy.resources import stack_set_targets as targets
from smtemplates.deploy.resources.stack_set_changes import Change, effect
from smtemplates.evaluate import sections

# Types whose resources are stacks. AWS does not provide the changes in them.
OPAQUE = {
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": (
        "AWS does not provide the changes in a provisioned product."
    ),
}
MOST_STACKS = 500
DEEPEST = 50
CHANGED = ("update", "replace", "may replace", "may change")
FAILED_CHILD = "Nested change set "


def may_contain_nested(template: Mapping[str, Any]) -> bool:
    """Return whether a stack of a template can contain nested stacks, also after a transform.

    AWS accepts IncludeNestedStacks for every template. Without it, AWS does not create change sets of nested stacks,
    so it is also sent for a template whose resources are only known after a transform, a loop or a module.
    """
    declared = sections.definitions(template, "Resources").values()
    return any(sections.type_of(body) == STACK_TYPE for body in declared) or bool(sections.hidden(template))


class NestedChanges:
    """The changes in the nested stacks of one plan.

    `reason` is the sentence for a nested stack without a change set. `secrets` are masked in all values.
    """

    def __init__(self, cloud: Cloud, secrets: list[str], reason: str) -> None:
        self.cloud, self.secrets, self.reason = cloud, secrets, reason
        self._read: set[str] = set()

    def add(self, changes: tuple[ResourceChange, ...]) -> tuple[ResourceChange, ...]:
        """Return the changes, each with the changes in its nested stack or the reason why they cannot be seen."""
        return tuple(self._added(change) for change in changes)

    def _added(self, change: ResourceChange) -> ResourceChange:
        if change.nested_change_set_id:
            return self._with_children(change, change.nested_change_set_id)
        if change.fate in CHANGED and change.type == STACK_TYPE:
            return replace(change, unseen=self.reason)
        if change.fate in CHANGED and change.type in OPAQUE:
            return replace(change, unseen=OPAQUE[change.type])
        if change.fate in CHANGED and change.type == targets.TYPE and change.physical_id:
            return self._with_stack_set_losses(change, change.physical_id)
        return change

    def _with_stack_set_losses(self, change: ResourceChange, set_id: str) -> ResourceChange:
        """Return the change of a stack set with the resources that it destroys in the stacks of the stack set."""
        changed = {
            item.path.split("/")[2]: Change(before=item.before, after=item.after, known=_complete(item))
            for item in change.properties
            if item.path.startswith("/Properties/")
        }
        found = effect(self.cloud, set_id, changed)
        losses = tuple(LostResource(logical_id=name, type=kind, replaced=again) for name, kind, again in found.losses)
        return replace(change, stack_set_losses=losses, unseen=change.unseen or found.unseen)

    def _with_children(self, change: ResourceChange, change_set_id: str) -> ResourceChange:
        if change_set_id in self._read or len(self._read) >= MOST_STACKS:
            return replace(change, unseen=f"The plan shows the changes of at most {MOST_STACKS} nested stacks.")
        self._read.add(change_set_id)
        try:
            described = settled(self.cloud, change_set_id)
        except CloudError as error:
            return replace(change, unseen=f"The change set of the nested stack could not be read. {sentence(error)}")
        if without_change(described):
            return change
        if described["Status"] != "CREATE_COMPLETE":
            reason = self.cloud.masked(described.get("StatusReason") or f"Its status is {described['Status']}")
            text = f"AWS could not create the change set of the nested stack: {sentence(reason)}"
            return replace(change, unseen=text)
        children = resource_changes(described["Changes"], self.secrets, stack_path=change.id)
        return replace(change, nested=self.add(children))


def _complete(item: PropertyChange) -> bool:
    """Return whether AWS returned the values of a property before and after the change."""
    return item.known and (item.before is not None or item.after is not None)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A nested stack because of which AWS could not create a change set."""

    id: str
    reason: str
    findings: tuple[Finding, ...]


def failures(cloud: Cloud, described: Mapping[str, Any], path: str = "", depth: int = 0) -> Iterator[Failure]:
    """Yield the nested stacks because of which AWS could not create a change set.

    The status reason of the change set itself only contains the ARN of the first of them.

    Source: https://github.com/aws/aws-sam-cli/issues/2406
    """
    for change in resource_changes(described["Changes"], stack_path=path):
        if not change.nested_change_set_id or depth > DEEPEST:
            continue
        try:
            child = settled(cloud, change.nested_change_set_id)
        except CloudError:
            continue
        if child["Status"] != "FAILED" or without_change(child):
            continue
        reason = cloud.masked(child.get("StatusReason", ""))
        if not reason.startswith(FAILED_CHILD):
            found = read_validation(cloud, change.nested_change_set_id).findings
            inside = tuple(replace(one, resource=f"{change.id}/{one.resource}") for one in found)
            yield Failure(id=change.id, reason=reason or "AWS returned no reason", findings=inside)
        yield from failures(cloud, child, change.id, depth + 1)
