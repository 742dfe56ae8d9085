"""Names of versions, and their order."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from smtemplates.errors import UsageError

# Build metadata (1.4.0+5) is not allowed: versions that differ only in it have no order.
# Source: https://semver.org/spec/v2.0.0.html (items 2, 9 and 11)
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_NAME = re.compile(rf"v?({_NUMBER}(?:\.{_NUMBER}){{0,2}})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?")
MAX_CHARACTERS = 64


class Name:
    """The name of a version, such as 1.4.0, v2 or 2.0.0-rc.1."""

    def __init__(self, text: str) -> None:
        """Parse a name. Names of a different form are older than all names of this form."""
        self.text = text
        self._match = _NAME.fullmatch(text) if len(text) <= MAX_CHARACTERS else None

    @property
    def valid(self) -> bool:
        """Whether the name has the form that defines an order."""
        return self._match is not None

    @property
    def prerelease(self) -> bool:
        """Whether this is a pre-release, such as 2.0.0-rc.1."""
        return self._match is not None and self._match[2] is not None

    @cached_property
    def precedence(self) -> tuple[Any, ...]:
        """The sort key of the name: 1.4 and v1.4.0 are equal, and 1.4.0-rc.1 precedes 1.4.0."""
        if self._match is None:
            return ()
        numbers = [int(number) for number in self._match[1].split(".")]
        release = tuple(numbers + [0] * (3 - len(numbers)))
        if self._match[2] is None:
            return (*release, 1)
        prerelease = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self._match[2].split("."))
        return (*release, 0, prerelease)


def parse(text: str) -> Name:
    """Return the name of a version that is to be published.

    Raises:
        UsageError: the name is not valid.
    """
    name = Name(text)
    if not name.valid:
        raise UsageError(
            f"'{text}' is not the name of a version; use one to three numbers such as 1.4.0, or 1.4.0-rc.1 for a "
            f"pre-release, with at most {MAX_CHARACTERS} characters"
        )
    return name
