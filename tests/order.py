"""The order of the tests for several workers: first the fast tests, so that most mistakes are known soon.

Then each worker runs modules that take long, so that none is last.

With `--dist worksteal`, pytest-xdist gives each worker a part of the list, and an idle worker takes tests from the end
of the longest remaining part.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

# The modules that take longest, the longest first.
LONGEST = (
    "tests/docs/test_recipe.py",
    "tests/docs/test_pipelines.py",
    "tests/docs/test_commands.py",
    "tests/deploying/test_faults.py",
    "tests/access/test_execution_role.py",
    "tests/scanners/test_checkov.py",
    "tests/sdk/test_sdk.py",
    "tests/deploying/test_two_actors.py",
    "tests/test_valid.py",
    "tests/clouds/test_demo.py",
    "tests/docs/test_terminal.py",
    "tests/clouds/test_background.py",
    "tests/config/test_journey.py",
    "tests/launching/test_launch_role.py",
    "tests/test_commands.py",
)


def dealt(
    items: Sequence[Item], module: Callable[[Item], str], workers: int, is_fast: Callable[[Item], bool]
) -> list[Item]:
    """Return the tests in parts of equal length, one for each worker: fast tests, then long modules, then the others.

    Tests of a module remain together as far as the length of the parts permits.
    """
    fast = [item for item in items if is_fast(item)]
    groups: dict[str, list[Item]] = {name: [] for name in LONGEST}
    for item in items:
        if not is_fast(item):
            groups.setdefault(module(item), []).append(item)
    first = [groups.pop(name) for name in LONGEST]
    rest = [item for group in groups.values() for item in group]
    ordered: list[Item] = []
    for worker in range(workers):
        size = (len(items) - len(ordered)) // (workers - worker)
        beginning = fast[len(fast) * worker // workers : len(fast) * (worker + 1) // workers]
        part = [*beginning, *(item for group in first[worker::workers] for item in group)][:size]
        missing = size - len(part)
        ordered += part + rest[:missing]
        rest = rest[missing:]
    placed = set(ordered)
    return ordered + [item for item in items if item not in placed]  # long modules that exceed their part
