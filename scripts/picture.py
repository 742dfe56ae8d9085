#!/usr/bin/env python3
"""Draw templates/workspace.svg, the README's picture, from the template itself: .venv/bin/python scripts/picture.py.

It also writes where the boxes of the pages' drawing stand, smtemplates/pages/assets/layout.json, so a page needs no
graphviz. It needs npm: graphviz lays the pictures out, as WebAssembly, so that they are the same on every machine.
`python -m smtemplates reference --check` says when they are stale.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from smtemplates.pages import diagram
from smtemplates.reference import document as reference

ROOT = Path(__file__).resolve().parent.parent
LAYOUT = ROOT / "smtemplates" / "assets" / "layout.json"
TOOLS = ROOT / ".venv" / "picture"
GRAPHVIZ = "@viz-js/viz@3.31.0"
DRAW = """\
import { instance } from "@viz-js/viz";
import { readFileSync } from "node:fs";
const drawn = (await instance()).renderString(readFileSync(0, "utf8"), { format: process.argv[2] });
process.stdout.write(drawn);
"""
TITLE = "What the workspace template makes, area by area"
STYLE = """\
text { fill: #1f2328 }
.node path { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.5 }
.node.optional path { fill: #f6f8fa; stroke: #59636e }
.edge path { stroke: #59636e; stroke-width: 1.5 }
.edge polygon { fill: #59636e; stroke: #59636e }
.optional path { stroke-dasharray: 6 4 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.node path { fill: #121d2f; stroke: #4493f8 }
.node.optional path { fill: #151b23; stroke: #9198a1 }
.edge path { stroke: #9198a1 }
.edge polygon { fill: #9198a1; stroke: #9198a1 }
}
"""


def main() -> int:
    """Draw the picture and write it."""
    npm = shutil.which("npm")
    if not npm:
        print("picture: npm is not installed; the picture is laid out by a package of it.", file=sys.stderr)
        return 2
    drawn = reference.overview()
    try:
        _install(npm)
        laid_out = _lay_out(diagram.dot(drawn), "svg")
        places = json.loads(_lay_out(diagram.dot(drawn, named=True), "json"))
    except subprocess.CalledProcessError as error:
        print(f"picture: {error.cmd[0]} failed:\n{error.stderr}", file=sys.stderr)
        return 1
    target = ROOT / "templates" / reference.PICTURE
    target.write_text(_styled(laid_out, drawn), encoding="utf-8")
    LAYOUT.write_text(_places(places, drawn), encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(drawn.areas)} areas, {len(drawn.arrows)} arrows", file=sys.stderr)
    return 0


def _install(npm: str) -> None:
    """Install graphviz when it is not yet there."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    (TOOLS / "draw.mjs").write_text(DRAW, encoding="utf-8")
    install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(TOOLS), GRAPHVIZ]
    subprocess.run(install, check=True, capture_output=True, text=True)


def _lay_out(dot: str, shape: str) -> str:
    """Let graphviz draw."""
    # node comes with npm
    node = ["node", str(TOOLS / "draw.mjs"), shape]
    return subprocess.run(node, input=dot, check=True, capture_output=True, text=True).stdout


def _places(found: dict[str, Any], drawn: diagram.Diagram) -> str:
    """Say where boxes and arrows are, in ems from the top left."""
    nodes = {node["name"]: node for node in found["objects"] if "pos" in node}
    names = {node["_gvid"]: node["name"] for node in nodes.values()}
    titles = {area.name: area.title for area in drawn.areas}
    high, middle = {}, {}
    for name, node in nodes.items():
        high[name] = float(node["height"]) * 72  # graphviz counts it in inches, all else in points
        middle[name] = _points(node["pos"])[0]
    top, bottom = (
        max(one[1] + high[name] / 2 for name, one in middle.items()),
        min(one[1] - high[name] / 2 for name, one in middle.items()),
    )
    boxes = []
    for area in drawn.areas:
        (x, y), wide = middle[area.name], float(nodes[area.name]["width"]) * 72
        place = [x - wide / 2, top - y - high[area.name] / 2, wide, high[area.name]]
        boxes.append({"title": area.title, "place": _ems(place), "members": area.members})
    arrows = []
    for edge in found["edges"]:
        drawn_from, _, points = edge["pos"].partition(",")
        tip, *curve = [(x, top - y) for x, y in _points(points)]
        line = [*(curve if drawn_from == "e" else reversed(curve)), tip]
        ends = [titles[names[edge[end]]] for end in ("tail", "head")]
        arrows.append({"ends": ends, "points": [_ems(point) for point in line]})
    size = _ems([float(found["bb"].split(",")[2]), top - bottom])
    layout = {"fingerprint": diagram.fingerprint(drawn, named=True), "size": size, "boxes": boxes, "arrows": arrows}
    return json.dumps(layout) + "\n"


def _points(text: str) -> list[tuple[float, float]]:
    pairs = (point.split(",") for point in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def _ems(points: Iterable[float]) -> list[float]:
    """Count from graphviz's points to the width of an m."""
    return [round(length / diagram.POINTS, 2) for length in points]


def _styled(svg: str, drawn: diagram.Diagram) -> str:
    """Give the picture its colours, light and dark, and the fingerprint of what it shows; graphviz knows neither."""
    box = re.search(r'viewBox="0\.00 0\.00 ([0-9.]+) ([0-9.]+)"', svg)
    if not box:
        sys.exit("picture: graphviz wrote a picture without a size.")
    width, height = (round(float(side)) for side in box.groups())
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg {size} role="img" xmlns="http://www.w3.org/2000/svg">\n<title>{TITLE}</title>'
    body = svg[svg.index(">", svg.index("<svg")) + 1 :].replace('xml:space="preserve" ', "")
    body = re.sub(r"<!-- .*? -->\n|<title>.*?</title>\n", "", body)
    return f"{head}\n<!-- {diagram.fingerprint(drawn)} -->\n<style>\n{STYLE}</style>{body}"


if __name__ == "__main__":
    sys.exit(main())
