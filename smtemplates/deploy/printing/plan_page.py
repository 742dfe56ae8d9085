"""Build the HTML page of a plan: one file without network access, to read, search and share with a reviewer."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from string import Template

from smtemplates.console.columns import counted
from smtemplates.core.assets import read_asset
from smtemplates.deploy.change_sets.change_groups import ChangeGroup, change_groups
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.change_text import describe_change, loses_data
from smtemplates.deploy.change_sets.validation import describe_finding
from smtemplates.deploy.printing import plan_summary, settings_rows
from smtemplates.deploy.printing.plan_rows import Labels, colour, row
from smtemplates.deploy.printing.plan_table import MARKS, finding_label, notes
from smtemplates.pages.drawing import Row, asset, drawing

URGENT = ("loss", "unseen")
EMPTY = '<span class="muted">(empty)</span>'


def plan_page(plan: Plan, existing: Mapping[str, str]) -> str:
    """Return the HTML page of a plan: a summary, the loss of data, a drawing of the stack, and the other changes.

    `existing` are the types of the existing resources of the stack by logical ID.
    """
    labels = Labels(plan.all_changes, existing)
    groups = change_groups(plan.all_changes)
    shown = {group.meaning: _group(group, labels) for group in groups}
    return Template(read_asset(__package__, "plan_page.html")).substitute(
        stack=escape(plan.stack),
        style=asset("drawing.css"),
        title=escape(_title(plan)),
        lead=_lead(plan),
        notes=_notes(plan),
        parts=_parts(groups),
        urgent="\n".join(text for meaning, text in shown.items() if meaning in URGENT),
        drawing=_drawing(plan, existing, labels),
        changes="\n".join(text for meaning, text in shown.items() if meaning not in URGENT),
        settings=settings_rows.html_table(plan.settings),
        details=_details(plan),
    )


def _title(plan: Plan) -> str:
    verb = "Plan of" if plan.up_to_date else "Create" if plan.kind == "CREATE" else "Update"
    return f"{verb} stack {plan.stack} ({plan.region})"


def _lead(plan: Plan) -> str:
    lost = escape(plan_summary.loss(plan))
    urgent = plan.unseen or any(map(loses_data, plan.all_changes))
    return f"{escape(plan_summary.effect(plan))} {f'<b>{lost}</b>' if urgent else lost}"


def _notes(plan: Plan) -> str:
    texts = [plan_summary.PERMISSION] if plan.destructive or plan.unseen else []
    texts += [f"{finding_label(one).capitalize()}: {describe_finding(one)}" for one in plan.findings]
    items = [f'<li class="warning">{escape(text)}</li>' for text in (*texts, *notes(plan))]
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _parts(groups: tuple[ChangeGroup, ...]) -> str:
    """Return links to the groups, with the number of changes in each."""
    links = "".join(
        f'<li><a href="#{group.meaning}">{escape(group.title)}: {len(group.changes)}</a></li>' for group in groups
    )
    return f'<nav aria-label="Groups of changes"><ul>{links}</ul></nav>' if len(groups) > 1 else ""


def _group(group: ChangeGroup, labels: Labels) -> str:
    rows = "\n".join(row(change, labels, implied=group.implied) for change in group.changes)
    kind = "destroy" if group.meaning in URGENT else "calm"
    return (
        f'<section class="group-of-changes {kind}" id="{group.meaning}" aria-labelledby="{group.meaning}-title">'
        f'<h2 id="{group.meaning}-title">{escape(group.title)} ({len(group.changes)})</h2>\n{rows}</section>'
    )


def _drawing(plan: Plan, existing: Mapping[str, str], labels: Labels) -> str:
    rows = {name: Row(type=type_, mark="=", colour="same", meaning="unchanged") for name, type_ in existing.items()}
    for one in plan.changes:
        # the drawing has one node for a nested stack, also for the changes in it
        destructive = any(change.destructive for change in one.walk())
        unseen = any(change.unseen for change in one.walk())
        meaning = f"{one.fate} (destructive)" if destructive else f"{one.fate} (cannot be seen)" if unseen else one.fate
        rows[one.logical_id] = Row(
            type=one.type,
            mark=MARKS[one.fate],
            colour="destroy" if destructive or unseen else colour(one),
            meaning=meaning,
            details=describe_change(one),
            target=labels.anchor(one),
        )
    if not rows:
        return ""
    same = "The lists of changes contain everything that the drawing shows." if plan.changes else ""
    return (
        '<section aria-labelledby="drawing-title" aria-describedby="drawing-text"><h2 id="drawing-title">The stack</h2>'
        f'<p id="drawing-text">{same}</p>{drawing(rows, absent="not in this stack")}</section>'
    )


def _details(plan: Plan) -> str:
    """Return the parameters and tags, which open on demand, and the identifiers of the change set."""
    parts = [_values("parameter", plan.parameters), _values("tag", plan.tags)]
    if plan.capabilities and not plan.empty:
        parts.append(f"<p>Required capabilities: {escape(', '.join(plan.capabilities))}</p>")
    parts.append(f"<p>Change set: <code>{escape(plan.change_set_id)}</code></p>")
    return f"<h2>Details</h2>{''.join(parts)}"


def _values(noun: str, values: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value) or EMPTY}</td></tr>" for name, value in sorted(values.items())
    )
    head = "<thead><tr><th>Name</th><th>Value</th></tr></thead>"
    table = f"<table>{head}<tbody>{rows}</tbody></table>"
    return f'<details class="more"><summary>{counted(len(values), noun)}</summary>{table}</details>' if rows else ""
