"""Which names of versions are taken, and which of two is the newer."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.errors import UsageError
from smtemplates.publish.names import Name, read

Release = tuple[int, int, int]
NUMBERS = st.integers(0, 10**9 - 1)
IDENTIFIERS = st.one_of(NUMBERS.map(str), st.from_regex(r"[0-9]{0,3}[A-Za-z-][0-9A-Za-z-]{0,5}", fullmatch=True))
PARTS = st.lists(IDENTIFIERS, max_size=3)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS)


def written(release: Release, before: list[str]) -> str:
    return ".".join(map(str, release)) + ("-" + ".".join(before) if before else "")


@given(RELEASES, PARTS, RELEASES, PARTS)
def test_order(one: Release, one_before: list[str], other: Release, before: list[str]) -> None:
    """Releases compare by their numbers, and what comes before a release is older than it."""
    first, second = read(written(one, one_before)), read(written(other, before))
    if one != other:
        assert (first.precedence < second.precedence) == (one < other)
    if one == other and one_before and not before:
        assert first.precedence < second.precedence
    assert (first.precedence == second.precedence) == ((one, one_before) == (other, before))


@given(RELEASES)
def test_short_and_long(release: Release) -> None:
    """A leading v and numbers left out make no difference."""
    major, minor, _ = release
    assert read(f"v{major}.{minor}").precedence == read(f"{major}.{minor}.0").precedence
    assert read(str(major)).precedence == read(f"{major}.0").precedence


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    """Whatever is no name is refused in one sentence, and what is one has neither space nor control character."""
    if Name(text).valid:
        assert read(text).text == text
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text
    else:
        with pytest.raises(UsageError, match="is not the name of a version"):
            read(text)


def test_order_of_the_specification() -> None:
    """The example of the Semantic Versioning specification is in its order."""
    before = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    ordered = [read(text).precedence for text in [*(f"1.0.0-{text}" for text in before), "1.0.0"]]
    assert all(older < newer for older, newer in itertools.pairwise(ordered))


NO_NAMES = ["", "1.0.0.0", "01.0", "1.0+5", "latest", "1.0 ", "1.0\n", "1.0-", "1.0-a..b", "1.0-" + "a" * 61]


@pytest.mark.parametrize("text", NO_NAMES)
def test_no_names(text: str) -> None:
    """What does not say which version is newer is no name."""
    assert not Name(text).valid
