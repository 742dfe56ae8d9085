"""Messages about names that are not Regions."""

from __future__ import annotations

from smtemplates.aws_data.regions import REGIONS
from smtemplates.errors import nearest


def nearest_region(name: str) -> str:
    """Return the known Region with the most similar name."""
    return nearest(name, REGIONS, always=True)


def no_such_region(name: str) -> str:
    """Return the sentence about a name that is not a Region, and the nearest one."""
    return f"There is no Region {name!r}. Did you mean {nearest_region(name)!r}?"
