"""Validity and order of the names of versions."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.errors import UsageError
from smtemplates.publish.names import Name, parse

Release = tuple[int, int, int]
NUMBERS = st.integers(0, 10**9 - 1)
IDENTIFIERS = st.one_of(NUMBERS.map(str), st.from_regex(r"[0-9]{0,3}[A-Za-z-][0-9A-Za-z-]{0,5}", fullmatch=True))
PARTS = st.lists(IDENTIFIERS, max_size=3)
RELEASES = st.tuples(NUMBERS, NUMBERS, NUMBERS)
PAIRS = st.tuples(RELEASES, RELEASES) | RELEASES.map(lambda release: (release, release))


def name_of(release: Release, before: list[str]) -> str:
    return ".".join(map(str, release)) + ("-" + ".".join(before) if before else "")


@given(PAIRS, PARTS, PARTS)
def test_releases_and_prereleases_are_ordered(
    pair: tuple[Release, Release], one_before: list[str], before: list[str]
) -> None:
    """Releases are ordered by their numbers, and a pre-release is older than its release."""
    one, other = pair
    first, second = parse(name_of(one, one_before)), parse(name_of(other, before))
    if one != other:
        assert (first.precedence < second.precedence) == (one < other)
    if one == other and one_before and not before:
        assert first.precedence < second.precedence
    assert (first.precedence == second.precedence) == ((one, one_before) == (other, before))


@given(RELEASES)
def test_leading_v_and_missing_numbers_are_ignored(release: Release) -> None:
    """Names with a leading v or without trailing zeros equal the full name."""
    major, minor, _ = release
    assert parse(f"v{major}.{minor}").precedence == parse(f"{major}.{minor}.0").precedence
    assert parse(str(major)).precedence == parse(f"{major}.0").precedence


@given(st.text(max_size=80))
def test_names_are_printable_ascii(text: str) -> None:
    """A valid name contains no space or control character, and an invalid one is rejected with a message."""
    if Name(text).valid:
        assert parse(text).text == text
        assert text.isascii()
        assert text.isprintable()
        assert " " not in text
    else:
        with pytest.raises(UsageError, match="is not the name of a version"):
            parse(text)


def test_order_matches_the_specification() -> None:
    """The example of the Semantic Versioning specification is sorted correctly."""
    before = ["alpha", "alpha.1", "alpha.beta", "beta", "beta.2", "beta.11", "rc.1"]
    ordered = [parse(text).precedence for text in [*(f"1.0.0-{text}" for text in before), "1.0.0"]]
    assert all(older < newer for older, newer in itertools.pairwise(ordered))


INVALID_NAMES = ["", "1.0.0.0", "01.0", "1.0+5", "latest", "1.0 ", "1.0\n", "1.0-", "1.0-a..b", "1.0-" + "a" * 61]


@pytest.mark.parametrize("text", INVALID_NAMES)
def test_invalid_names(text: str) -> None:
    """Names without a defined order are not valid."""
    assert not Name(text).valid
