"""What the fault matrices have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass
class Tally:
    """How much of a matrix was tried, and survived."""

    survived: int = 0
    tried: int = 0


@contextmanager
def tallied(name: str, config: pytest.Config) -> Iterator[Tally]:
    """Count, and print the result past pytest's capture."""
    tally = Tally()
    yield tally
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{name}: {tally.survived} of {tally.tried} survived")  # noqa: T201 it is a result
