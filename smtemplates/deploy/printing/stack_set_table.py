"""Show stack sets as text or as values for JSON."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from smtemplates.deploy.printing.plan_table import paint
from smtemplates.deploy.resources.stack_sets import StackSet

WIDTH = 80


def table(found: Sequence[StackSet], *, colour: bool = False) -> str:
    """Return stack sets as text."""
    return "\n".join(line for one in found for line in _lines(one, colour=colour))


def _lines(one: StackSet, *, colour: bool) -> Iterator[str]:
    yield f"  {one.logical_id}: stack set {one.id.partition(':')[0]}, {one.status}"
    if one.operation:
        yield from _wrapped(f"last operation: {one.operation.action} {one.operation.status}", "    ")
        yield from _wrapped(one.operation.reason, "      ")
    counts = Counter(instance.state for instance in one.instances)
    states = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    yield from _wrapped(f"stacks: {states or 'none'}", "    ")
    for instance in one.instances:
        mark = "!" if instance.failed else " "
        line = f"  {mark} {instance.account}  {instance.region:<14}  {instance.state}"
        yield paint(line, mark, colour=colour) if instance.failed else line
        yield from _wrapped(instance.reason, "      ")
    if one.failed:
        yield from _wrapped(
            f"{one.failed} failed. Fix the cause in each account. The next change of the template or of a parameter "
            "updates these stacks again.",
            "    ",
        )


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def as_values(found: Sequence[StackSet]) -> list[dict[str, Any]]:
    """Return stack sets as values for JSON."""
    return [
        {
            "logical_id": one.logical_id,
            "id": one.id,
            "status": one.status,
            "failed": one.failed,
            "operation": vars(one.operation) if one.operation else None,
            "instances": [{**vars(instance), "failed": instance.failed} for instance in one.instances],
        }
        for one in found
    ]
