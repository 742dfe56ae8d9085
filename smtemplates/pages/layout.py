"""Compute the places of boxes and the arrows between them, in whole pixels: equal on every machine.

Boxes are in columns. All boxes of a column have the same width, so the gaps between columns are free of boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from smtemplates.pages.places import PLACES, Place, check_places
from smtemplates.pages.routing import Box, Point, gap_width, points, routes
from smtemplates.pages.text_width import text_width

FONT = 14  # size in pixels
LINE = 24  # from one line of text to the next: the least height of a link that fingers can hit
PADDING_X, PADDING_Y = 14, 10
SPACE = 28  # between two boxes of a column
MARGIN = 12


@dataclass(frozen=True)
class Arrow:
    """Represent an arrow: the titles of its ends, and the corners of its line, from the first end to the second."""

    start: str
    end: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """Contain the size of the drawing, its boxes and its arrows."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def layout(
    contents: Mapping[str, Sequence[str]],
    arrows: Iterable[tuple[str, str]],
    *,
    indent: int = 0,
    places: Mapping[str, Place] = PLACES,
) -> Layout:
    """Return the layout of boxes by title, each with its lines, which are `indent` pixels to the right of the title.

    Raises:
        TemplateError: a title has no place. The message names all such titles.
    """
    check_places(contents, places)
    columns = _columns(contents, places)
    heights = {title: (1 + len(lines)) * LINE + 2 * PADDING_Y for title, lines in contents.items()}
    widths = [max(_width(title, contents[title], indent) for title in titles) for titles in columns]
    totals = [sum(heights[title] + SPACE for title in titles) - SPACE for titles in columns]
    tallest = max(totals, default=0)
    boxes: dict[str, Box] = {}
    for column, titles in enumerate(columns):
        top = MARGIN + (tallest - totals[column]) // 2
        for title in titles:
            boxes[title] = Box(title=title, column=column, left=0, top=top, width=widths[column], height=heights[title])
            top += heights[title] + SPACE
    found = routes(boxes.values(), arrows, margin=MARGIN)
    left = MARGIN
    gaps: list[int] = []  # the left edge of each gap
    for column, titles in enumerate(columns):
        gaps.append(left)
        left += gap_width(found, column, outer=column == 0)
        for title in titles:
            boxes[title] = boxes[title].at(left)
        left += widths[column]
    gaps.append(left)
    left += gap_width(found, len(columns), outer=True)
    drawn = tuple(Arrow(route.start, route.end, points(route, boxes, gaps, found)) for route in found.routes)
    return Layout(left + MARGIN, tallest + 2 * MARGIN, tuple(boxes.values()), drawn)


def _columns(titles: Iterable[str], places: Mapping[str, Place]) -> list[list[str]]:
    """Return the titles of each column from top to bottom; columns without a box are left out."""
    columns: dict[int, list[str]] = {}
    for title in sorted(titles, key=lambda title: (*places[title], title)):
        columns.setdefault(places[title][0], []).append(title)
    return list(columns.values())


def _width(title: str, lines: Sequence[str], indent: int) -> int:
    """Return the width of a box that contains a title and lines."""
    texts = [text_width(title, size=FONT, bold=True), *(indent + text_width(line, size=FONT) for line in lines)]
    return max(texts) + 2 * PADDING_X
