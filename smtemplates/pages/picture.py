"""Draw the workspace as SVG for the README: people, services and the flow of data, in light and dark colours.

The shapes are our own. The icons of AWS are not used, because their terms could not be verified. Everything is in whole
pixels, so the picture has equal bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from smtemplates.pages.picture_parts import ARROWS, FRAMES, NODES, Arrow, Frame, Node

WIDTH, HEIGHT = 960, 600
TITLE = "People, services and data of a workspace"
LEGEND = "Parts with a dashed outline are optional."
ICON = 28  # pixels, the width and height of an icon
STYLE = """\
.page { fill: #ffffff }
text { fill: #1f2328; font: 13px Arial, "Liberation Sans", Helvetica, sans-serif }
.title { font-weight: bold; font-size: 14px }
.box { fill: #f6f8fa; stroke: #59636e; stroke-width: 1.5 }
.frame { fill: none; stroke: #59636e; stroke-width: 1.5 }
.vpc { stroke: #6b21a8 }
.optional { stroke-dasharray: 6 4 }
.icon { fill: none; stroke: #59636e; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.learning { stroke: #067f68 }
.storage { stroke: #3f7d0f }
.operations { stroke: #b8146f }
.security { stroke: #c7131f }
.arrow { fill: none; stroke: #59636e; stroke-width: 1.5 }
marker path { fill: #59636e }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 }
text { fill: #f0f6fc }
.box { fill: #151b23; stroke: #9198a1 }
.frame, .icon, .arrow { stroke: #9198a1 }
.vpc { stroke: #c58fff }
.learning { stroke: #3dd9bd }
.storage { stroke: #8ad04f }
.operations { stroke: #ff80bf }
.security { stroke: #ff8080 }
marker path { fill: #9198a1 }
}
"""
HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


def picture() -> str:
    """Return the picture as SVG."""
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    parts = [
        f'<svg {size} role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(TITLE)}</title>",
        f"<style>\n{STYLE}</style>",
        HEAD,
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        *(line for frame in FRAMES for line in _frame(frame)),
        *(line for arrow in ARROWS for line in _arrow(arrow)),
        *(line for node in NODES for line in _node(node)),
        f'<text x="176" y="{HEIGHT - 32}">{escape(LEGEND)}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frame(frame: Frame) -> Iterator[str]:
    yield (
        f'<rect class="frame {frame.kind}" x="{frame.left}" y="{frame.top}" width="{frame.width}" '
        f'height="{frame.height}" rx="8"/>'
    )
    yield f'<text class="title" x="{frame.left + 14}" y="{frame.top + 24}">{escape(frame.title)}</text>'


def _arrow(arrow: Arrow) -> Iterator[str]:
    (x, y), *others = arrow.points
    lines = "".join(f" L{one} {other}" for one, other in others)
    ends = f'data-from="{arrow.start}" data-to="{arrow.end}"'
    yield f'<path class="arrow" {ends} d="M{x} {y}{lines}" marker-end="url(#head)"/>'
    if arrow.text:
        left, top = arrow.place
        yield f'<text x="{left}" y="{top}" text-anchor="middle">{escape(arrow.text)}</text>'


def _node(node: Node) -> Iterator[str]:
    yield f'<g class="node" data-name="{node.name}">'
    middle = node.top + node.height // 2
    if node.boxed:
        kind = "box optional" if node.optional else "box"
        size = f'width="{node.width}" height="{node.height}"'
        yield f'<rect class="{kind}" x="{node.left}" y="{node.top}" {size} rx="8"/>'
        yield _icon(node, node.left + 12, middle - ICON // 2)
        x, anchor, lines = node.left + 12 + ICON + 12, "start", (middle - 5, middle + 14)
    else:
        x = node.left + node.width // 2
        yield _icon(node, x - ICON // 2, node.top)
        anchor, lines = "middle", (node.top + ICON + 20, node.top + ICON + 38)
    for kind, y, text in (("title", lines[0], node.title), ("", lines[1], node.text)):
        if text:
            yield f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
    yield "</g>"


def _icon(node: Node, left: int, top: int) -> str:
    return f'<path class="icon {node.kind}" transform="translate({left} {top})" d="{node.icon}"/>'
