"""Draw what a template makes for a set of parameters: areas as groups, what uses what as arrows.

Areas, not resources, are what an arrow connects: that is a picture one can read. An arrow that follows from others is
left out: what uses something that uses a key uses the key.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

from smtemplates.evaluate import Stack, references

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
LEGEND = "An arrow points at what is used. Dashed: made on demand only."
POINTS = 14
_FONT = "Arial"  # graphviz knows its widths, and every system has it or a font of the same widths


@dataclass(frozen=True, kw_only=True)
class Area:
    """Hold one group: an optional one has no resource while the parameters are left alone.

    Its contents are said in kinds, "3 buckets"; its members are its resources' logical IDs and types.
    """

    title: str
    contents: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    optional: bool

    @property
    def name(self) -> str:
        """Name it as Mermaid, graphviz and CSS can."""
        return re.sub(r"\W+", "", self.title)


@dataclass(frozen=True)
class Diagram:
    """Hold the areas, and the arrows: the first of each pair uses the second."""

    areas: tuple[Area, ...]
    arrows: tuple[tuple[Area, Area], ...]


def diagram(
    template: Mapping[str, Any], area_of: Mapping[str, str], parameters: Mapping[str, str] | None = None
) -> Diagram:
    """Draw what a stack of a template has with these parameters; `area_of` gives the area of each resource."""
    stack, plain = Stack(template, parameters), Stack(template)
    members: dict[str, list[str]] = {}
    for name in stack.resources:
        members.setdefault(area_of[name], []).append(name)
    areas = {
        title: Area(
            title=title,
            contents=tuple(_kinds(stack.resources[name]["Type"] for name in names)),
            members=tuple((name, stack.resources[name]["Type"]) for name in names),
            optional=not any(plain.exists(name) for name in names),
        )
        for title, names in members.items()
    }
    pairs = {
        (area_of[name], area_of[target]): None
        for name, body in stack.resources.items()
        for target in _targets(body)
        if target in stack.resources and area_of[name] != area_of[target]
    }
    return Diagram(tuple(areas.values()), tuple((areas[one], areas[other]) for one, other in _without_detours(pairs)))


def mermaid(drawn: Diagram) -> str:
    """Write a diagram as Mermaid, which Markdown shows as a picture."""
    # with less space between the columns arrows cut the corners of boxes
    lines = ["---", "config:", "  flowchart:", "    rankSpacing: 100", "---", "flowchart LR"]
    lines += [f'  {area.name}("<b>{area.title}</b><br>{"<br>".join(area.contents)}")' for area in drawn.areas]
    lines += [f"  {one.name} {'-.->' if dashed(one, other) else '-->'} {other.name}" for one, other in drawn.arrows]
    lines.append("  classDef optional stroke-dasharray: 6 4")
    if optional := [area.name for area in drawn.areas if area.optional]:
        lines.append(f"  class {','.join(optional)} optional")
    return "\n".join(lines) + "\n"


def dot(drawn: Diagram, *, named: bool = False) -> str:
    """Write a diagram for graphviz; classes carry the style, which the picture's style sheet gives.

    `named` writes a row for each resource, with room for a mark before its name.
    """
    lines = [
        "digraph {",
        f'  graph [rankdir=LR splines=polyline ranksep=0.65 nodesep=0.3 pad=0.1 bgcolor=transparent label="{LEGEND}"',
        f"    labelloc=b fontname={_FONT} fontsize=13]",
        f'  node [shape=box style=rounded margin="0.22,0.12" fontname={_FONT} fontsize={POINTS}]',
        "  edge [arrowsize=0.9 tailport=e headport=w]",
    ]
    for area in drawn.areas:
        texts = [f"+ {name}" for name, _ in area.members] if named else area.contents
        rows = "".join(f'<tr><td align="left">{escape(row)}</td></tr>' for row in texts)
        head = f'<tr><td align="left"><b>{escape(area.title)}</b></td></tr>'
        table = f'<table width="110" border="0" cellborder="0" cellspacing="0" cellpadding="2">{head}{rows}</table>'
        lines.append(f'  {area.name} [id="{area.name}" class="{_class(dashed=area.optional)}" label=<{table}>]')
    for one, other in drawn.arrows:
        below = " tailport=s headport=n" if _ends_here(drawn, other) else ""
        lines.append(f'  {one.name} -> {other.name} [class="{_class(dashed=dashed(one, other))}"{below}]')
        if below:  # a column less: letters can be larger
            lines.append(f"  {{rank=same {one.name} {other.name}}}")
    return "\n".join([*lines, "}", ""])


def fingerprint(drawn: Diagram, *, named: bool = False) -> str:
    """Tell a diagram from every other; the picture carries it, so that a stale one is noticed."""
    return sha256(dot(drawn, named=named).encode()).hexdigest()


def dashed(one: Area, other: Area) -> bool:
    """Tell whether an arrow is there only with an optional area."""
    return one.optional or other.optional


def kind(type_: str) -> str:
    """Say what a resource is: AWS::SageMaker::NotebookInstance is a notebook instance."""
    return _HUMP.sub(" ", type_.rpartition("::")[2]).lower()


def _ends_here(drawn: Diagram, area: Area) -> bool:
    """Tell whether an area uses nothing, and is used by one other alone."""
    return [area in arrow[:1] for arrow in drawn.arrows if area in arrow] == [False]


def _class(*, dashed: bool) -> str:
    return "optional" if dashed else "always"


def _kinds(types: Iterable[str]) -> list[str]:
    """Count resources by kind; what is named after another kind, as a topic policy, only serves that one."""
    counted = Counter(map(kind, types))
    return [
        name if count == 1 else f"{count} {_plural(name)}"
        for name, count in counted.items()
        if not any(name.startswith(f"{other} ") for other in counted)
    ]


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def _targets(body: Mapping[str, Any]) -> list[str]:
    after = body.get("DependsOn", [])
    return [*([after] if isinstance(after, str) else after), *(found.target for found in references(dict(body)))]


def _without_detours(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Drop every arrow whose end is reached by other arrows as well."""
    kept = list(pairs)
    for pair in sorted(kept):
        others = [other for other in kept if other != pair]
        if pair[1] in _reached(pair[0], others):
            kept = others
    return kept


def _reached(start: str, pairs: Iterable[tuple[str, str]]) -> set[str]:
    found = {start}
    while further := {end for one, end in pairs if one in found} - found:
        found |= further
    return found
