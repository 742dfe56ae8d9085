"""The expectation of the custom images of Studio and of their repository."""

from __future__ import annotations

from functools import partial

from expectations import Choice, Expectation

from constructs.studio import creates_domain


def creates_repository(choice: Choice) -> bool:
    """Return whether the stack creates a repository for images."""
    return choice.is_true("CreateStudioRepository")


def creates_image(choice: Choice, app: str) -> bool:
    """Return whether a type of app has a custom image."""
    return creates_domain(choice) and choice.is_set(f"Studio{app}ImageUri")


EXPECTATION = Expectation(
    resources={
        "StudioRepository": creates_repository,
        **{
            f"{prefix}Image{part}": partial(creates_image, app=app)
            for prefix, app in (("StudioLab", "JupyterLab"), ("StudioCodeEditor", "CodeEditor"))
            for part in ("", "Version", "Config")
        },
    },
    outputs=dict.fromkeys(("StudioRepositoryUri", "PushStudioImageCommand"), creates_repository),
)
