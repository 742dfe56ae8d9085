"""Names of versions, and which of two is the newer one."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from smtemplates.errors import UsageError

# Build metadata (1.4.0+5) is left out: two versions that differ only in it are neither newer nor older.
# Source: https://semver.org/spec/v2.0.0.html (items 2, 9 and 11)
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_NAME = re.compile(rf"v?({_NUMBER}(?:\.{_NUMBER}){{0,2}})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?")
MAX_CHARACTERS = 64


class Name:
    """The name of a version, such as 1.4.0, v2 or 2.0.0-rc.1."""

    def __init__(self, text: str) -> None:
        """Read a name; one that is not of this form is older than all that are."""
        self.text = text
        self._match = _NAME.fullmatch(text) if len(text) <= MAX_CHARACTERS else None

    @property
    def valid(self) -> bool:
        """Tell whether the name says which version is newer."""
        return self._match is not None

    @property
    def prerelease(self) -> bool:
        """Tell whether this comes before a release, such as 2.0.0-rc.1."""
        return self._match is not None and self._match[2] is not None

    @cached_property
    def precedence(self) -> tuple[Any, ...]:
        """What to compare: 1.4 and v1.4.0 are equal, 1.4.0-rc.1 comes before 1.4.0."""
        if self._match is None:
            return ()
        numbers = [int(number) for number in self._match[1].split(".")]
        release = tuple(numbers + [0] * (3 - len(numbers)))
        if self._match[2] is None:
            return (*release, 1)
        before = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self._match[2].split("."))
        return (*release, 0, before)


def read(text: str) -> Name:
    """Read the name of a version to be published.

    Raises:
        UsageError: it is none.
    """
    name = Name(text)
    if not name.valid:
        raise UsageError(
            f"'{text}' is not the name of a version; write one to three numbers such as 1.4.0, with -rc.1 or the like "
            f"behind it for what comes before a release, at most {MAX_CHARACTERS} characters"
        )
    return name
