from __future__ import annotations

from collections.abc import Iterator

import pytest

from docs.world import World, world


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("reader")) as made:
        yield made
