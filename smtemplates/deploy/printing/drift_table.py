"""Show drift as text or JSON."""

from __future__ import annotations

from dataclasses import asdict

from smtemplates.aws.errors import sentence
from smtemplates.console.columns import counted, folded
from smtemplates.deploy.printing import results
from smtemplates.deploy.resources.drift import Comparison


def table(found: Comparison, stack: str) -> str:
    """Return drift as text."""
    number = len(found.drifted)
    checked = "was checked" if found.resources == 1 else "were checked"
    lines = [
        f"{counted(number, 'resource')} of stack {stack} {'differs' if number == 1 else 'differ'} from the template."
        if number
        else f"No drift was detected in {'' if found.complete else 'the checked resources of '}stack {stack}.",
        f"  {found.checked} of {counted(found.resources, 'resource')} {checked}.",
    ]
    if number:
        lines.append("  To revert the changes that AWS can revert, run deploy with --revert-drift.")
    for one in found.drifted:
        lines.append(f"  {one.logical_id} ({one.type}): {'deleted' if one.status == 'DELETED' else 'changed'}")
        lines += [
            f"      {item.path.strip('/').replace('/', '.')}: {item.expected} -> {item.actual}"
            for item in one.differences
        ]
    lines += [
        f"  {one.logical_id} ({one.type}): not checked. {sentence(one.reason or 'AWS returned no reason')}"
        for one in found.unchecked
    ]
    return "\n".join(part for line in lines for part in folded(line, 8))


def as_json(found: Comparison) -> str:
    """Return drift as JSON."""
    return results.as_json(asdict(found))
