"""Route arrows between boxes in columns, so that no arrow crosses a box.

An arrow leaves its box to the side and runs up or down in the gap between two columns only. It passes a column between
two boxes. All arrows that enter a box on one side share their last part, which is called a trunk here. An arrow between
neighbours in a column is a straight line. Gap number n is on the left of column n.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from typing import Literal

Point = tuple[int, int]
Side = Literal["left", "right"]
Trunk = tuple[str, Side]  # the title of the box that it enters, and on which side

TRACK = 14  # from one trunk to the next in a gap
EDGE = 26  # from a box to the nearest trunk, with room for an arrow head
_STRAIGHT = 6  # a smaller step up or down is left out
_MOST_ORDERED = 5  # with more trunks in one gap, trying all orders takes too long


@dataclass(frozen=True, kw_only=True)
class Box:
    """Represent the place and size of a box in pixels, and the index of its column."""

    title: str
    column: int
    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Return the right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """Return the lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> int:
        """Return the vertical middle."""
        return self.top + self.height // 2

    def at(self, left: int) -> Box:
        """Return the box at another distance from the left."""
        return replace(self, left=left)


@dataclass(frozen=True)
class _Way:
    """Contain the boxes that an arrow connects, and the gaps that it runs through; a straight line has none."""

    start: Box
    end: Box
    gaps: tuple[int, ...]

    @property
    def leaves(self) -> Side:
        return "right" if self.gaps[0] > self.start.column else "left"

    @property
    def trunk(self) -> Trunk:
        return self.end.title, "left" if self.gaps[-1] == self.end.column else "right"

    @property
    def crossed(self) -> list[int]:
        """Return the columns that it passes, in its order."""
        return [min(pair) for pair in pairwise(self.gaps)]


@dataclass(frozen=True)
class Route:
    """Represent the way of an arrow: the gaps that it runs through, and its heights before, between and after them."""

    start: str
    end: str
    trunk: Trunk | None
    gaps: tuple[int, ...]
    levels: tuple[int, ...]


@dataclass(frozen=True)
class Routes:
    """Contain the routes, and the trunks that run up or down in each gap, from left to right."""

    routes: tuple[Route, ...]
    tracks: Mapping[int, Sequence[Trunk]]


def routes(boxes: Iterable[Box], arrows: Iterable[tuple[str, str]], *, margin: int) -> Routes:
    """Return the routes of arrows, for boxes at their final heights; `margin` is the height above and below all boxes.

    An arrow has the titles of the boxes that it connects.
    """
    by_title = {box.title: box for box in boxes}
    columns = _columns(by_title.values())
    pairs = list(dict.fromkeys(arrows))
    ways = [_way(by_title[one], by_title[other], columns, reverse=(other, one) in pairs) for one, other in pairs]
    beside = [way for way in ways if way.gaps]
    ports, lanes = _ports(beside), _lanes(beside, columns, margin)
    found = []
    for way in ways:
        trunk, levels = None, []
        if way.gaps:
            trunk = way.trunk
            between = [lanes[column, _passage(columns[column], way, margin), trunk] for column in way.crossed]
            levels = [ports[way.start.title, way.leaves, trunk], *between, ports[way.end.title, trunk[1], trunk]]
            if abs(levels[0] - levels[1]) <= _STRAIGHT:
                levels[0] = levels[1]
        found.append(Route(way.start.title, way.end.title, trunk, way.gaps, tuple(levels)))
    return Routes(tuple(found), _tracks(found, beside))


def gap_width(found: Routes, gap: int, *, outer: bool) -> int:
    """Return the width of a gap; an `outer` one, at the edge of the drawing, exists only if an arrow needs it."""
    tracks = len(found.tracks.get(gap, ()))
    if outer and not tracks:
        return 0
    return 2 * EDGE + max(tracks - 1, 0) * TRACK


def points(route: Route, boxes: Mapping[str, Box], gaps: Sequence[int], found: Routes) -> tuple[Point, ...]:
    """Return the corners of an arrow; `gaps` has the left edge of each gap."""
    start, end = boxes[route.start], boxes[route.end]
    if route.trunk is None:
        middle = start.left + start.width // 2
        down = start.top < end.top
        return (middle, start.bottom if down else start.top), (middle, end.top if down else end.bottom)
    line = [(start.right if route.gaps[0] > start.column else start.left, route.levels[0])]
    for gap, levels in zip(route.gaps, pairwise(route.levels), strict=True):
        if levels[0] != levels[1]:
            x = gaps[gap] + EDGE + TRACK * found.tracks[gap].index(route.trunk)
            line += [(x, level) for level in levels]
    line.append((end.left if route.trunk[1] == "left" else end.right, route.levels[-1]))
    return tuple(line)


