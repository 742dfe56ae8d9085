"""Fixtures that many tests share, and the check that the environments of the tests are installed."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import environments
import order
import pytest
import samples
import stopping
import wheel
from hypothesis import HealthCheck, settings
from machine import App, Machine, new_app, new_machine, served_repository

import smtemplates
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, definition

# A slow machine must not fail a test, so the time of an example does not count.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Stop before the first test if an environment is not installed, because many tests would fail without it.

    Stop at the last permitted failure.
    """
    if not config.getoption("help") and (names := environments.missing()):
        pytest.exit(environments.sentence(names), returncode=2)
    stopping.register(config)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search for garbage less often: never among the modules and the tests, which remain to the end of the process.

    The searches would take a quarter of the time of the collection, and a tenth of that of many tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """Search for garbage once. pytest searches ten times, which needs more time than hundreds of tests."""
    gc.collect()
    gc.freeze()


# Fixtures that start a server or a browser. Tests that use one are not part of the fast selection.
SERVERS = frozenset(
    {"account", "aws", "catalog", "fleet", "https", "publisher", "reader", "sandbox", "server", "service"}
)
BROWSERS = frozenset({"browser", "page"})


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a server or a browser, by the fixtures that they use, and order tests for workers."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for fixtures, mark in ((SERVERS, pytest.mark.server), (BROWSERS, pytest.mark.browser)):
            if fixtures & used:
                item.add_marker(mark)
    if workers := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = order.dealt(items, lambda item: item.location[0], workers, _is_fast)


def _is_fast(item: pytest.Item) -> bool:
    return not any(item.get_closest_marker(mark) for mark in ("server", "browser", "slow"))


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> wheel.Installation:
    """Return an environment outside the checkout with the package from its wheel."""
    folder = tmp_path_factory.mktemp("installation")
    return wheel.install(wheel.build(folder), folder)


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """Return the template that users receive, read back from its YAML."""
    return load(smtemplates.render(smtemplates.build()))


@pytest.fixture(scope="session", params=TEMPLATES)
def any_template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return each rendered template, read back from its YAML."""
    return _built(request.param)


@pytest.fixture(scope="session", params=["workspace", *samples.OTHERS])
def default_template(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return each template from which a stack can be created without any parameter."""
    return _built(request.param)


def _built(name: str) -> dict[str, Any]:
    built = definition(name)
    return load(smtemplates.render(built.template()))


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry calls of the SDK without a pause: the tests count the calls and not the time."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda _self, _context: 0)


@pytest.fixture(scope="session")
def session() -> Any:
    """Return a session of the SDK for the local cloud, which creates each client once for all commands."""
    sdk: Any = import_module("boto3")  # it has no types
    session = sdk.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106 a key of the local cloud
    session.client = cache(session.client)  # a new client takes longer than many calls
    return session


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a notebook instance under a temporary folder."""
    return new_machine(tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> App:
    """Return a Studio app under a temporary folder."""
    return new_app(tmp_path)


@pytest.fixture
def https(tmp_path: Path) -> Iterator[str]:
    """Serve a git repository over HTTPS."""
    with served_repository(tmp_path) as address:
        yield address
