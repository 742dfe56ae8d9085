"""The expectation of the repository for custom images of Studio."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_repository(choice: Choice) -> bool:
    """Return whether the stack creates a repository for images."""
    return choice.is_true("CreateStudioRepository")


EXPECTATION = Expectation(
    resources={"StudioRepository": creates_repository},
    outputs=dict.fromkeys(("StudioRepositoryUri", "PushStudioImageCommand"), creates_repository),
)
