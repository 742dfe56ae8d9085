"""Show the effects of destroying a stack."""

from __future__ import annotations

from smtemplates.console.columns import folded
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.operations.operation import BUCKET
from smtemplates.deploy.resources import in_use
from smtemplates.deploy.resources import stack_set_targets as targets

CONSEQUENCES = {
    targets.TYPE: ", and its stacks in all accounts and Regions, except the resources that their template retains",
    in_use.SHARE: (
        ". Products that its account launched are not visible from this account. Have them terminated there first."
    ),
}


def table(plan: Destruction, *, delete_data: bool) -> str:
    """Return the effects of destroying a stack as text."""
    lines = []
    if plan.stack is None:
        lines.append(f"Stack {plan.name} is deleted already. These buckets of it were retained.")
    else:
        lines.append(f"Destroying stack {plan.name} ({plan.stack.status}) deletes {len(plan.deleted)} resource(s):")
        lines += [
            f"  - {item.logical_id} ({item.type}) {item.physical_id}{CONSEQUENCES.get(item.type, '')}"
            for item in plan.deleted
        ]
    if plan.unknown_policies:
        lines.append("AWS returns a template that cannot be read. Resources that it retains are also in this list.")
    emptied = [item for item in plan.retained if delete_data and item.type == BUCKET]
    retained = [item for item in plan.retained if item not in emptied]
    if emptied:
        lines.append("ALL DATA in these buckets is deleted (all versions of all objects), and then the buckets:")
        lines += [f"  - {item.logical_id} {item.physical_id}" for item in emptied]
    if retained:
        lines.append("These resources are retained outside any stack:")
        lines += [f"  = {item.logical_id} ({item.type}) {item.physical_id}" for item in retained]
    if plan.log_groups:
        lines.append("These log groups are retained because other workspaces can use them:")
        lines += [f"  = {name}" for name in plan.log_groups]
    if plan.studio_contents:
        lines.append("These Studio apps and spaces are deleted first, with all files and processes in them:")
        lines += [f"  - {name}" for name in plan.studio_contents.names()]
    if plan.blockers:
        lines.append("The stack cannot be destroyed for these reasons:")
        lines += [f"  ! {text}" for text in plan.blockers]
    return "\n".join(part for line in lines for part in folded(line, 6))