def _columns(boxes: Iterable[Box]) -> list[list[Box]]:
    """Return the boxes of each column from top to bottom."""
    columns: dict[int, list[Box]] = {}
    for box in sorted(boxes, key=lambda box: (box.column, box.top)):
        columns.setdefault(box.column, []).append(box)
    return list(columns.values())


def _way(start: Box, end: Box, columns: Sequence[Sequence[Box]], *, reverse: bool) -> _Way:
    """Return the gaps between two boxes; where an arrow runs in `reverse` too, only one of them is a straight line."""
    if start.column < end.column:
        return _Way(start, end, tuple(range(start.column + 1, end.column + 1)))
    if start.column > end.column:
        return _Way(start, end, tuple(range(start.column, end.column, -1)))
    stack = columns[start.column]
    distance = stack.index(end) - stack.index(start)
    if distance == 1 or (distance == -1 and not reverse):
        return _Way(start, end, ())
    last = start.column == len(columns) - 1
    return _Way(start, end, (start.column if last else start.column + 1,))


def _ports(ways: Iterable[_Way]) -> dict[tuple[str, Side, Trunk], int]:
    """Return the height at which each trunk touches a side of a box, in the order of the boxes at the other end."""
    others: dict[tuple[Box, Side], dict[Trunk, list[int]]] = {}
    for way in ways:
        for box, side, other in ((way.start, way.leaves, way.end), (way.end, way.trunk[1], way.start)):
            others.setdefault((box, side), {}).setdefault(way.trunk, []).append(other.middle)
    found = {}
    for (box, side), trunks in others.items():
        ordered = sorted(trunks, key=lambda trunk: (sum(trunks[trunk]) / len(trunks[trunk]), trunk))
        for trunk, level in zip(ordered, _spread(box.top, box.bottom, len(ordered)), strict=True):
            found[box.title, side, trunk] = level
    return found


def _lanes(
    ways: Iterable[_Way], columns: Sequence[Sequence[Box]], margin: int
) -> dict[tuple[int, tuple[int, int], Trunk], int]:
    """Return the height at which each trunk passes a column, by the column and the passage that it takes."""
    used: dict[tuple[int, tuple[int, int]], set[Trunk]] = {}
    for way in ways:
        for column in way.crossed:
            used.setdefault((column, _passage(columns[column], way, margin)), set()).add(way.trunk)
    found = {}
    for (column, passage), trunks in used.items():
        for trunk, level in zip(sorted(trunks), _spread(*passage, len(trunks)), strict=True):
            found[column, passage, trunk] = level
    return found


def _passage(boxes: Sequence[Box], way: _Way, margin: int) -> tuple[int, int]:
    """Return the upper and lower limit of the free place of a column that is nearest to the start of an arrow."""
    inner = [(one.bottom, other.top) for one, other in pairwise(boxes)]
    passages = [(boxes[0].top - margin, boxes[0].top), *inner, (boxes[-1].bottom, boxes[-1].bottom + margin)]
    return min(passages, key=lambda limits: abs(sum(limits) - 2 * way.start.middle))


def _spread(low: int, high: int, count: int) -> Iterator[int]:
    """Yield heights at equal distances between two limits."""
    for index in range(1, count + 1):
        yield low + (high - low) * index // (count + 1)


def _tracks(found: Sequence[Route], ways: Sequence[_Way]) -> dict[int, list[Trunk]]:
    """Return the trunks of each gap in the order in which they cross least."""
    ends: dict[int, dict[Trunk, set[tuple[Side, int]]]] = {}
    beside = (route for route in found if route.gaps)
    for route, way in zip(beside, ways, strict=True):
        columns = [way.start.column, *way.crossed, way.end.column]
        for index, gap in enumerate(route.gaps):
            before, after = route.levels[index], route.levels[index + 1]
            if before != after:
                enters: Side = "left" if columns[index] < gap else "right"
                exits: Side = "left" if columns[index + 1] < gap else "right"
                ends.setdefault(gap, {}).setdefault(way.trunk, set()).update({(enters, before), (exits, after)})
    return {gap: _ordered(trunks) for gap, trunks in ends.items()}


def _ordered(trunks: Mapping[Trunk, set[tuple[Side, int]]]) -> list[Trunk]:
    names = sorted(trunks)
    if len(names) > _MOST_ORDERED:
        return names
    return min(map(list, permutations(names)), key=lambda order: _crossings(order, trunks))


def _crossings(order: Sequence[Trunk], trunks: Mapping[Trunk, set[tuple[Side, int]]]) -> int:
    """Count the places where a line to a trunk crosses another trunk."""
    count = 0
    for index, trunk in enumerate(order):
        for side, level in trunks[trunk]:
            for passed in order[:index] if side == "left" else order[index + 1 :]:
                levels = [other for _, other in trunks[passed]]
                count += min(levels) <= level <= max(levels)
    return count
