"""Build the HTML page of a plan: one file without network access, to read, search and share with a reviewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any, Literal

from smtemplates.core.assets import read_asset
from smtemplates.deploy.change_sets.change_plan import Fate, Plan, PropertyChange, ResourceChange, describe_change
from smtemplates.deploy.printing import settings_rows
from smtemplates.deploy.printing.plan_table import MARKS, destructive_summary, headline, path_of
from smtemplates.pages.drawing import Row, asset, drawing

RECREATION = {"Always": "replaces the resource", "Conditionally": "may replace the resource", "Never": ""}


def plan_page(plan: Plan, existing: Mapping[str, str]) -> str:
    """Return the HTML page of a plan: a drawing of the stack, the destructive changes, then the others by name.

    `existing` are the types of the existing resources of the stack by logical ID.
    """
    page = Template(read_asset(__package__, "plan_page.html"))
    changes = sorted(plan.changes, key=lambda change: (not change.destructive, change.logical_id))
    return page.substitute(
        stack=escape(plan.stack),
        headline=escape(headline(plan)),
        notes=_notes(plan),
        style=asset("drawing.css"),
        script=asset("drawing.js"),
        drawing=_drawing(plan, existing),
        filters="\n".join(_filter(fate) for fate in dict.fromkeys(change.fate for change in changes)),
        changes="\n".join(_change(change) for change in changes),
        settings=settings_rows.html_table(plan.settings)
        + _values_table("Parameters", plan.parameters)
        + _values_table("Tags", plan.tags),
    )


def _notes(plan: Plan) -> str:
    notes = [f"<li>Change set {escape(plan.change_set_id)}</li>"]
    if plan.capabilities and not plan.empty:
        notes.append(f"<li>Required capabilities: {escape(', '.join(plan.capabilities))}</li>")
    for one in plan.findings:
        kind = "error" if one.fatal else "warning"
        notes.append(
            f'<li class="warning">Validation {kind}: {escape(f"{one.resource} {one.path}: {one.reason}")}</li>'
        )
    if plan.destructive:
        notes.insert(0, f'<li class="warning"><b>{escape(destructive_summary(plan))}</b></li>')
    return f"<ul>{''.join(notes)}</ul>"


def _drawing(plan: Plan, existing: Mapping[str, str]) -> str:
    rows = {name: Row(type=type_, mark="=", colour="same", meaning="unchanged") for name, type_ in existing.items()}
    for one in plan.changes:
        meaning = f"{one.fate} (destructive)" if one.destructive else one.fate
        rows[one.logical_id] = Row(
            type=one.type,
            mark=MARKS[one.fate],
            colour=_colour(one),
            meaning=meaning,
            details=describe_change(one),
            clickable=True,
        )
    return drawing(rows, absent="not in this stack") if rows else ""


def _colour(change: ResourceChange) -> Literal["destroy", "create", "change"]:
    if change.destructive:
        return "destroy"
    return "create" if change.fate in ("create", "import") else "change"


def _filter(fate: Fate) -> str:
    return f'<label><input type="checkbox" value="{escape(fate)}" checked> {escape(fate)}</label>'


def _change(change: ResourceChange) -> str:
    is_open = " open" if change.destructive else ""
    summary = f"<b>{escape(change.logical_id)}</b> {escape(describe_change(change))} <span>{escape(change.type)}</span>"
    rows = "".join(_row(item) for item in change.properties)
    columns = "<tr><th>Property</th><th>Before</th><th>After</th><th>Reason</th></tr>"
    return (
        f'<details class="{_colour(change)}" data-fate="{escape(change.fate)}"'
        f' data-name="{escape(change.logical_id)}"{is_open}>'
        f"<summary>{summary}</summary>"
        f"{f'<table>{columns}{rows}</table>' if rows else ''}</details>"
    )


def _row(item: PropertyChange) -> str:
    before, after = _value(item.before), _value(item.after) if item.known else "known after the deployment"
    if item.before is None and item.after is None and item.known:
        before = after = "(not reported by AWS)"
    reasons = [text for text in (*item.causes, RECREATION[item.recreation]) if text]
    cells = (path_of(item), before, after, "; ".join(reasons))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _values_table(title: str, values: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in sorted(values.items())
    )
    return f"<h2>{title}</h2><table>{rows}</table>" if rows else ""
