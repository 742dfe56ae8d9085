"""The templates that `render` writes, each a list of areas: one line a template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from smtemplates import catalog, launch, workspace
from smtemplates.fleet import DESCRIPTION as FLEET
from smtemplates.fleet import fleet
from smtemplates.parts import Part
from smtemplates.rollout import rollout

TEMPLATES: dict[str, Callable[[Collection[str]], tuple[str, Sequence[Part]]]] = {
    "workspace": lambda without: (workspace.DESCRIPTION, workspace.areas(without)),
    "launch-role": lambda without: (launch.DESCRIPTION, [launch.launch(workspace.areas(without))]),
    "service-catalog": lambda without: (catalog.DESCRIPTION, catalog.areas(without)),
    "stack-set": lambda without: (FLEET, fleet(rollout(), workspace.areas(without))),
}
"""A template's description and areas by its name, for the features to leave out of the workspace."""
