"""The diagram of a stack: groups with their resources, and arrows between groups."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.pages.diagram import Diagram, diagram, mermaid
from smtemplates.templates.workspace import template as workspace


def drawn(template: dict[str, Any], **parameters: str) -> Diagram:
    """Return the diagram of a workspace."""
    group_of = {str(resource.title): each.title for each in workspace.constructs() for resource in each.resources}
    return diagram(template, group_of, parameters)


def test_a_group_is_shown_if_it_has_resources(template: dict[str, Any]) -> None:
    """A parameter that creates resources adds their group and its arrows. Only groups that need one are optional."""
    default, with_notebook = drawn(template), drawn(template, CreateNotebook="true")
    assert "Notebook" not in {group.title for group in default.groups}
    added = {group.title: group.optional for group in with_notebook.groups if group not in default.groups}
    assert added == {"Notebook": True}
    assert not any(group.optional for group in default.groups)
    assert ("Notebook", "Access") in {(one.title, other.title) for one, other in with_notebook.arrows}
    assert "Notebook -.-> Access" in mermaid(with_notebook)
    assert "Access --> Storage" in mermaid(with_notebook)


def test_an_arrow_to_an_optional_group_is_optional() -> None:
    """The arrow between two groups is dashed, whichever of them is optional."""
    template = {
        "Parameters": {"Wanted": {"Type": "String", "Default": "no"}},
        "Conditions": {"IsWanted": {"Fn::Equals": [{"Ref": "Wanted"}, "yes"]}},
    }
    for name, other in itertools.permutations(("Always", "Sometimes")):
        resources: dict[str, Any] = {
            "Always": {"Type": "A::B::C"},
            "Sometimes": {"Type": "A::B::C", "Condition": "IsWanted"},
        }
        resources[name]["Properties"] = {"Other": {"Ref": other}}
        found = diagram({**template, "Resources": resources}, {one: one for one in resources}, {"Wanted": "yes"})
        assert f"{name} -.-> {other}" in mermaid(found)


def test_contents_leave_out_supporting_resources(template: dict[str, Any]) -> None:
    """The contents of Storage are three buckets, without their policies."""
    storage = next(group for group in drawn(template).groups if group.title == "Storage")
    assert storage.contents == ("3 buckets",)


@settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1]), max_size=20))
def test_arrows_are_complete_and_minimal(pairs: set[tuple[int, int]]) -> None:
    """Each group reaches the same groups through arrows as through references, and no arrow follows from others."""
    used = {number: {f"R{other}": {"Ref": f"R{other}"} for one, other in pairs if one == number} for number in range(7)}
    resources = {f"R{number}": {"Type": "A::B::C", "Properties": uses} for number, uses in used.items()}
    found = diagram({"Resources": resources}, {name: name for name in resources})
    arrows = {(one.title, other.title) for one, other in found.arrows}
    every = {(f"R{one}", f"R{other}") for one, other in pairs}
    assert _closure(arrows) == _closure(every)
    assert all(_closure(arrows - {arrow}) != _closure(arrows) for arrow in arrows)


def _closure(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    found = set(pairs)
    while further := {(one, end) for one, middle in found for start, end in found if middle == start} - found:
        found |= further
    return found
