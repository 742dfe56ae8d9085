"""Summarize a plan in sentences: the number of changes, the loss of data, and the permission that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from smtemplates.console.columns import counted
from smtemplates.deploy.change_sets.change_plan import Fate, Plan
from smtemplates.deploy.change_sets.change_text import joined, loses_data

# The words before and after the number of resources with a fate, in the order of the sentence.
VERBS: Mapping[Fate, tuple[str, str]] = {
    "create": ("creates", ""),
    "update": ("changes", ""),
    "replace": ("replaces", ""),
    "may replace": ("may replace", ""),
    "delete": ("deletes", ""),
    "may change": ("may change", ""),
    "import": ("imports", ""),
    "record": ("records", " without a change"),
    "leave the stack": ("retains", " outside the stack"),
}
PERMISSION = "deploy rejects this plan without --allow-destructive."


def effect(plan: Plan) -> str:
    """Return a sentence on the effect of a plan, such as "Creates 9 resources, changes 2 and replaces 1."."""
    if plan.up_to_date and plan.reverting:
        return "No change. AWS found no drift to revert."
    if plan.up_to_date:
        return "No change. The stack is up to date."
    if not plan.changes:
        only = "settings of the stack" if plan.settings else "outputs, metadata or tags"
        return f"Changes no resource, only {only}."
    fates = [change.fate for change in plan.all_changes]
    parts: list[str] = []
    for fate, (verb, after) in VERBS.items():
        if number := fates.count(fate):
            parts.append(f"{verb} {f'{number:,}' if parts else counted(number, 'resource')}{after}")
    text = joined(parts)
    return f"{text[0].upper()}{text[1:]}."


def loss(plan: Plan) -> str:
    """Return a sentence on the data that a plan deletes, and on effects that cannot be seen; '' without changes."""
    lost = [change for change in plan.all_changes if loses_data(change)]
    if lost:
        return f"Data of {counted(len(lost), 'resource')} would be lost."
    if plan.unseen:
        return f"The effect of {counted(len(plan.unseen), 'change')} cannot be seen."
    if plan.destructive:
        return "None of the replaced or deleted resources is known to contain data."
    return "No resource is replaced or deleted." if plan.changes else ""
