"""Count the results of the fault matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest


@dataclass
class Tally:
    """The number of attempts of a matrix and of those that the command survived."""

    survived: int = 0
    tried: int = 0


@contextmanager
def tallied(name: str, config: pytest.Config) -> Iterator[Tally]:
    """Yield a tally, and print it at the end although pytest captures the output."""
    tally = Tally()
    yield tally
    with config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{name}: {tally.survived} of {tally.tried} survived")  # noqa: T201 it is a result
