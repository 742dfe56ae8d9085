"""Draw a diagram as SVG for a README: equal bytes on every machine, in light and dark colours."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from smtemplates.pages.diagram import LEGEND, Diagram, Group, is_optional
from smtemplates.pages.layout import LINE, MARGIN, PADDING_X, PADDING_Y, Arrow, layout
from smtemplates.pages.lines import HEAD, path
from smtemplates.pages.routing import Box

TITLE = "Resources that the workspace template creates, by group"
STYLE = """\
text { fill: #1f2328; font: 14px Arial, "Liberation Sans", Helvetica, sans-serif }
.title { font-weight: bold }
rect { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.5 }
rect.optional { fill: #f6f8fa; stroke: #59636e }
.arrow { fill: none; stroke: #59636e; stroke-width: 1.5 }
.optional { stroke-dasharray: 6 4 }
marker path { fill: #59636e }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
rect { fill: #121d2f; stroke: #4493f8 }
rect.optional { fill: #151b23; stroke: #9198a1 }
.arrow { stroke: #9198a1 }
marker path { fill: #9198a1 }
}
"""
LEGEND_HEIGHT = 30
_ASCENT = 15  # from the top of a line of text to its baseline


def picture(drawn: Diagram) -> str:
    """Return the SVG of a diagram: a box for each group, with its resources counted by kind.

    Raises:
        TemplateError: a group has no place (places.py). The message names all such groups.
    """
    groups = {group.title: group for group in drawn.groups}
    optional = {(one.title, other.title): is_optional(one, other) for one, other in drawn.arrows}
    found = layout({title: group.contents for title, group in groups.items()}, optional)
    height = found.height + LEGEND_HEIGHT
    arrows = sorted(found.arrows, key=lambda arrow: not optional[arrow.start, arrow.end])  # solid lines on top
    size = f'width="{found.width}" height="{height}" viewBox="0 0 {found.width} {height}"'
    parts = [
        f'<svg {size} role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(TITLE)}</title>",
        f"<style>\n{STYLE}</style>",
        HEAD,
        *(_arrow(arrow, optional=optional[arrow.start, arrow.end]) for arrow in arrows),
        *(line for box in found.boxes for line in _box(box, groups[box.title])),
        f'<text x="{found.width // 2}" y="{height - MARGIN}" text-anchor="middle">{escape(LEGEND)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _arrow(arrow: Arrow, *, optional: bool) -> str:
    kind = "arrow optional" if optional else "arrow"
    ends = f'data-from="{escape(arrow.start)}" data-to="{escape(arrow.end)}"'
    return f'<path class="{kind}" {ends} d="{path(arrow.points)}" marker-start="url(#head)"/>'


def _box(box: Box, group: Group) -> Iterator[str]:
    kind = "optional" if group.optional else "always"
    yield f'<g class="box" data-title="{escape(box.title)}">'
    yield f'<rect class="{kind}" x="{box.left}" y="{box.top}" width="{box.width}" height="{box.height}" rx="10"/>'
    for index, text in enumerate((group.title, *group.contents)):
        kind = ' class="title"' if index == 0 else ""
        y = box.top + PADDING_Y + index * LINE + _ASCENT
        yield f'<text{kind} x="{box.left + PADDING_X}" y="{y}">{escape(text)}</text>'
    yield "</g>"
