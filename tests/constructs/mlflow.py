"""The expectation of the MLflow app."""

from __future__ import annotations

from expectations import Choice, Expectation

from constructs.execution_role import has_least_privilege


def creates_app(choice: Choice) -> bool:
    """Return whether the stack creates an MLflow app."""
    return choice.is_true("CreateMlflow")


EXPECTATION = Expectation(
    resources={
        "MlflowApp": creates_app,
        "TrackingPolicy": lambda choice: creates_app(choice) and has_least_privilege(choice),
    },
    outputs=dict.fromkeys(("MlflowAppArn", "MlflowUrlCommand"), creates_app),
)
