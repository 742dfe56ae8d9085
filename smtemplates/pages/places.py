"""Keep the places of the boxes in the picture and on the pages, by the title of the console group.

This table is kept by hand. Everything else about the layout is computed from it (layout.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from smtemplates.errors import TemplateError

FILE = "smtemplates/pages/places.py"
Place = tuple[int, int]

# Column from the left, then row from the top. Boxes in a column are stacked without overlapping, whatever their size.
PLACES: Mapping[str, Place] = {
    "Notebook": (1, 1),
    "Studio": (1, 2),
    "Endpoint": (1, 3),
    "Monitoring": (1, 4),
    "Access": (2, 1),
    "Network": (2, 2),
    "Initializer": (2, 3),
    "Registry": (3, 1),
    "Tracking": (3, 2),
    "Storage": (3, 3),
    "Encryption": (3, 4),
}


def missing(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> list[str]:
    """Return the titles without a place, in their order."""
    return [title for title in dict.fromkeys(titles) if title not in places]


def example_rows(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> list[str]:
    """Return a line for the table for each title: the next free row of the column with the fewest boxes."""
    boxes = Counter(column for column, _ in places.values()) or Counter({1: 0})
    last = Counter[int]()
    for column, row in places.values():
        last[column] = max(last[column], row)
    lines = []
    for title in titles:
        column = min(sorted(boxes), key=boxes.__getitem__)
        boxes[column] += 1
        last[column] += 1
        lines.append(f'    "{title}": ({column}, {last[column]}),')
    return lines


def check_places(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> None:
    """Check that every title has a place.

    Raises:
        TemplateError: titles are missing from the table. The message names all of them, with a line for each.
    """
    if absent := missing(titles, places):
        lines = "\n".join(example_rows(absent, places))
        raise TemplateError(f"The picture has no place for {', '.join(absent)}. Add to PLACES in {FILE}:\n{lines}")
