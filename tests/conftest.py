"""What many tests need: the template as plain values, and sample values for its parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import samples
from machine import App, Machine, new_app, new_machine, served_repository

import smtemplates
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, definition


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Give the rendered template, read back from its YAML: what users get, not what we built."""
    return load(smtemplates.render(smtemplates.build()))


@pytest.fixture(scope="session", params=TEMPLATES)
def any_template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give each rendered template in turn, read back from its YAML."""
    return _built(request.param)


@pytest.fixture(scope="session", params=["workspace", *samples.OTHERS])
def default_template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give each template in turn of which a stack can be made with no parameter at all."""
    return _built(request.param)


def _built(name: str) -> dict[str, Any]:
    built = definition(name)
    return load(smtemplates.render(built.template()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Give a notebook instance."""
    return new_machine(tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Give an app of Studio."""
    return new_app(tmp_path)


@pytest.fixture
def https(tmp_path: Path) -> Iterator[str]:
    """Serve a git repository over HTTPS."""
    with served_repository(tmp_path) as address:
        yield address
