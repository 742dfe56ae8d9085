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


def missing_places(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> list[str]:
    """Return a sentence for each title without a place, with the row to add.

    The row is an example that can be used unchanged: the next free row of the column with the fewest boxes.
    """
    boxes = Counter(column for column, _ in places.values()) or Counter({1: 0})
    last = {column: max((row for found, row in places.values() if found == column), default=0) for column in boxes}
    sentences = []
    for title in dict.fromkeys(titles):
        if title not in places:
            column = min(sorted(boxes), key=boxes.__getitem__)
            boxes[column] += 1
            last[column] += 1
            row = f'"{title}": ({column}, {last[column]}),'
            sentences.append(
                f"{FILE}: {title} has no place in the picture. Add its column and row to PLACES, for example: {row}"
            )
    return sentences


def check_places(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> None:
    """Check that every title has a place.

    Raises:
        TemplateError: titles are missing from the table. The message names all of them.
    """
    if sentences := missing_places(titles, places):
        raise TemplateError("\n".join(sentences))
