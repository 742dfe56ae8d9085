"""Messages about names that are not Regions."""

from __future__ import annotations

from smtemplates.aws_data.regions import REGIONS
from smtemplates.errors import nearest


def hint(name: str) -> str:
    """Return the question about the known Region with the most similar name."""
    return f"Did you mean {nearest(name, REGIONS, always=True)!r}?"


def no_such_region(name: str) -> str:
    """Return the sentence about a name that is not a Region, and the hint."""
    return f"There is no Region {name!r}. {hint(name)}"
