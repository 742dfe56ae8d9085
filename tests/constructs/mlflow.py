"""The expectation of the MLflow app."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_app(choice: Choice) -> bool:
    """Return whether the stack creates an MLflow app."""
    return choice.is_true("CreateMlflow")


EXPECTATION = Expectation(
    resources={"MlflowApp": creates_app},
    outputs=dict.fromkeys(("MlflowAppArn", "MlflowUrlCommand"), creates_app),
)
