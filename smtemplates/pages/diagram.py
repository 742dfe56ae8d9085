"""Describe what a stack of a template contains: groups of resources, and arrows from each group to those it uses.

An arrow connects groups, not resources: otherwise there are too many arrows to read. An arrow that follows from others
is left out: if Access uses Storage and Storage uses Encryption, Access uses Encryption.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.evaluate import Stack, references

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LEGEND = "Arrows point to the groups that a group uses. Groups with a dashed outline are optional."


@dataclass(frozen=True, kw_only=True)
class Group:
    """Contain the resources of one console group. An optional group has no resources with default parameters.

    `contents` counts the resources of the stack by kind, as in "3 buckets". `members` has the logical IDs and types of
    all resources in the template, of which some exclude each other.
    """

    title: str
    contents: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    optional: bool

    @property
    def name(self) -> str:
        """Return the title without the characters that Mermaid does not allow in a name."""
        return re.sub(r"\W+", "", self.title)


@dataclass(frozen=True)
class Diagram:
    """Contain the groups and the arrows: the first group of each pair uses the second."""

    groups: tuple[Group, ...]
    arrows: tuple[tuple[Group, Group], ...]


def diagram(
    template: Mapping[str, Any], group_of: Mapping[str, str], parameters: Mapping[str, str] | None = None
) -> Diagram:
    """Return the diagram of a stack with these parameters; `group_of` has the group of each resource."""
    stack, default = Stack(template, parameters), Stack(template)
    members: dict[str, list[str]] = {}
    for name in stack.resources:
        members.setdefault(group_of[name], []).append(name)
    groups = {
        title: Group(
            title=title,
            contents=tuple(_kinds(stack.resources[name]["Type"] for name in names)),
            members=tuple(
                (name, body["Type"]) for name, body in template["Resources"].items() if group_of[name] == title
            ),
            optional=not any(default.exists(name) for name in names),
        )
        for title, names in members.items()
    }
    pairs = {
        (group_of[name], group_of[target]): None
        for name, body in stack.resources.items()
        for target in _targets(body)
        if target in stack.resources and group_of[name] != group_of[target]
    }
    return Diagram(tuple(groups.values()), tuple((groups[one], groups[other]) for one, other in _reduced(pairs)))


def mermaid(drawn: Diagram) -> str:
    """Return a diagram as Mermaid, which GitHub shows as a picture."""
    # with less space between the columns arrows cut the corners of boxes
    lines = ["---", "config:", "  flowchart:", "    rankSpacing: 100", "---", "flowchart LR"]
    lines += [f'  {group.name}("<b>{group.title}</b><br>{"<br>".join(group.contents)}")' for group in drawn.groups]
    lines += [
        f"  {one.name} {'-.->' if is_optional(one, other) else '-->'} {other.name}" for one, other in drawn.arrows
    ]
    lines.append("  classDef optional stroke-dasharray: 6 4")
    if optional := [group.name for group in drawn.groups if group.optional]:
        lines.append(f"  class {','.join(optional)} optional")
    return "\n".join(lines) + "\n"


def is_optional(one: Group, other: Group) -> bool:
    """Return whether an arrow exists only with an optional group."""
    return one.optional or other.optional


def kind(type_: str) -> str:
    """Return the kind of a resource: "notebook instance" for AWS::SageMaker::NotebookInstance. VPC remains VPC."""
    words = _HUMP.sub(" ", type_.rpartition("::")[2]).split()
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def _kinds(types: Iterable[str]) -> list[str]:
    """Return the number of resources of each kind, without kinds that begin with another: a topic, not its policy."""
    counted = Counter(map(kind, types))
    return [
        name if count == 1 else f"{count} {_plural(name)}"
        for name, count in counted.items()
        if not any(name.startswith(f"{other} ") for other in counted)
    ]


def _plural(name: str) -> str:
    return re.sub("(?<![aeiou])y$", "ie", name) + "s"


def _targets(body: Mapping[str, Any]) -> list[str]:
    after = body.get("DependsOn", [])
    return [*([after] if isinstance(after, str) else after), *(found.target for found in references(dict(body)))]


def _reduced(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs without those whose second is also reached through other pairs."""
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
