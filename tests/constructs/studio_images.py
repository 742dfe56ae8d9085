"""The expectation of the custom images of Studio."""

from __future__ import annotations

from functools import partial

from expectations import Choice, Expectation

from constructs.studio import creates_domain


def creates_image(choice: Choice, app: str) -> bool:
    """Return whether a type of app has a custom image."""
    return creates_domain(choice) and choice.is_set(f"Studio{app}ImageUri")


EXPECTATION = Expectation(
    resources={
        f"{prefix}Image{part}": partial(creates_image, app=app)
        for prefix, app in (("StudioLab", "JupyterLab"), ("StudioCodeEditor", "CodeEditor"))
        for part in ("", "Version", "Config")
    },
)
