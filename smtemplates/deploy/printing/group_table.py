"""Show the plans, results and statuses of several stacks as text, Markdown or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from smtemplates.console.columns import folded
from smtemplates.deploy.groups.results import Planned, Result
from smtemplates.deploy.groups.status import Row
from smtemplates.deploy.groups.target import Target
from smtemplates.deploy.printing import plan_table, results

NOT_DEPLOYED = "not deployed"
NOT_NAMED = "not in the file"


def plan(planned: Sequence[Planned], failed: Sequence[Result], *, colour: bool = False) -> str:
    """Return the plan of several stacks as text: one block for each, and a summary."""
    blocks = []
    for one in planned:
        lines = [f"{one.name}:"]
        if one.plan is not None:
            lines.append(plan_table.table(one.plan, colour=colour))
        else:
            lines += [row for text in _later(one) for row in folded(text, 2)]
        blocks.append("\n".join(lines))
    blocks += [f"{result.name}:\n{result.message}" for result in failed]
    return "\n\n".join([*blocks, summary(planned, failed)])


def _later(one: Planned) -> list[str]:
    """Return sentences on a stack that cannot be planned yet."""
    values = [f"{parameter} = {source}" for parameter, source in one.waiting.items()]
    return [
        f"Stack {one.stack} ({one.region}) is planned after {', '.join(one.after)}.",
        f"These values are known only then: {', '.join(values)}.",
    ]


def summary(planned: Sequence[Planned], failed: Sequence[Result]) -> str:
    """Return a sentence that counts the plans of several stacks."""
    known = [one.plan for one in planned if one.plan is not None]
    counts = {
        "to create": sum(item.kind == "CREATE" for item in known),
        "to update": sum(item.kind != "CREATE" and not item.up_to_date for item in known),
        "up to date": sum(item.up_to_date for item in known),
        "planned after another stack": sum(one.plan is None for one in planned),
        "cannot be deployed": len({result.name for result in failed}),
    }
    shown = ", ".join(f"{number} {words}" for words, number in counts.items() if number)
    return f"Stacks: {shown}."


def plan_markdown(planned: Sequence[Planned], failed: Sequence[Result]) -> str:
    """Return the plan of several stacks as Markdown."""
    blocks = []
    for one in planned:
        if one.plan is not None:
            blocks.append(plan_table.markdown(one.plan))
        else:
            texts = "\n\n".join(map(plan_table.escape, _later(one)))
            blocks.append(f"### {plan_table.escape(f'{one.name}: planned after ' + ', '.join(one.after))}\n\n{texts}\n")
    blocks += [f"### {plan_table.escape(one.name)}\n\n**{plan_table.escape(one.message)}**\n" for one in failed]
    return "\n".join([*blocks, f"{plan_table.escape(summary(planned, failed))}\n"])


def plan_json(planned: Sequence[Planned], failed: Sequence[Result], code: int) -> str:
    """Return the plan of several stacks as JSON."""
    shown = [
        {
            "name": one.name,
            "stack": one.stack,
            "region": one.region,
            "plan": None if one.plan is None else {"schema": results.SCHEMA, **plan_table.as_value(one.plan)},
            "after": list(one.after),
            "waiting": dict(one.waiting),
        }
        for one in planned
    ]
    return results.as_json({"stacks": shown, "failures": [_failure(one) for one in failed], "exit_code": code})


def _failure(result: Result) -> dict[str, Any]:
    return {"name": result.name, "state": result.state, "exit_code": result.exit_code, "message": result.message}


def results_text(found: Sequence[Result]) -> str:
    """Return the results of several stacks as text: one row for each, followed by its message."""
    width = max((len(result.name) for result in found), default=0)
    lines = []
    for result in found:
        status = f"  {result.stack.status}" if result.stack is not None else ""
        lines.append(f"{result.name:<{width}}  {result.state:<11}{status}".rstrip())
        lines += [row for text in result.message.splitlines() for row in folded(f"  {text}", 4)]
    return "\n".join(lines)


def results_json(found: Sequence[Result], targets: Mapping[str, Target], code: int) -> str:
    """Return the results of several stacks as JSON."""
    shown = []
    for result in found:
        target, stack = targets[result.name], result.stack
        outputs = {} if stack is None else {name: one.value for name, one in sorted(stack.outputs.items())}
        shown.append(
            {
                **_failure(result),
                "stack": target.stack,
                "region": target.cloud.region,
                "id": None if stack is None else stack.id,
                "status": None if stack is None else stack.status,
                "outputs": outputs,
            }
        )
    return results.as_json({"stacks": shown, "exit_code": code})


def status(rows: Iterable[Row]) -> str:
    """Return the statuses of several stacks as a table."""
    cells = [("name", "stack", "Region", "status", "last change")]
    for row in rows:
        stack = row.stack
        cells.append(
            (
                row.name or f"({NOT_NAMED})",
                row.stack_name,
                row.region,
                NOT_DEPLOYED if stack is None else stack.status,
                "" if stack is None else stack.updated[:19],
            )
        )
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )


def status_json(rows: Iterable[Row], orphans: Iterable[Row], problems: Sequence[str]) -> str:
    """Return the statuses of several stacks as JSON; `orphans` are those that the file does not name."""
    return results.as_json(
        {
            "stacks": [_status_value(row) for row in rows],
            "orphans": [_status_value(row) for row in orphans],
            "unknown": list(problems),
        }
    )


def _status_value(row: Row) -> dict[str, Any]:
    stack = row.stack
    return {
        "name": row.name,
        "stack": row.stack_name,
        "region": row.region,
        "id": None if stack is None else stack.id,
        "status": None if stack is None else stack.status,
        "updated": None if stack is None else stack.updated,
    }
