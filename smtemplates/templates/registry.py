"""The templates that `render` writes, each a list of areas: one line a template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from smtemplates.core.construct import Part
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.service_catalog import template as catalog
from smtemplates.templates.stack_set.rollout import rollout
from smtemplates.templates.stack_set.template import DESCRIPTION as FLEET
from smtemplates.templates.stack_set.template import fleet
from smtemplates.templates.workspace import template as workspace

TEMPLATES: dict[str, Callable[[Collection[str]], tuple[str, Sequence[Part]]]] = {
    "workspace": lambda without: (workspace.DESCRIPTION, workspace.areas(without)),
    "launch-role": lambda without: (launch.DESCRIPTION, [launch.launch(workspace.areas(without))]),
    "service-catalog": lambda without: (catalog.DESCRIPTION, catalog.areas(without)),
    "stack-set": lambda without: (FLEET, fleet(rollout(), workspace.areas(without))),
}
"""A template's description and areas by its name, for the features to leave out of the workspace."""
