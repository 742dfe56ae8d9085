"""Show a plan as one page of HTML that needs no network: to read, search, and hand to a reviewer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from smtemplates.deploy.plan import Fate, Plan, PropertyChange, ResourceChange, why
from smtemplates.deploy.show import headline, path_of, taken_away

RECREATION = {"Always": "replaces the resource", "Conditionally": "may replace the resource", "Never": ""}


def html(plan: Plan) -> str:
    """Show a plan as a page: what takes something away first, then the rest by name."""
    page = Template((files("smtemplates") / "assets" / "report.html").read_text(encoding="utf-8"))
    changes = sorted(plan.changes, key=lambda change: (not change.destructive, change.logical_id))
    return page.substitute(
        stack=escape(plan.stack),
        headline=escape(headline(plan)),
        notes=_notes(plan),
        filters="\n".join(_filter(fate) for fate in dict.fromkeys(change.fate for change in changes)),
        changes="\n".join(_change(change) for change in changes),
        settings=_map("Parameters", plan.parameters) + _map("Tags", plan.tags),
    )


def _notes(plan: Plan) -> str:
    notes = [f"<li>Change set {escape(plan.change_set_id)}</li>"]
    if plan.capabilities and not plan.empty:
        notes.append(f"<li>Needs {escape(', '.join(plan.capabilities))}</li>")
    for one in plan.findings:
        kind = "error" if one.fatal else "warning"
        notes.append(
            f'<li class="warning">Validation {kind}: {escape(f"{one.resource} {one.path}: {one.reason}")}</li>'
        )
    if plan.destructive:
        notes.insert(0, f'<li class="warning"><b>{escape(taken_away(plan))}</b></li>')
    return f"<ul>{''.join(notes)}</ul>"


def _filter(fate: Fate) -> str:
    return f'<label><input type="checkbox" value="{escape(fate)}" checked> {escape(fate)}</label>'


def _change(change: ResourceChange) -> str:
    kind = "take" if change.destructive else "make" if change.fate in ("create", "import") else "change"
    opened = " open" if change.destructive else ""
    told = f"<b>{escape(change.logical_id)}</b> {escape(why(change))} <span>{escape(change.type)}</span>"
    rows = "".join(_row(item) for item in change.properties)
    columns = "<tr><th>Property</th><th>Before</th><th>After</th><th>Why</th></tr>"
    return (
        f'<details class="{kind}" data-fate="{escape(change.fate)}"{opened}>'
        f"<summary>{told}</summary>"
        f"{f'<table>{columns}{rows}</table>' if rows else ''}</details>"
    )


def _row(item: PropertyChange) -> str:
    after = _value(item.after) if item.known else "known after apply"
    reasons = [text for text in (*item.causes, RECREATION[item.recreation]) if text]
    cells = (path_of(item), _value(item.before), after, "; ".join(reasons))
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _map(title: str, values: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in sorted(values.items())
    )
    return f"<h2>{title}</h2><table>{rows}</table>" if rows else ""
