from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from moto import mock_aws

from initializer.function import ENVIRONMENT, Send, load, loopback, request


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module", autouse=True)
def index() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield load()


@pytest.fixture
def send(aws: None, index: ModuleType) -> Send:  # noqa: ARG001 the function uses the mocked AWS
    """Return a function that sends a request and returns the only answer."""

    def run(kind: str, what: str, properties: object, **more: object) -> dict[str, Any]:
        with loopback() as seen:
            index.handler(request(seen.url, kind, what, properties, **more), None)
            (body,) = seen.bodies()
            return body

    return run
