"""Build the HTML page of a plan: one file without network access, to read, search and share with a reviewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any, Literal

from smtemplates.core.assets import read_asset
from smtemplates.deploy.change_sets.change_plan import Fate, Plan, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.change_text import describe_change, drift_notes, warnings
from smtemplates.deploy.change_sets.validation import describe_finding
from smtemplates.deploy.printing import settings_rows
from smtemplates.deploy.printing.plan_table import MARKS, finding_label, headline, notes, path_of, summaries
from smtemplates.pages.drawing import Row, asset, drawing

RECREATION = {"Always": "replaces the resource", "Conditionally": "may replace the resource", "Never": ""}


def plan_page(plan: Plan, existing: Mapping[str, str]) -> str:
    """Return the HTML page of a plan: a drawing of the stack, the destructive changes, then the others by name.

    `existing` are the types of the existing resources of the stack by logical ID.
    """
    page = Template(read_asset(__package__, "plan_page.html"))
    changes = sorted(plan.all_changes, key=lambda change: (not change.guarded, change.id))
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
    items = [f"<li>Change set {escape(plan.change_set_id)}</li>"]
    if plan.capabilities and not plan.empty:
        items.append(f"<li>Required capabilities: {escape(', '.join(plan.capabilities))}</li>")
    for one in plan.findings:
        text = f"{finding_label(one).capitalize()}: {describe_finding(one)}"
        items.append(f'<li class="warning">{escape(text)}</li>')
    items += [f'<li class="warning">{escape(text)}</li>' for text in notes(plan)]
    items[:0] = [f'<li class="warning"><b>{escape(text)}</b></li>' for text in summaries(plan)]
    return f"<ul>{''.join(items)}</ul>"


def _drawing(plan: Plan, existing: Mapping[str, str]) -> str:
    rows = {name: Row(type=type_, mark="=", colour="same", meaning="unchanged") for name, type_ in existing.items()}
    for one in plan.changes:
        # the drawing has one node for a nested stack, also for the changes in it
        destructive = any(change.destructive for change in one.walk())
        unseen = any(change.unseen for change in one.walk())
        meaning = f"{one.fate} (destructive)" if destructive else f"{one.fate} (cannot be seen)" if unseen else one.fate
        rows[one.logical_id] = Row(
            type=one.type,
            mark=MARKS[one.fate],
            colour="destroy" if destructive or unseen else _colour(one),
            meaning=meaning,
            details=describe_change(one),
            clickable=True,
        )
    return drawing(rows, absent="not in this stack") if rows else ""


def _colour(change: ResourceChange) -> Literal["destroy", "create", "change"]:
    if change.guarded:
        return "destroy"
    return "create" if change.fate in ("create", "import") else "change"


def _filter(fate: Fate) -> str:
    return f'<label><input type="checkbox" value="{escape(fate)}" checked> {escape(fate)}</label>'


def _change(change: ResourceChange) -> str:
    is_open = " open" if change.guarded else ""
    summary = f"<b>{escape(change.id)}</b> {escape(describe_change(change))} <span>{escape(change.type)}</span>"
    notes = [f'<li class="warning">{escape(text)}</li>' for text in warnings(change)]
    notes += [f"<li>{escape(text)}</li>" for text in drift_notes(change)]
    listed = f"<ul>{''.join(notes)}</ul>" if notes else ""
    root = (
        change.stack_path.partition("/")[0] or change.logical_id
    )  # a node of the drawing also shows the changes in its nested stack
    rows = "".join(_row(item) for item in change.properties)
    columns = "<tr><th>Property</th><th>Before</th><th>After</th><th>Reason</th></tr>"
    return (
        f'<details class="{_colour(change)}" data-fate="{escape(change.fate)}"'
        f' data-name="{escape(root)}"{is_open}>'
        f"<summary>{summary}</summary>{listed}"
        f"{f'<table>{columns}{rows}</table>' if rows else ''}</details>"
    )


def _row(item: PropertyChange) -> str:
    before, after = _value(item.before), _value(item.after) if item.known else "known after the deployment"
    if item.before is None and item.after is None and item.known:
        before = after = "(not reported by AWS)"
    drift = f"last deployed: {_value(item.previous)}, actual: {_value(item.actual)}" if item.drifted else ""
    recorded = "CloudFormation only records the actual value" if item.recorded else ""
    reasons = [text for text in (*item.causes, RECREATION.get(item.recreation, ""), drift, recorded) if text]
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
