"""Format plans, outputs and the status of stacks as text, Markdown or JSON. No function calls AWS or prints."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from smtemplates.console.columns import folded
from smtemplates.deploy.change_sets.change_plan import Fate, Plan, PropertyChange, describe_change
from smtemplates.deploy.printing import results, settings_rows

MOST_NAMES = 3
MARKS: dict[Fate, str] = {
    "create": "+",
    "update": "~",
    "replace": "!",
    "may replace": "!",
    "delete": "-",
    "leave the stack": "<",
    "import": ">",
    "may change": "?",
}
# The words for a number of changes: "2 to create", "1 may be replaced".
COUNT_WORDS: dict[Fate, str] = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "may replace": "may be replaced",
    "delete": "to delete",
    "leave the stack": "to leave the stack",
    "import": "to import",
    "may change": "may change",
}
COLOURS = {"+": "32", "~": "33", "!": "31", "-": "31", "<": "33", ">": "36", "?": "33"}
WIDEST_VALUE = 90


def paint(text: str, mark: str, *, colour: bool) -> str:
    """Return a text in the colour of its mark."""
    return f"\033[{COLOURS[mark]}m{text}\033[0m" if colour else text


def headline(plan: Plan) -> str:
    """Return a summary of a plan in one line."""
    if plan.up_to_date and plan.reverting:
        return f"No change. AWS found no drift to revert in stack {plan.stack}."
    if plan.up_to_date:
        return f"No change. Stack {plan.stack} is up to date."
    if not plan.changes and plan.settings:
        return f"Update stack {plan.stack} ({plan.region}): no resource changes, only settings of the stack"
    if not plan.changes:
        return f"Update stack {plan.stack} ({plan.region}): no resource changes, only outputs, metadata or tags"
    counts: dict[Fate, int] = {}
    for change in plan.changes:
        counts[change.fate] = counts.get(change.fate, 0) + 1
    summary = ", ".join(f"{number} {COUNT_WORDS[fate]}" for fate, number in sorted(counts.items()))
    verb = "Create" if plan.kind == "CREATE" else "Update"
    return f"{verb} stack {plan.stack} ({plan.region}): {summary}"


def table(plan: Plan, *, colour: bool = False) -> str:
    """Return a plan as text for a terminal."""
    lines = folded(headline(plan), 2)
    width = max((len(change.logical_id) for change in plan.changes), default=0)
    for change in plan.changes:
        mark = MARKS[change.fate]
        row = folded(f"  {mark} {change.logical_id:<{width}}  {change.type}", 4)
        if change.fate != "create":
            row += folded(f"      {describe_change(change)}", 6)
        lines += [paint(line, mark, colour=colour) for line in row]
        for item in change.properties:
            lines += folded(f"        {_line(item)}", 12)
    lines += settings_rows.lines(plan.settings)
    for one in plan.findings:
        kind = "error" if one.fatal else "warning"
        lines += folded(f"  validation {kind}: {one.resource} {one.path}: {one.reason}", 4)
    if plan.capabilities and not plan.empty:
        lines += folded(f"  required capabilities: {', '.join(plan.capabilities)}", 4)
    if plan.destructive:
        lines += [paint(line, "!", colour=colour) for line in folded(f"  {destructive_summary(plan)}", 4)]
    return "\n".join(lines)


def destructive_summary(plan: Plan) -> str:
    """Return a sentence that names the first existing resources that a plan replaces or deletes."""
    names = [change.logical_id for change in plan.destructive]
    more = ", ..." if len(names) > MOST_NAMES else ""
    listed = f"{', '.join(names[:MOST_NAMES])}{more}"
    changes = (
        "1 change replaces or deletes an existing resource"
        if len(names) == 1
        else f"{len(names)} changes replace or delete existing resources"
    )
    return f"{changes}: {listed} (deploy needs --allow-destructive)"


def markdown(plan: Plan) -> str:
    """Return a plan as Markdown for a pull request or a job summary."""
    lines = [f"### {_escape(headline(plan))}", ""]
    if plan.changes or plan.settings:
        lines += ["| | resource | type | what happens | properties |", "|---|---|---|---|---|"]
    for change in plan.changes:
        properties = "<br>".join(_escape(_line(item)) for item in change.properties)
        text = f"**{describe_change(change)}**" if change.destructive else describe_change(change)
        cells = [f"`{MARKS[change.fate]}`", _escape(change.logical_id), _escape(change.type), text, properties]
        lines.append(f"| {' | '.join(cells)} |")
    if plan.settings:
        rows = "<br>".join(_escape(settings_rows.line(item)) for item in plan.settings)
        lines.append(f"| `~` | {settings_rows.TITLE} | | will be changed | {rows} |")
    for finding in plan.findings:
        kind = "error" if finding.fatal else "warning"
        lines.append(f"\n**Validation {kind}**: {_escape(f'{finding.resource} {finding.path}: {finding.reason}')}")
    if plan.destructive:
        lines.append(f"\n**{destructive_summary(plan)}**")
    return "\n".join(lines) + "\n"


def as_json(plan: Plan) -> str:
    """Return a plan as JSON."""
    content = asdict(plan)
    for shown, change in zip(content["changes"], plan.changes, strict=True):
        shown.update(destructive=change.destructive, explanation=describe_change(change))
    return results.as_json(content)


def path_of(item: PropertyChange) -> str:
    """Return the path of a property as in the template, such as Tags.0.Value."""
    return item.path.strip("/").removeprefix("Properties/").replace("/", ".")


def _line(item: PropertyChange) -> str:
    """Return the change of a property as one line."""
    path = path_of(item)
    causes = f"  ({', '.join(item.causes)})" if item.causes else ""
    replaces = {"Always": "  [replaces]", "Conditionally": "  [may replace]"}.get(item.recreation, "")
    if item.before is None and item.after is None and item.known:
        return f"{path} changes{replaces}{causes}"
    after = _value(item.after) if item.known else "known after the deployment"
    return f"{path}: {_value(item.before)} -> {after}{replaces}{causes}"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\033", "\\e")
    return text if len(text) <= WIDEST_VALUE else f"{text[: WIDEST_VALUE - 3]}..."


def _escape(text: str) -> str:
    """Return a text in which no character has a meaning in Markdown or HTML."""
    for special in "\\`*_<>|[]":
        text = text.replace(special, f"&#{ord(special)};")
    return text
