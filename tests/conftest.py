"""What many tests need: the template as plain values, and sample values for its parameters."""

from __future__ import annotations

from typing import Any

import pytest

import smtemplates
from smtemplates.load import load


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Give the rendered template, read back from its YAML: what users get, not what we built."""
    return load(smtemplates.render(smtemplates.build()))
