"""Draw the resources of a stack on a page: boxes with a row for each resource, and arrows between the boxes.

The boxes of the workspace have the same places on every page (places.py). Which resources each box contains is read
from assets/workspace.json, so that a page needs no construct. Other resources are shown below, by service.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any, Literal

from smtemplates.core.assets import read_asset
from smtemplates.pages.diagram import Diagram
from smtemplates.pages.layout import FONT, Layout, layout
from smtemplates.pages.lines import HEAD, path
from smtemplates.pages.routing import Box

WORKSPACE = "workspace.json"
_EMPTY = ' class="empty"'
MARK = 17  # width of the mark before the name of a resource, in pixels at the font size of a layout


@dataclass(frozen=True, kw_only=True)
class Row:
    """Describe how a resource is shown: its mark and colour, their meaning in the legend, and a text for it.

    A row with the ID of an element of the page in `target` is a link to it.
    """

    type: str
    mark: str
    colour: Literal["create", "change", "destroy", "same", "absent"]
    meaning: str
    details: str = ""
    target: str = ""


def asset(name: str) -> str:
    """Return the text of a file that pages consist of."""
    return read_asset(__package__, name)


def workspace_file(drawn: Diagram) -> str:
    """Return the text of assets/workspace.json for the diagram of a workspace with all features."""
    groups = ",\n".join(f"    {json.dumps([group.title, group.members])}" for group in drawn.groups)
    arrows = ",\n".join(f"    {json.dumps([one.title, other.title])}" for one, other in drawn.arrows)
    return f'{{\n  "groups": [\n{groups}\n  ],\n  "arrows": [\n{arrows}\n  ]\n}}\n'


@cache
def _workspace() -> tuple[Layout, dict[str, dict[str, str]]]:
    """Return the layout of the workspace, and the types of its resources by group and logical ID."""
    read: dict[str, Any] = json.loads(asset(WORKSPACE))
    members = {title: dict(found) for title, found in read["groups"]}
    arrows = [(start, end) for start, end in read["arrows"]]
    return layout({title: list(names) for title, names in members.items()}, arrows, indent=MARK), members


def drawing(rows: Mapping[str, Row], *, absent: str, changing: bool = False) -> str:
    """Return the HTML of resources by logical ID. `absent` is the meaning of a workspace resource that has no row.

    With `changing`, the page can make every row absent later, so that the legend always contains this meaning.
    """
    placed, members = _workspace()
    known = {name: type_ for found in members.values() for name, type_ in found.items()}
    inside = {name: rows[name] for name in workspace_names({name: row.type for name, row in rows.items()})}
    faded = {name: Row(type=type_, mark="·", colour="absent", meaning=absent) for name, type_ in known.items()}
    others: dict[str, list[str]] = {}
    for name in sorted(rows.keys() - inside.keys()):
        others.setdefault(_service(rows[name].type), []).append(name)
    grid = "".join(_box(service, names, rows) for service, names in sorted(others.items()))
    parts = [
        _legend([*rows.values(), *(faded.values() if inside or changing else ())]),
        _placed(placed, members, faded | inside) if inside else "",
        f'<div class="others">{grid}</div>' if grid else "",
    ]
    return f'<div class="drawing" role="group" aria-label="Drawing of the resources">{"".join(parts)}</div>'


def workspace_names(types: Mapping[str, str]) -> frozenset[str]:
    """Return the logical IDs of the resources that a workspace has; `types` are the types of all resources.

    A template of which fewer than half of the resources are those of a workspace has only a few names in common.
    """
    known = {name: type_ for found in _workspace()[1].values() for name, type_ in found.items()}
    inside = frozenset(name for name, type_ in types.items() if known.get(name) == type_)
    return inside if len(inside) * 2 >= len(types) else frozenset()


def _service(type_: str) -> str:
    """Return the service of a type: S3 for AWS::S3::Bucket, Custom for Custom::Folders."""
    words = type_.split("::")
    return words[1] if words[2:] else words[0]


def _placed(placed: Layout, members: Mapping[str, Iterable[str]], rows: Mapping[str, Row]) -> str:
    number = {box.title: index for index, box in enumerate(placed.boxes)}
    empty = {box.title for box in placed.boxes if _is_empty(members[box.title], rows)}
    arrows = "".join(
        f'<path data-from="{number[arrow.start]}" data-to="{number[arrow.end]}"'
        f"{_EMPTY if empty & {arrow.start, arrow.end} else ''}"
        f' d="{path(arrow.points)}" marker-start="url(#head)"/>'
        for arrow in placed.arrows
    )
    drawn = "".join(_box(box.title, members[box.title], rows, box) for box in placed.boxes)
    svg = f'<svg viewBox="0 0 {placed.width} {placed.height}" aria-hidden="true">{HEAD}{arrows}</svg>'
    size = f"--width:{_ems(placed.width)};--height:{_ems(placed.height)}"
    return f'<div class="placed" style="{size}">{svg}{drawn}</div>'


def _is_empty(names: Iterable[str], rows: Mapping[str, Row]) -> bool:
    """Return whether a box has no existing resource: its outline and its arrows are dashed."""
    return all(rows[name].colour == "absent" for name in names)


def _ems(pixels: int) -> float:
    """Return a length in ems, so that the drawing has the size of its font."""
    return round(pixels / FONT, 2)


def _box(title: str, names: Iterable[str], rows: Mapping[str, Row], box: Box | None = None) -> str:
    place = ""
    if box:
        left, top, width, height = map(_ems, (box.left, box.top, box.width, box.height))
        place = f' style="left:{left}em;top:{top}em;width:{width}em;height:{height}em"'
    listed = "".join(f"<li>{_row(name, rows[name])}</li>" for name in names)
    kind = "group empty" if _is_empty(names, rows) else "group"
    return f'<section class="{kind}"{place}><h3>{escape(title)}</h3><ul>{listed}</ul></section>'


def _row(name: str, row: Row) -> str:
    text = f"{name} ({row.type}): {row.details or row.meaning}"
    attributes = f'class="{row.colour}" data-resource="{escape(name)}" title="{escape(text)}"'
    inside = f'<b aria-hidden="true">{escape(row.mark)}</b>{escape(name)}'
    if row.target:
        return f'<a href="#{escape(row.target)}" {attributes}>{inside}</a>'
    return f"<span {attributes}>{inside}</span>"


def _legend(rows: Iterable[Row]) -> str:
    meanings = dict.fromkeys((row.colour, row.mark, row.meaning) for row in rows)
    entries = (
        f'<span class="{colour}"><b>{escape(mark)}</b> {escape(meaning)}</span>' for colour, mark, meaning in meanings
    )
    return f'<p class="legend">{"".join(entries)}</p>'
