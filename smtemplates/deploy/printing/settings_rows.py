"""Show the changes of a stack itself, such as its tags, as rows of a plan."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from smtemplates.console.columns import folded
from smtemplates.deploy.change_sets.change_text import ABSENT
from smtemplates.deploy.change_sets.stack_settings import SettingChange

TITLE = "settings of the stack"
WIDEST_VALUE = 200


def line(item: SettingChange) -> str:
    """Return the change of a setting as one line, such as "tag team: blue -> (none)"."""
    return f"{item.name}: {_value(item.before)} -> {_value(item.after)}"


def lines(settings: Iterable[SettingChange]) -> list[str]:
    """Return the changes as lines of a plan; none without changes."""
    rows = [row for item in settings for row in folded(f"        {line(item)}", 12)]
    return [f"  ~ {TITLE}", *rows] if rows else []


def html_table(settings: Iterable[SettingChange]) -> str:
    """Return the changes as an HTML table with a heading; '' without changes."""
    rows = "".join(
        f"<tr><td>{escape(item.name)}</td>"
        f'<td data-column="Before">{escape(_value(item.before))}</td>'
        f'<td data-column="After">{escape(_value(item.after))}</td></tr>'
        for item in settings
    )
    columns = "<thead><tr><th>Setting</th><th>Before</th><th>After</th></tr></thead>"
    table = f'<table class="changed">{columns}<tbody>{rows}</tbody></table>'
    return f"<h2>Changed {TITLE}</h2>{table}" if rows else ""


def _value(value: Any) -> str:
    if value is None:
        return ABSENT
    text = ", ".join(value) if isinstance(value, list) else str(value)
    text = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return text if len(text) <= WIDEST_VALUE else f"{text[: WIDEST_VALUE - 3]}..."
