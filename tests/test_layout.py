"""The layout of boxes and arrows, checked by geometry: nothing overlaps, for any table of places."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smtemplates.errors import TemplateError
from smtemplates.evaluate import Stack, references
from smtemplates.pages.diagram import diagram
from smtemplates.pages.layout import MARGIN, Arrow, Layout, layout
from smtemplates.pages.places import PLACES, check_places, missing_places
from smtemplates.pages.routing import Box, Point
from smtemplates.reference import document
from smtemplates.reference.conditions import all_options
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.features import FEATURES

Segment = tuple[Point, Point]
TITLES = "ABCDEFGH"


@st.composite
def diagrams(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[tuple[str, str]], dict[str, tuple[int, int]]]:
    """Return contents of boxes, arrows between them, and a table of places."""
    titles = list(TITLES[: draw(st.integers(1, len(TITLES)))])
    contents = {title: ["x" * draw(st.integers(0, 30))] * draw(st.integers(0, 9)) for title in titles}
    pairs = [(one, other) for one in titles for other in titles if one != other]
    arrows = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=16)) if pairs else []
    places = {title: (draw(st.integers(1, 4)), draw(st.integers(1, 9))) for title in titles}
    return contents, arrows, places


def group_titles(without: Iterable[str] = ()) -> set[str]:
    """Return the titles of the groups of a workspace that have resources."""
    return {construct.title for construct in workspace.constructs(list(without)) if construct.resources}


def arrows_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return a resource with only its references, because nothing else of its properties is drawn."""
    targets = dict.fromkeys(found.target for found in references(body))
    return {
        "Type": body["Type"],
        "DependsOn": body.get("DependsOn", []),
        "Properties": [{"Ref": each} for each in targets],
    }


def feature_sets() -> list[Layout]:
    """Return the layout of the workspace without each combination of groups that can be absent."""
    template = load(render(workspace.build()))
    group_of = {str(resource.title): each.title for each in workspace.constructs() for resource in each.resources}
    parameters = all_options(template)
    # a group that is absent changes no value, so each is evaluated once
    complete = {name: arrows_of(body) for name, body in Stack(template, parameters).resources.items()}
    features = {title for feature in FEATURES for title in group_titles() - group_titles([feature])}
    absent = sorted(features | {group.title for group in document.overview().groups if group.optional})
    found = []
    for count in range(len(absent) + 1):
        for without in combinations(absent, count):
            kept = {name: body for name, body in complete.items() if group_of[name] not in without}
            drawn = diagram({"Resources": kept}, group_of)
            arrows = [(one.title, other.title) for one, other in drawn.arrows]
            found.append(layout({group.title: group.contents for group in drawn.groups}, arrows))
    return found


@pytest.fixture(scope="module")
def layouts() -> list[Layout]:
    return feature_sets()


def segments(arrow: Arrow) -> list[Segment]:
    return list(pairwise(arrow.points))


def inside(segment: Segment, box: Box) -> bool:
    """Return whether a horizontal or vertical line enters the inside of a box."""
    (left, right), (top, bottom) = (sorted(values) for values in zip(*segment, strict=True))
    return left < box.right and right > box.left and top < box.bottom and bottom > box.top


def touches(point: Point, box: Box) -> bool:
    """Return whether a point is on the edge of a box."""
    x, y = point
    beside = x in (box.left, box.right) and box.top <= y <= box.bottom
    return beside or (y in (box.top, box.bottom) and box.left <= x <= box.right)


def cross(one: Segment, other: Segment) -> bool:
    """Return whether two lines have a point in common."""
    bounds = [[sorted(values) for values in zip(*segment, strict=True)] for segment in (one, other)]
    return all(first[0] <= second[1] and second[0] <= first[1] for first, second in zip(*bounds, strict=True))


def check(found: Layout) -> None:
    """Check that no box overlaps another, and that arrows are between their boxes and avoid all boxes."""
    boxes = {box.title: box for box in found.boxes}
    for one, other in combinations(found.boxes, 2):
        apart = one.right <= other.left or other.right <= one.left or one.bottom < other.top or other.bottom < one.top
        assert apart, (one, other)
    for box in found.boxes:
        assert MARGIN <= box.left < box.right <= found.width - MARGIN
        assert MARGIN <= box.top < box.bottom <= found.height - MARGIN
    for arrow in found.arrows:
        assert touches(arrow.points[0], boxes[arrow.start])
        assert touches(arrow.points[-1], boxes[arrow.end])
        assert all(0 < x < found.width and 0 < y < found.height for x, y in arrow.points)
        for segment in segments(arrow):
            assert segment[0] != segment[1]
            assert segment[0][0] == segment[1][0] or segment[0][1] == segment[1][1]
            assert not any(inside(segment, box) for box in found.boxes), (arrow, found.boxes)


