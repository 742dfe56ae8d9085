"""Results of the commands as text and as JSON. Nothing in this module calls AWS or prints."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from smtemplates.console.columns import counted, folded
from smtemplates.publish.catalog import Version
from smtemplates.publish.links import Link
from smtemplates.publish.pruning import Pruning
from smtemplates.publish.publication import Publication

# The version of the schema of a result. Lists have none, so that programs for version 0.1.0 can read them.
SCHEMA = 1


def publication(plan: Publication) -> str:
    """Return the steps of a publication as text."""
    lines = [_headline(plan), *(f"  {step}" for step in _steps(plan)), *(f"  note: {note}" for note in plan.notes)]
    return _fitted(lines)


def _headline(plan: Publication) -> str:
    if plan.unchanged:
        return f"nothing to publish: {plan.unchanged} (--even-if-cosmetic publishes it anyway)"
    subject = f"version {plan.version} of product {plan.product}"
    if plan.creates:
        return f"publish {subject}"
    return f"no change: {subject} is published" if plan.empty else f"complete {subject}, which already exists"


def _steps(plan: Publication) -> Iterator[str]:
    if plan.creates:
        yield f"+ {plan.version}  template sha256:{plan.content.short}, available to all users of the product"
    for version in plan.failed:
        yield f"- {version.name}  {version.id}: failed or duplicate attempt"
    for version in plan.deprecated:
        yield f"~ {version.name}  deprecated: existing provisioned products keep it, and it cannot be launched again"


def publication_json(plan: Publication, *, done: bool, version_id: str | None) -> str:
    """Return the planned or completed steps of a publication as JSON."""
    result = {
        "schema": SCHEMA,
        "product": plan.product,
        "version": plan.version,
        "id": version_id,
        "sha256": plan.content.digest,
        "changed": done and not plan.empty,
        "create": plan.creates,
        "deprecate": [version.name for version in plan.deprecated],
        "remove": [version.id for version in plan.failed],
        "unchanged": plan.unchanged,
        "notes": list(plan.notes),
    }
    return _json(result)


def versions(found: Sequence[Version], failed: Sequence[Version], used: Mapping[str, int]) -> str:
    """Return the versions of a product as a table, the newest first."""
    rows = [("VERSION", "CREATED", "STATE", "CONTENT", "IN USE BY")]
    rows += [
        (one.name, one.created[:16], _state(one, failed), one.content.short or "unknown", str(used.get(one.id, 0)))
        for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return _fitted("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _state(version: Version, failed: Sequence[Version]) -> str:
    if version in failed:
        return "failed"
    if not version.active:
        return "inactive"
    return "deprecated" if version.deprecated else "available"


def versions_json(found: Sequence[Version], failed: Sequence[Version], used: Mapping[str, int]) -> str:
    """Return the versions of a product as JSON."""
    items: list[dict[str, Any]] = [
        {
            "name": one.name,
            "id": one.id,
            "created": one.created,
            "active": one.active,
            "guidance": "DEPRECATED" if one.deprecated else "DEFAULT",
            "failed": one in failed,
            "sha256": one.content.digest or None,
            "in_use_by": used.get(one.id, 0),
            "description": one.description,
        }
        for one in found
    ]
    return _json(items)


def pruning(plan: Pruning) -> str:
    """Return the versions to deactivate or delete as text."""
    state = "inactive" if plan.delete else "deprecated"
    if plan.empty:
        return _fitted([f"nothing to prune: product {plan.product} has no unused {state} version"])
    verb = "permanently delete" if plan.delete else "deactivate"
    lines = [f"{verb} {counted(len(plan.versions), f'unused {state} version')} of product {plan.product}"]
    lines += [f"  - {version.name}  {version.id}  {version.created[:16]}" for version in plan.versions]
    if plan.delete:
        lines.append("  note: a different template can be published under their names afterwards")
    lines.append("  note: provisioned products in accounts that the portfolio is shared with are not counted")
    return _fitted(lines)


def pruning_json(plan: Pruning, *, done: bool) -> str:
    """Return the planned or completed pruning as JSON."""
    versions = [{"name": version.name, "id": version.id} for version in plan.versions]
    kind = "delete" if plan.delete else "deactivate"
    changed = done and not plan.empty
    return _json({"schema": SCHEMA, "product": plan.product, "changed": changed, kind: versions})


def links_json(found: Sequence[Link]) -> str:
    """Return links as JSON."""
    return _json([asdict(link) for link in found])


def _fitted(lines: Iterable[str]) -> str:
    return "\n".join(part for line in lines for part in folded(line.rstrip(), 6))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
