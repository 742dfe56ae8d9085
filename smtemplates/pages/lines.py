"""Write the lines of arrows as SVG."""

from __future__ import annotations

from collections.abc import Sequence

from smtemplates.pages.routing import Point

RADIUS = 8  # of rounded corners
# A line is drawn from its arrow head to its other end: dashed lines that share their last part then have equal dashes.
HEAD = (
    '<defs><marker id="head" viewBox="0 0 11 12" refX="1" refY="6" markerWidth="11" markerHeight="12"'
    ' markerUnits="userSpaceOnUse" orient="auto"><path d="M0,6 11,1 11,11z"/></marker></defs>'
)


def path(points: Sequence[Point]) -> str:
    """Return the path of a line with horizontal and vertical parts, from its last point to its first."""
    corners = points[::-1]
    drawn = [f"M{_point(corners[0])}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(RADIUS, _length(before, corner) // 2, _length(corner, after) // 2)
        drawn.append(
            f"L{_point(_toward(corner, before, radius))}Q{_point(corner)} {_point(_toward(corner, after, radius))}"
        )
    drawn.append(f"L{_point(corners[-1])}")
    return "".join(drawn)


def _point(point: Point) -> str:
    return f"{point[0]},{point[1]}"


def _length(one: Point, other: Point) -> int:
    """Return the length of a horizontal or vertical line."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _toward(start: Point, end: Point, distance: int) -> Point:
    """Return the point at a distance from the start of a horizontal or vertical line."""
    x, y = ((end[axis] > start[axis]) - (end[axis] < start[axis]) for axis in (0, 1))
    return start[0] + x * distance, start[1] + y * distance
