"""Virtual environments beside .venv, for tools whose dependencies conflict with those in .venv."""

from __future__ import annotations

from pathlib import Path

from _checkout import ROOT

from smtemplates.local_cloud.environment import Environment


def prepare(name: str) -> Path:
    """Create .venv-NAME from requirements/NAME.txt unless it is up to date, and return the path of its Python."""
    environment = Environment(name, ROOT / f".venv-{name}", ROOT / "requirements" / f"{name}.txt")
    with environment.installed():
        return environment.python
