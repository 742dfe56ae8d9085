from __future__ import annotations

from collections.abc import Iterator

import pytest

from docs.sandbox import Sandbox
from docs.sandbox import sandbox as new_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with new_sandbox(tmp_path_factory.mktemp("sandbox")) as created:
        yield created
