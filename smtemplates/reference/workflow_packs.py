"""The section of the reference about workflow packs, from the rows of the packs."""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.reference.markdown import code, prose, table
from smtemplates.reference.other_permissions import other_permissions
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks


def workflow_packs() -> Iterator[str]:
    """Yield a table of the packs, and a table of their statements with reasons and sources."""
    packs = [pack for each in workspace.constructs() if isinstance(each, WorkflowPacks) for pack in each.packs]
    yield (
        "`WorkflowPacks` lists packs of permissions for the role that the stack creates. "
        "[Permissions](#permissions) shows their statements in the policies of the role.\n"
    )
    yield table(
        ("Pack", "Allows", "Note", "Policy"),
        ((code(pack.name), prose(pack.allows), prose(pack.note), code(pack.policy)) for pack in packs),
    )
    yield table(
        ("Pack", "Statement", "Reason", "Source"),
        (
            (code(pack.name), code(each.sid), prose(each.reason), f"<{each.source}>")
            for pack in packs
            for each in pack.permissions
        ),
    )
    yield from other_permissions()
