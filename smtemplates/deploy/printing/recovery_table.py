"""Show the effects of rolling a stack back."""

from __future__ import annotations

from smtemplates.aws_data.data_loss import data_loss
from smtemplates.console.columns import counted, folded
from smtemplates.deploy.recovery import Rollback


def table(rollback: Rollback) -> str:
    """Return the effects of a rollback as text."""
    stack = rollback.stack
    lines = []
    if not rollback.deletes:
        lines.append(f"Rolling back stack {stack.name} ({stack.status}) returns it to its last stable state.")
    else:
        lines.append(
            f"The events of stack {stack.name} ({stack.status}) show no earlier stable state. Rolling it back deletes "
            f"the stack and {counted(len(rollback.deleted), 'resource')}:"
        )
        for item in rollback.deleted:
            lines.append(f"  - {item.logical_id} ({item.type}) {item.physical_id}")
            if loss := data_loss(item.type, item.logical_id):
                lines.append(f"    {loss}")
    if rollback.retained:
        lines.append("These resources are retained outside any stack:")
        lines += [f"  = {item.logical_id} ({item.type}) {item.physical_id}" for item in rollback.retained]
    if rollback.skipped:
        lines.append(
            "These resources are not rolled back. Afterwards they can differ from the template of the stack, so change "
            "the template or the resources before the next deployment:"
        )
        lines += [f"  = {name}" for name in rollback.skipped]
    return "\n".join(part for line in lines for part in folded(line, 6))
