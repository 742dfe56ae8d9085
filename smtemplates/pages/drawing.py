"""Draw a stack's resources on a page: boxes with a row for each resource, arrows between boxes, each row marked.

Where the boxes of the workspace stand was laid out beforehand (scripts/picture.py), so that a page needs no engine and
a resource is at the same place on all of them. What has no place there stands below, by service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Literal

from smtemplates.core.assets import read_asset

ARROWHEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0,1 8,4 0,7z"/></marker></defs>'
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """Hold how a resource is shown: its mark and colour, what they mean, and what is told of it.

    One that `leads` somewhere is a button.
    """

    type: str
    mark: str
    colour: Literal["make", "change", "take", "same", "absent"]
    means: str
    told: str = ""
    leads: bool = False


def asset(name: str) -> str:
    """Read a file that pages are made of."""
    return read_asset(__package__, name)


@cache
def layout() -> dict[str, Any]:
    """Read where the workspace's boxes and arrows stand, in ems."""
    found: dict[str, Any] = json.loads(asset("layout.json"))
    return found


def drawing(rows: Mapping[str, Row], *, absent: str) -> str:
    """Draw resources by logical ID; `absent` is what to call a resource that has a place but is not among them."""
    known = {name: type_ for box in layout()["boxes"] for name, type_ in box["members"]}
    placed = {name for name, row in rows.items() if known.get(name) == row.type}
    if len(placed) * 2 < len(rows) or not placed:
        placed = set()  # another template, which shares a few names
    faded = {name: Row(type=type_, mark="·", colour="absent", means=absent) for name, type_ in known.items()}
    inside = faded | {name: rows[name] for name in placed} if placed else {}
    others: dict[str, list[str]] = {}
    for name in sorted(rows.keys() - placed):
        others.setdefault(_service(rows[name].type), []).append(name)
    grid = "".join(_box(service, names, rows) for service, names in sorted(others.items()))
    parts = [
        _legend([*rows.values(), *(faded.values() if placed else ())]),
        _placed(inside) if placed else "",
        f'<div class="others">{grid}</div>' if grid else "",
    ]
    return f'<div class="drawing">{"".join(parts)}</div>'


def _service(type_: str) -> str:
    """Name the service of a type: AWS::S3::Bucket is of S3, Custom::Folders of Custom."""
    words = type_.split("::")
    return words[1] if len(words) > 2 else words[0]  # noqa: PLR2004 organization, service, kind


def _placed(rows: Mapping[str, Row]) -> str:
    wide, high = layout()["size"]
    boxes = layout()["boxes"]
    number = {box["title"]: index for index, box in enumerate(boxes)}
    arrows = "".join(
        f'<polyline data-from="{number[start]}" data-to="{number[end]}" points="{points}" marker-end="url(#head)"/>'
        for start, end, points in map(_arrow, layout()["arrows"])
    )
    drawn = "".join(_box(box["title"], [name for name, _ in box["members"]], rows, box["place"]) for box in boxes)
    svg = f'<svg viewBox="0 0 {wide} {high}" aria-hidden="true">{ARROWHEAD}{arrows}</svg>'
    return f'<div class="placed" style="width:{wide}em;height:{high}em">{svg}{drawn}</div>'


def _arrow(arrow: Mapping[str, Any]) -> tuple[str, str, str]:
    start, end = arrow["ends"]
    return start, end, " ".join(f"{x},{y}" for x, y in arrow["points"])


def _box(title: str, names: Iterable[str], rows: Mapping[str, Row], place: Sequence[float] | None = None) -> str:
    where = ""
    if place:
        where = ' style="left:{}em;top:{}em;width:{}em;height:{}em"'.format(*place)
    listed = "".join(f"<li>{_row(name, rows[name])}</li>" for name in names)
    return f'<section class="area"{where}><h3>{escape(title)}</h3><ul>{listed}</ul></section>'


def _row(name: str, row: Row) -> str:
    told = f"{name} ({row.type}): {row.told or row.means}"
    about = f'class="{row.colour}" data-resource="{escape(name)}" title="{escape(told)}"'
    inside = f'<b aria-hidden="true">{escape(row.mark)}</b> {escape(name)}'
    if row.leads:
        return f'<button type="button" {about} aria-pressed="false">{inside}</button>'
    return f"<span {about}>{inside}</span>"


def _legend(rows: Iterable[Row]) -> str:
    meanings = dict.fromkeys((row.colour, row.mark, row.means) for row in rows)
    told = (f'<span class="{colour}"><b>{escape(mark)}</b> {escape(means)}</span>' for colour, mark, means in meanings)
    return f'<p class="legend">{" ".join(told)}</p>'
