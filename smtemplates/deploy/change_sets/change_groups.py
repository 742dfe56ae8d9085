"""Group the changes of a plan by their meaning for a reviewer, the most important first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from smtemplates.aws_data.permissions import changes_grants, grants
from smtemplates.deploy.change_sets.change_plan import Fate, ResourceChange
from smtemplates.deploy.change_sets.change_text import loses_data, property_of

Meaning = Literal["loss", "unseen", "replaced", "deleted", "permissions", "changed", "new", "retained"]
# The title of each group in the order of the groups, and the fate that the title describes already.
TITLES: Mapping[Meaning, tuple[str, Fate | None]] = {
    "loss": ("Data would be lost", None),
    "unseen": ("The effect cannot be seen", None),
    "replaced": ("Replaced", None),
    "deleted": ("Deleted", "delete"),
    "permissions": ("Permissions", None),
    "changed": ("Changed in place", "update"),
    "new": ("New", "create"),
    "retained": ("Retained outside the stack", "leave the stack"),
}


@dataclass(frozen=True, kw_only=True)
class ChangeGroup:
    """The changes with one meaning. `implied` is the fate that the title describes already."""

    meaning: Meaning
    title: str
    implied: Fate | None
    changes: tuple[ResourceChange, ...]


def change_groups(changes: Iterable[ResourceChange]) -> tuple[ChangeGroup, ...]:
    """Return the groups that contain changes. Each change is in one group, and the changes keep their order."""
    found: dict[Meaning, list[ResourceChange]] = {meaning: [] for meaning in TITLES}
    for change in changes:
        found[_meaning(change)].append(change)
    return tuple(
        ChangeGroup(meaning=meaning, title=title, implied=implied, changes=tuple(found[meaning]))
        for meaning, (title, implied) in TITLES.items()
        if found[meaning]
    )


def _meaning(change: ResourceChange) -> Meaning:
    if loses_data(change):
        return "loss"
    if change.unseen:
        return "unseen"
    if change.destructive:
        return "deleted" if change.fate == "delete" else "replaced"
    if change.fate == "leave the stack":
        return "retained"
    if _is_of_permissions(change):
        return "permissions"
    return "new" if change.fate in ("create", "import") else "changed"


def _is_of_permissions(change: ResourceChange) -> bool:
    names = {property_of(item) for item in change.properties}
    return changes_grants(change.type, names) or (grants(change.type) and not names)
