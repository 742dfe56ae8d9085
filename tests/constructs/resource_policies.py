"""The expectation of the policies for single resources of the stack."""

from __future__ import annotations

from expectations import Choice, Expectation

from constructs.execution_role import creates_role, has_least_privilege
from constructs.mlflow import creates_app
from constructs.model_registry import has_group
from constructs.notebook import creates_notebook
from constructs.workflow_packs import selects


def for_notebook(choice: Choice) -> bool:
    """Return whether the stack creates a role that uses the notebook or pushes images."""
    return (creates_notebook(choice) or selects(choice, "DockerBuild")) and creates_role(choice)


def for_registry(choice: Choice) -> bool:
    """Return whether the stack creates a role that uses a registry."""
    return has_group(choice) and has_least_privilege(choice)


def for_tracking(choice: Choice) -> bool:
    """Return whether the stack creates a role that uses MLflow, but no registry."""
    return creates_app(choice) and not has_group(choice) and has_least_privilege(choice)


EXPECTATION = Expectation(
    resources={"NotebookPolicy": for_notebook, "RegistryPolicy": for_registry, "TrackingPolicy": for_tracking}
)
