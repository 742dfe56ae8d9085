"""The permissions of the launch role that also apply to resources which no launch created."""

from __future__ import annotations

from collections.abc import Iterator

from smtemplates.reference.markdown import code, prose, table
from smtemplates.templates.launch_role.actions import needs, types
from smtemplates.templates.launch_role.scopes import wide_permissions
from smtemplates.templates.workspace import template as workspace


def wide() -> Iterator[str]:
    """Yield how the role recognizes launched resources, and a table of the permissions that are not limited to them."""
    needed = {action for kind in types(workspace.constructs()) for action in needs(kind)}
    yield (
        "The launch role changes only resources whose name starts with `SC-`, or that have the tags of launches: the "
        "tag `aws:cloudformation:stack-name`, or, on types without it, the tags `Project` and `Environment` of the "
        "template. Workspaces that were deployed without Service Catalog also have the tags of the template. The role "
        "can view other resources. The types with the tag of CloudFormation follow from the provider schemas. It has "
        "not been verified in a live account that all tags have an effect before the resource is changed. The "
        "following permissions also apply to other resources:\n"
    )
    yield table(
        ("Permission", "Actions"),
        ((prose(sentence), ", ".join(map(code, found))) for sentence, found in wide_permissions(needed).items()),
    )
