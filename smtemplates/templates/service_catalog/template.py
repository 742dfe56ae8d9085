"""The template of the AWS Service Catalog portfolio that offers the workspace as a product."""

from __future__ import annotations

from collections.abc import Collection

from smtemplates.core.assemble import Definition
from smtemplates.templates.launch_role.template import launch_role
from smtemplates.templates.service_catalog.portfolio import portfolio
from smtemplates.templates.service_catalog.product import product
from smtemplates.templates.workspace import template as workspace

DESCRIPTION = "AWS Service Catalog portfolio with the SageMaker workspace as a product, and its launch role"


def definition(without: Collection[str] = ()) -> Definition:
    """Return the catalog for the workspace without these features.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace.
    """
    catalog_portfolio = portfolio()
    role = launch_role(workspace.constructs(without), on_demand=True)
    return Definition(DESCRIPTION, [product(catalog_portfolio, role), catalog_portfolio, role])
