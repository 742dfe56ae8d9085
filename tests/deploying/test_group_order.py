"""The order of dependency of several stacks, and the exit code of a run."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.deploy.groups.order import ordered
from smtemplates.deploy.groups.results import exit_code
from smtemplates.errors import UsageError

NAMES = [f"s{number}" for number in range(8)]
EDGES = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from([*NAMES, "outside"]), max_size=4))


def reaches(edges: dict[str, list[str]], start: str, end: str) -> bool:
    """Return whether a name needs another one, also through others."""
    seen, waiting = set(), [*edges[start]]
    while waiting:
        name = waiting.pop()
        if name == end:
            return True
        if name in edges and name not in seen:
            seen.add(name)
            waiting += edges[name]
    return False


@given(EDGES)
def test_needed_stacks_come_first(edges: dict[str, list[str]]) -> None:
    """Every stack follows the stacks that it needs; stacks that need each other are rejected with a real path."""
    try:
        found = ordered(edges)
    except UsageError as error:
        path = str(error).partition("cycle: ")[2].partition(". ")[0].split(" -> ")
        assert path[0] == path[-1]
        assert all(after in edges[before] for before, after in pairwise(path))
        assert len(set(path)) == len(path) - 1
        return
    assert sorted(found) == sorted(edges)
    assert not any(reaches(edges, name, name) for name in edges)
    for name, needed in edges.items():
        assert all(found.index(one) < found.index(name) for one in needed if one in edges)


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_independent_stacks_keep_their_order(names: list[str]) -> None:
    """Stacks without dependencies are deployed in the order in which they are named."""
    assert ordered({name: [] for name in names}) == names


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 130])), st.randoms(use_true_random=False))
def test_exit_code_does_not_depend_on_the_order_of_the_stacks(codes: list[int], random: object) -> None:
    """The exit code is the one of a stack, whichever ends first."""
    shuffled = [*codes]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert exit_code(codes) == exit_code(shuffled)
    assert exit_code(codes) in ({*codes} or {0})


@pytest.mark.parametrize(
    ("stronger", "weaker"), [(130, 4), (4, 5), (5, 1), (1, 2), (2, 3), (3, 0), (130, 0), (4, 1), (5, 3), (1, 0)]
)
def test_precedence_of_exit_codes(stronger: int, weaker: int) -> None:
    """A run reports the most important result."""
    assert exit_code([weaker, stronger, weaker]) == stronger
