#!/usr/bin/env python3
"""Draw templates/workspace.svg, the README's picture, from the template itself: .venv/bin/python scripts/picture.py.

It needs npm: graphviz lays the picture out, as WebAssembly, so that it is the same on every machine.
`python -m smtemplates reference --check` says when the picture is stale.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from smtemplates import diagram, reference

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv" / "picture"
GRAPHVIZ = "@viz-js/viz@3.31.0"
DRAW = """\
import { instance } from "@viz-js/viz";
import { readFileSync } from "node:fs";
const drawn = (await instance()).renderString(readFileSync(0, "utf8"), { format: "svg" });
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
        laid_out = _lay_out(npm, diagram.dot(drawn))
    except subprocess.CalledProcessError as error:
        print(f"picture: {error.cmd[0]} failed:\n{error.stderr}", file=sys.stderr)
        return 1
    target = ROOT / "templates" / reference.PICTURE
    target.write_text(_styled(laid_out, drawn), encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(drawn.areas)} areas, {len(drawn.arrows)} arrows", file=sys.stderr)
    return 0


def _lay_out(npm: str, dot: str) -> str:
    """Let graphviz draw, installed when it is not yet there."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    script = TOOLS / "draw.mjs"
    script.write_text(DRAW, encoding="utf-8")
    install = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(TOOLS), GRAPHVIZ]
    subprocess.run(install, check=True, capture_output=True, text=True)
    # node comes with npm
    node = ["node", str(script)]
    return subprocess.run(node, input=dot, check=True, capture_output=True, text=True).stdout


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
