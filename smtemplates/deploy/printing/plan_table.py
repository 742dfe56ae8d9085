"""Format plans, outputs and the status of stacks as text, Markdown or JSON. No function calls AWS or prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from smtemplates.console.columns import folded
from smtemplates.deploy.change_sets.change_groups import change_groups
from smtemplates.deploy.change_sets.change_plan import Fate, Plan, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.change_text import (
    ABSENT,
    KNOWN_LATER,
    NOT_REPORTED,
    describe_change,
    drift_notes,
    is_reported,
    path_of,
    warnings,
)
from smtemplates.deploy.change_sets.validation import Finding, describe_finding
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
    "record": "=",
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
    "record": "to record without a change",
    "may change": "may change",
}
COLOURS = {"+": "32", "~": "33", "!": "31", "-": "31", "<": "33", ">": "36", "=": "36", "?": "33"}
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
    for change in plan.all_changes:
        counts[change.fate] = counts.get(change.fate, 0) + 1
    summary = ", ".join(f"{number} {COUNT_WORDS[fate]}" for fate, number in sorted(counts.items()))
    verb = "Create" if plan.kind == "CREATE" else "Update"
    return f"{verb} stack {plan.stack} ({plan.region}): {summary}"


def table(plan: Plan, *, colour: bool = False) -> str:
    """Return a plan as text for a terminal, with the most important changes first."""
    lines = folded(headline(plan), 2)
    width = max((len(change.id) for change in plan.all_changes), default=0)
    for change in _ordered(plan):
        mark = MARKS[change.fate]
        row = folded(f"  {mark} {change.id:<{width}}  {change.type}", 4)
        if change.fate != "create":
            row += folded(f"      {describe_change(change)}", 6)
        row += [line for text in warnings(change) for line in folded(f"      {text}", 6)]
        lines += [paint(line, mark, colour=colour) for line in row]
        for text in (*drift_notes(change), *map(property_line, change.properties)):
            lines += folded(f"        {text}", 12)
    lines += settings_rows.lines(plan.settings)
    for one in plan.findings:
        lines += folded(f"  {finding_label(one)}: {describe_finding(one)}", 4)
    for text in notes(plan):
        lines += folded(f"  {text}", 4)
    if plan.capabilities and not plan.empty:
        lines += folded(f"  required capabilities: {', '.join(plan.capabilities)}", 4)
    for text in summaries(plan):
        lines += [paint(line, "!", colour=colour) for line in folded(f"  {text}", 4)]
    return "\n".join(lines)


def _ordered(plan: Plan) -> Iterator[ResourceChange]:
    """Yield the changes by their meaning: data loss, replacements and deletions first, and new resources last."""
    return (change for group in change_groups(plan.all_changes) for change in group.changes)


def summaries(plan: Plan) -> tuple[str, ...]:
    """Return sentences that name the first resources that a plan destroys, or whose changes cannot be seen."""
    destructive = [change.id for change in plan.destructive]
    unseen = [change.id for change in plan.unseen]
    sentences = []
    if destructive:
        changes = (
            "1 change replaces or deletes an existing resource"
            if len(destructive) == 1
            else f"{len(destructive)} changes replace or delete existing resources"
        )
        sentences.append(f"{changes}: {_first(destructive)} (deploy needs --allow-destructive)")
    if unseen:
        changes = "The effect of 1 change" if len(unseen) == 1 else f"The effects of {len(unseen)} changes"
        sentences.append(f"{changes} cannot be seen: {_first(unseen)} (deploy needs --allow-destructive)")
    return tuple(sentences)


def _first(names: list[str]) -> str:
    return f"{', '.join(names[:MOST_NAMES])}{', ...' if len(names) > MOST_NAMES else ''}"


def finding_label(finding: Finding) -> str:
    """Return the source of a finding, and whether it is an error or a warning."""
    return f"{finding.source} {'error' if finding.fatal else 'warning'}"


def notes(plan: Plan) -> tuple[str, ...]:
    """Return sentences on checks that were not possible."""
    texts = []
    if plan.validation_unread:
        texts.append(f"The findings of validations and hooks could not be read. {plan.validation_unread}")
    if plan.not_evaluated:
        texts.append(f"{', '.join(plan.not_evaluated)}: not evaluated: needs a transform. Only AWS checks them.")
    return tuple(texts)


def markdown(plan: Plan) -> str:
    """Return a plan as Markdown for a pull request or a job summary, with the most important changes first."""
    lines = [f"### {escape(headline(plan))}", ""]
    lines += [f"**{escape(text)}**\n" for text in summaries(plan)]
    if plan.changes or plan.settings:
        lines += ["| | resource | type | what happens | properties |", "|---|---|---|---|---|"]
    for change in _ordered(plan):
        properties = "<br>".join(
            escape(text) for text in (*drift_notes(change), *map(property_line, change.properties))
        )
        cells = [f"`{MARKS[change.fate]}`", escape(change.id), escape(change.type), _effect(change), properties]
        lines.append(f"| {' | '.join(cells)} |")
    if plan.settings:
        rows = "<br>".join(escape(settings_rows.line(item)) for item in plan.settings)
        lines.append(f"| `~` | {settings_rows.TITLE} | | will be changed | {rows} |")
    for finding in plan.findings:
        lines.append(f"\n**{finding_label(finding).capitalize()}**: {escape(describe_finding(finding))}")
    lines += [f"\n{escape(text)}" for text in notes(plan)]
    return "\n".join(lines) + "\n"


def _effect(change: ResourceChange) -> str:
    """Return the effect of a change for a cell of a table in Markdown."""
    text = "<br>".join(escape(one) for one in (describe_change(change), *warnings(change)))
    return f"**{text}**" if change.guarded else text


def as_json(plan: Plan) -> str:
    """Return a plan as JSON."""
    return results.as_json(as_value(plan))


def as_value(plan: Plan) -> dict[str, Any]:
    """Return the content of a plan in JSON."""
    content = {**asdict(plan), "evaluated": not plan.not_evaluated}
    _complete(content["changes"], plan.changes)
    return content


def _complete(shown: Iterable[dict[str, Any]], changes: Iterable[ResourceChange]) -> None:
    """Add the values that follow from the others to changes for JSON, also in nested stacks."""
    for one, change in zip(shown, changes, strict=True):
        one.update(
            id=change.id,
            destructive=change.destructive,
            explanation=describe_change(change),
            warnings=list(warnings(change)),
        )
        _complete(one["nested"], change.nested)


def property_line(item: PropertyChange) -> str:
    """Return the change of a property as one line."""
    path = path_of(item)
    causes = f"  ({', '.join(item.causes)})" if item.causes else ""
    replaces = {"Always": "  [replaces]", "Conditionally": "  [may replace]"}.get(item.recreation, "")
    drift = f"  (last deployed {_value(item.previous)}, actual {_value(item.actual)})" if item.drifted else ""
    if item.recorded:
        value = item.actual if item.drifted else item.after
        return f"{path}: CloudFormation only records the actual value {_value(value)}{drift}"
    if not is_reported(item):
        return f"{path}: values {NOT_REPORTED}{drift}{replaces}{causes}"
    after = _value(item.after) if item.known else KNOWN_LATER
    return f"{path}: {_value(item.before)} -> {after}{drift}{replaces}{causes}"


def _value(value: Any) -> str:
    if value is None:
        return ABSENT
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("\n", "\\n").replace("\r", "\\r").replace("\033", "\\e")
    return text if len(text) <= WIDEST_VALUE else f"{text[: WIDEST_VALUE - 3]}..."


def escape(text: str) -> str:
    """Return a text in which no character has a meaning in Markdown or HTML."""
    for special in "\\`*_<>|[]":
        text = text.replace(special, f"&#{ord(special)};")
    return text