def crossings(arrows: Iterable[Arrow]) -> list[tuple[Arrow, Arrow]]:
    """Return the pairs of arrows that have a point in common although they end at different boxes."""
    return [
        (one, other)
        for one, other in combinations(arrows, 2)
        if one.end != other.end and any(cross(first, second) for first in segments(one) for second in segments(other))
    ]


# Four arrows pass above the box of the tallest column.
ABOVE = (
    {"A": [], "B": [], "C": [], "D": [], "E": ["", "", "", ""]},
    [("B", "A"), ("A", "B"), ("A", "C"), ("B", "D")],
    {"A": (1, 1), "B": (3, 1), "C": (3, 1), "D": (1, 1), "E": (2, 1)},
)


@settings(deadline=None)
@given(diagrams())
@example(ABOVE)
def test_no_box_overlaps_another_and_no_arrow_crosses_a_box(
    drawn: tuple[dict[str, list[str]], list[tuple[str, str]], dict[str, tuple[int, int]]],
) -> None:
    """This holds for any boxes, arrows and places. Every arrow starts and ends at the edges of its boxes."""
    contents, arrows, places = drawn
    found = layout(contents, arrows, places=places)
    assert [(arrow.start, arrow.end) for arrow in found.arrows] == arrows
    assert {box.title for box in found.boxes} == contents.keys()
    check(found)


@settings(deadline=None)
@given(diagrams(), st.randoms(use_true_random=False))
def test_the_layout_does_not_depend_on_the_order_of_its_input(
    drawn: tuple[dict[str, list[str]], list[tuple[str, str]], dict[str, tuple[int, int]]], shuffle: random.Random
) -> None:
    """The same boxes and arrows in another order have the same places."""
    contents, arrows, places = drawn
    titles, pairs = list(contents), list(arrows)
    shuffle.shuffle(titles)
    shuffle.shuffle(pairs)
    one = layout(contents, arrows, places=places)
    other = layout({title: contents[title] for title in titles}, pairs, places=places)
    assert (one.width, one.height) == (other.width, other.height)
    assert set(one.boxes) == set(other.boxes)
    assert set(one.arrows) == set(other.arrows)


@pytest.mark.slow
def test_no_feature_set_has_overlaps_or_crossing_arrows(layouts: list[Layout]) -> None:
    """In the workspace, with any combination of its groups, arrows to different boxes do not cross either."""
    assert {box.title for box in layouts[0].boxes} == group_titles()
    for found in layouts:
        check(found)
        assert crossings(found.arrows) == []


def test_every_group_of_the_workspace_has_a_place_and_every_place_a_group() -> None:
    """A group without a place cannot be drawn. A place without a group is left over from a removed construct."""
    assert missing_places(group_titles()) == document.missing_places() == []
    assert group_titles() == PLACES.keys()


def test_the_error_names_all_missing_places() -> None:
    """The message has a row for each title. With these rows in the table, the layout succeeds."""
    with pytest.raises(TemplateError) as caught:
        layout({"Tables": (), "Storage": (), "Queue": ()}, [])
    lines = str(caught.value).splitlines()
    assert [line.partition(" has no place")[0] for line in lines] == [
        "smtemplates/pages/places.py: Tables",
        "smtemplates/pages/places.py: Queue",
    ]
    rows = [re.fullmatch(r'.* for example: "(\w+)": \((\d+), (\d+)\),', line) for line in lines]
    added = {row[1]: (int(row[2]), int(row[3])) for row in rows if row}
    assert added.keys() == {"Tables", "Queue"}
    assert len({*added.values(), *PLACES.values()}) == len(PLACES) + 2
    check(layout(dict.fromkeys([*PLACES, *added], ()), [("Queue", "Tables")], places={**PLACES, **added}))


def test_an_empty_table_is_filled_from_the_first_column() -> None:
    """The first rows of a table are in the first column."""
    rows = [sentence.partition(" for example: ")[2] for sentence in missing_places(["A", "B"], {})]
    assert rows == ['"A": (1, 1),', '"B": (1, 2),']
    check_places([], {})


def test_a_new_construct_without_a_place_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentences for scripts/regenerate name the groups of the workspace that have resources but no place."""
    kept = {title: place for title, place in PLACES.items() if title not in ("Network", "Studio")}
    monkeypatch.setattr(document, "PLACES", kept)
    assert [sentence.split()[1] for sentence in document.missing_places()] == ["Network", "Studio"]
