"""The catalog: the list of areas that offer the workspace in AWS Service Catalog."""

from __future__ import annotations

from collections.abc import Collection

from smtemplates import workspace
from smtemplates.launch import launch
from smtemplates.parts import Part
from smtemplates.portfolio import portfolio
from smtemplates.product import product

DESCRIPTION = "AWS Service Catalog portfolio with the SageMaker workspace as a product, launched with a role of its own"


def areas(without: Collection[str] = ()) -> list[Part]:
    """List the catalog's areas in the order of the console's groups, for the workspace without these features.

    Raises:
        UsageError: a name in `without` is none of the workspace's features.
    """
    shelf = portfolio()
    role = launch(workspace.areas(without), on_demand=True)
    return [product(shelf, role), shelf, role]
