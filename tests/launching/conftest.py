"""The template of the launch role."""

from __future__ import annotations

from typing import Any

import pytest

from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import template as launch


@pytest.fixture(scope="session")
def launch_role() -> dict[str, Any]:
    """Return the rendered template of the launch role."""
    return load(render(launch.definition().template()))
