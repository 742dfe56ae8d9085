from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from deploying.conftest import aws, proxy, through

__all__ = ["aws", "proxy", "through"]


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Restore the environment variables that a case sets."""
    with mock.patch.dict(os.environ):
        yield
