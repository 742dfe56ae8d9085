"""The catalog: the list of areas that offer the workspace in AWS Service Catalog."""

from __future__ import annotations

from collections.abc import Collection

from smtemplates.core.construct import Part
from smtemplates.templates.launch_role.template import launch
from smtemplates.templates.service_catalog.portfolio import portfolio
from smtemplates.templates.service_catalog.product import product
from smtemplates.templates.workspace import template as workspace

DESCRIPTION = "AWS Service Catalog portfolio with the SageMaker workspace as a product, launched with a role of its own"


def areas(without: Collection[str] = ()) -> list[Part]:
    """List the catalog's areas in the order of the console's groups, for the workspace without these features.

    Raises:
        UsageError: a name in `without` is none of the workspace's features.
    """
    shelf = portfolio()
    role = launch(workspace.areas(without), on_demand=True)
    return [product(shelf, role), shelf, role]
