"""The order of the tests for several workers."""

from __future__ import annotations

from collections import Counter

import order
from environments import REQUIREMENTS
from hypothesis import given
from hypothesis import strategies as st

ROOT = REQUIREMENTS.parent
MODULES = [*order.LONGEST, *(f"tests/test_{number}.py" for number in range(9))]
TESTS = st.lists(st.sampled_from(MODULES)).map(
    lambda modules: [f"{name}::test_{number}" for name, count in Counter(modules).items() for number in range(count)]
)


def module(test: str) -> str:
    return test.partition("::")[0]


def test_long_modules_exist() -> None:
    """A renamed module is renamed in the list too."""
    assert [name for name in order.LONGEST if not (ROOT / name).exists()] == []


@given(TESTS, st.integers(1, 8), st.sampled_from(["", "_0", "_1", "test"]))
def test_every_test_is_in_the_order_once(tests: list[str], workers: int, fast: str) -> None:
    """No number of workers and of tests loses or repeats a test."""
    assert sorted(order.dealt(tests, module, workers, lambda test: fast in test)) == sorted(tests)


def test_each_worker_begins_with_long_modules() -> None:
    """The longest modules are at the starts of the parts, if no test is fast, and each module is in one part."""
    tests = [f"{name}::test_{number}" for name in reversed(MODULES) for number in range(4)]
    size = len(tests) // 4
    dealt = order.dealt(tests, module, 4, lambda _: False)
    parts = [list(map(module, dealt[start : start + size])) for start in range(0, len(tests), size)]
    assert [part[0] for part in parts] == list(order.LONGEST[:4])
    for name in order.LONGEST:
        assert sum(name in part for part in parts) == 1


def test_each_worker_begins_with_fast_tests() -> None:
    """Each part contains as many fast tests, and they come before the longest modules."""
    tests = [f"{name}::test_{number}" for name in MODULES for number in range(4)]
    dealt = order.dealt(tests, module, 4, lambda test: test.endswith("_3"))
    size = len(tests) // 4
    for start in range(0, len(tests), size):
        part = dealt[start : start + size]
        assert [test.endswith("_3") for test in part] == [*[True] * (size // 4), *[False] * (size - size // 4)]
        assert module(part[size // 4]) in order.LONGEST
