"""Show the effects of destroying a stack."""

from __future__ import annotations

from smtemplates.aws_data.data_loss import data_loss, snapshot_sentence
from smtemplates.console.columns import counted, folded
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.operations.operation import BUCKET
from smtemplates.deploy.resources import in_use
from smtemplates.deploy.resources.stack_tree import Resource
from smtemplates.deploy.studio.clearing import announcement

CONSEQUENCES = {
    in_use.SHARE: (
        ". Products that its account launched are not visible from this account. Have them terminated there first."
    ),
}


def table(plan: Destruction, *, delete_data: bool) -> str:
    """Return the effects of destroying a stack as text."""
    lines = _deleted(plan, delete_data=delete_data)
    emptied = [item for item in plan.retained if delete_data and item.type == BUCKET]
    retained = [item for item in plan.retained if item not in emptied]
    if emptied:
        lines.append("ALL DATA in these buckets is deleted (all versions of all objects), and then the buckets:")
        lines += [f"  - {item.logical_id} {item.physical_id}" for item in emptied]
    if retained:
        lines.append("These resources are retained outside any stack:")
        lines += [f"  = {_named(item)}" for item in retained]
    if plan.left:
        lines.append("These resources are left outside any stack, as requested, and can continue to cost money:")
        lines += [f"  = {_named(item)}" for item in plan.left]
    if plan.force:
        lines += _abandoned(plan)
    if plan.log_groups:
        lines.append("These log groups are retained because other workspaces can use them:")
        lines += [f"  = {name}" for name in plan.log_groups]
    lines += announcement(plan.studio_contents)
    lines += plan.unknown
    if plan.blockers:
        lines.append("The stack cannot be destroyed for these reasons:")
        lines += [f"  ! {text}" for text in plan.blockers]
    return "\n".join(part for line in lines for part in folded(line, 6))


def _named(item: Resource) -> str:
    return f"{item.logical_id} ({item.type}) {item.physical_id}"


def _deleted(plan: Destruction, *, delete_data: bool) -> list[str]:
    """Return lines on the deleted resources, and on the data that is lost with them."""
    if plan.stack is None:
        return [f"Stack {plan.name} is deleted already. These buckets of it were retained."]
    lines = [f"Destroying stack {plan.name} ({plan.stack.status}) deletes {counted(len(plan.deleted), 'resource')}:"]
    for item in plan.deleted:
        lines.append(f"  - {_named(item)}{CONSEQUENCES.get(item.type, '')}")
        if item.type == BUCKET and delete_data:
            lost = "ALL DATA in it is deleted (all versions of all objects)."
        elif item.policy == "Snapshot":
            lost = snapshot_sentence(item.type, item.logical_id)
        else:
            lost = data_loss(item.type, item.logical_id)
        lines += [f"      {lost}"] if lost else []
    return lines


def _abandoned(plan: Destruction) -> list[str]:
    """Return lines on the resources that AWS leaves behind if it still cannot delete them."""
    lines = ["If AWS still cannot delete a resource, it is left outside any stack and can continue to cost money."]
    if plan.failed:
        lines.append("AWS could not delete these resources before:")
        lines += [f"  ! {_named(item)}: {item.reason or 'no reason given'}" for item in plan.failed]
    return lines
