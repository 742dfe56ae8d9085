"""Show the change of a resource as a row of the page of a plan: its meaning first, its identifiers in small type."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import SequenceMatcher
from html import escape
from typing import Any, Literal

from smtemplates.deploy.change_sets.change_plan import Fate, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.change_text import (
    ABSENT,
    KNOWN_LATER,
    NOT_REPORTED,
    describe_change,
    drift_notes,
    how_to_keep,
    is_reported,
    joined,
    path_of,
    property_of,
    warnings,
)
from smtemplates.pages.drawing import workspace_names
from smtemplates.pages.labels import type_in_words, words
from smtemplates.pages.places import PURPOSES

RECREATION = {"Always": "replaces the resource", "Conditionally": "may replace the resource", "Never": ""}
HEAD = "<thead><tr><th>Property</th><th>Before</th><th>After</th></tr></thead>"
MOST_NAMES = 4


class Labels:
    """Name the changes of a plan for readers, and their rows for links."""

    def __init__(self, changes: Sequence[ResourceChange], existing: Mapping[str, str]) -> None:
        self._anchors = {change.id: f"change-{number}" for number, change in enumerate(changes, 1)}
        changed = {change.logical_id: change.type for change in changes if not change.stack_path}
        self._known = workspace_names({**existing, **changed})

    def anchor(self, change: ResourceChange) -> str:
        """Return the ID of the row of a change."""
        return self._anchors[change.id]

    def label(self, change: ResourceChange) -> str:
        """Return the purpose of a resource of a workspace, and otherwise its type in words with its logical ID."""
        purpose = PURPOSES.get(change.logical_id)
        if purpose and change.logical_id in self._known and not change.stack_path:
            return purpose
        return f"{type_in_words(change.type)} {change.logical_id}".strip()


def row(change: ResourceChange, labels: Labels, *, implied: Fate | None = None) -> str:
    """Return the row of a change in HTML. Only a row with content can be opened.

    `implied` is the fate that the heading above the row describes already.
    """
    content = _warnings(change) + _nested(change, labels) + _properties(change)
    is_open = " open" if change.guarded or warnings(change) else ""
    head = _head(change, labels, implied)
    inside = (
        f'<details{is_open}><summary class="head">{head}</summary><div class="content">{content}</div></details>'
        if content
        else f'<div class="head">{head}</div>'
    )
    return f'<div class="row {colour(change)}" id="{labels.anchor(change)}">{inside}</div>'


def colour(change: ResourceChange) -> Literal["destroy", "create", "change"]:
    """Return the colour of a change."""
    if change.guarded:
        return "destroy"
    return "create" if change.fate in ("create", "import") else "change"


def _head(change: ResourceChange, labels: Labels, implied: Fate | None) -> str:
    what = _changed(change) or ("" if change.fate == implied else describe_change(change))
    label = labels.label(change)
    hidden = change.logical_id if label.endswith(change.logical_id) and not change.stack_path else None
    names = (name for name in (change.id, change.type, change.physical_id) if name and name != hidden)
    small = " ".join(f"<code>{escape(name)}</code>" for name in names)
    return f'<b>{escape(label)}</b>{escape(what and f": {what}")}<span class="names">{small}</span>'


def _changed(change: ResourceChange) -> str:
    """Return the properties that an update changes, in words; '' if there is no update or AWS reports no property."""
    if change.fate != "update":
        return ""
    names = dict.fromkeys(property_of(item) for item in change.properties)
    named = [words(name) for name in names]
    shown = [*named[:MOST_NAMES], *([f"{len(named) - MOST_NAMES} more"] if len(named) > MOST_NAMES else [])]
    return f"changes {joined(shown)}" if shown else ""


def _warnings(change: ResourceChange) -> str:
    items = [f'<li class="warning">{escape(text)}</li>' for text in warnings(change)]
    items += [f"<li>{escape(text)}</li>" for text in (how_to_keep(change), *drift_notes(change)) if text]
    return f"<ul>{''.join(items)}</ul>" if items else ""


def _nested(change: ResourceChange, labels: Labels) -> str:
    """Return links to the changes in a nested stack."""
    links = "".join(
        f'<li><a href="#{labels.anchor(one)}">{escape(labels.label(one))}</a></li>' for one in change.nested
    )
    return f"<p>Changes in this stack:</p><ul>{links}</ul>" if links else ""


def _properties(change: ResourceChange) -> str:
    rows = "".join(map(_property, change.properties))
    return f'<table class="changed">{HEAD}<tbody>{rows}</tbody></table>' if rows else ""


def _property(item: PropertyChange) -> str:
    drift = f"last deployed: {_value(item.previous)}, actual: {_value(item.actual)}" if item.drifted else ""
    recorded = "CloudFormation only records the actual value" if item.recorded else ""
    reasons = [text for text in (*item.causes, RECREATION.get(item.recreation, ""), drift, recorded) if text]
    reason = f"<small>{escape('; '.join(reasons))}</small>" if reasons else ""
    if is_reported(item):
        before, after = _marked(_value(item.before), _value(item.after) if item.known else KNOWN_LATER)
        values = f'<td data-column="Before">{before}</td><td data-column="After">{after}</td>'
    else:
        values = f'<td colspan="2" class="muted">{NOT_REPORTED}</td>'
    return f"<tr><td>{escape(path_of(item))}{reason}</td>{values}</tr>"


def _value(value: Any) -> str:
    """Return a value as text. An object or a list, also as JSON text, has a line for each of its values."""
    if value is None:
        return ABSENT
    if isinstance(value, str):
        with suppress(ValueError):
            found = json.loads(value)
            value = found if isinstance(found, (dict, list)) else value
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _marked(before: str, after: str) -> tuple[str, str]:
    """Return two values in HTML. If both have several lines, the lines that differ in more than a comma are marked."""
    old, new = before.splitlines(), after.splitlines()
    if min(len(old), len(new)) <= 1:
        return escape(before), escape(after)
    shown: tuple[list[str], list[str]] = ([], [])
    first, second = ([line.rstrip(",") for line in lines] for lines in (old, new))
    for kind, a, b, c, d in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        for lines, tag, found in ((shown[0], "del", old[a:b]), (shown[1], "ins", new[c:d])):
            lines += [escape(line) if kind == "equal" else f"<{tag}>{escape(line)}</{tag}>" for line in found]
    return "\n".join(shown[0]), "\n".join(shown[1])
