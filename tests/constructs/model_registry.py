"""The expectation of the model package group."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_group(choice: Choice) -> bool:
    """Return whether the stack creates a model package group."""
    return choice.is_true("CreateModelPackageGroup")


def has_group(choice: Choice) -> bool:
    """Return whether the workspace has a model package group, created or existing."""
    return creates_group(choice) or choice.is_set("ExistingModelPackageGroupName")


EXPECTATION = Expectation(
    resources={"ModelPackageGroup": creates_group},
    outputs=dict.fromkeys(("ModelPackageGroupName", "ModelPackageGroupArn"), has_group),
)
