"""Pictures: they show what a stack has, in a real browser they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

import pytest
from browsers import chromium
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page
from test_cli import ROOT

from smtemplates.pages.diagram import Diagram, diagram, dot, mermaid
from smtemplates.reference import document as reference
from smtemplates.templates.workspace import template as workspace

PICTURE = ROOT / "templates" / reference.PICTURE
README_PIXELS = 830
Box = dict[str, float]
Point = tuple[float, float]


def drawn(template: dict[str, Any], **parameters: str) -> Diagram:
    """Draw the workspace."""
    area_of = {str(resource.title): part.title for part in workspace.constructs() for resource in part.resources}
    return diagram(template, area_of, parameters)


def test_an_area_is_there_when_its_resources_are(template: dict[str, Any]) -> None:
    """A switch brings its area and its arrows; what no parameter is needed for is not dashed."""
    plain, with_notebook = drawn(template), drawn(template, CreateNotebook="true")
    assert "Notebook" not in {area.title for area in plain.areas}
    added = {area.title: area.optional for area in with_notebook.areas if area not in plain.areas}
    assert added == {"Notebook": True}
    assert not any(area.optional for area in plain.areas)
    assert ("Notebook", "Access") in {(one.title, other.title) for one, other in with_notebook.arrows}
    assert "Notebook -.-> Access" in mermaid(with_notebook)
    assert "Access --> Storage" in mermaid(with_notebook)


def test_what_serves_another_kind_is_left_out(template: dict[str, Any]) -> None:
    """Boxes count what one would count: three buckets, not their policies."""
    storage = next(area for area in drawn(template).areas if area.title == "Storage")
    assert storage.contents == ("3 buckets",)


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1]), max_size=20))
def test_arrows_keep_what_uses_what_and_say_nothing_twice(pairs: set[tuple[int, int]]) -> None:
    """From every area the same areas are reached as by all references, and no arrow could be left out."""
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


def test_a_title_cannot_break_the_picture() -> None:
    """Names that mean something to graphviz stay text."""
    resources = {"A": {"Type": "A::B::C", "Properties": {}}}
    assert "R&amp;D &lt;b&gt;" in dot(diagram({"Resources": resources}, {"A": "R&D <b>"}))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open the README's picture in one colour scheme."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": README_PIXELS, "height": 900})
    page = context.new_page()
    page.goto(PICTURE.as_uri())
    page.eval_on_selector(
        "svg", "(svg, width) => svg.style.cssText = `max-width: ${width}px; height: auto`", README_PIXELS
    )
    yield page
    context.close()


def boxes(page: Page, selector: str) -> list[Box]:
    """Say where things are on the screen."""
    found: list[Box] = page.eval_on_selector_all(
        selector, "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    return found


def apart(one: Box, other: Box) -> bool:
    """Tell whether two boxes do not touch."""
    beside = one["right"] <= other["left"] or other["right"] <= one["left"]
    return beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


def test_it_fits_the_readme(page: Page) -> None:
    """At the width of a README nothing is cut off, and no letter is smaller than 11 pixels."""
    for box in boxes(page, "svg text, svg path"):
        assert box["left"] >= 0
        assert box["right"] <= README_PIXELS
    sizes = "all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"
    assert min(page.eval_on_selector_all("text", sizes)) >= 11


def test_no_text_touches_another_or_leaves_its_box(page: Page) -> None:
    """All words can be read: they do not overlap, and each stays inside its area's box."""
    words = boxes(page, "text")
    assert len(words) > 20
    assert all(apart(one, other) for one, other in combinations(words, 2))
    for index, frame in enumerate(boxes(page, ".node > path")):
        inside = words_of(page, index)
        assert inside
        for word in inside:
            assert frame["left"] < word["left"]
            assert word["right"] < frame["right"]
            assert frame["top"] < word["top"]
            assert word["bottom"] < frame["bottom"]


def words_of(page: Page, index: int) -> list[Box]:
    """Say where the words of one area are."""
    found: list[Box] = page.evaluate(
        "index => [...document.querySelectorAll('.node')[index].querySelectorAll('text')]"
        ".map(one => one.getBoundingClientRect().toJSON())",
        index,
    )
    return found


def test_no_arrow_runs_through_a_box_or_a_word(page: Page) -> None:
    """An arrow touches the two boxes that it connects, at their edges, and nothing else."""
    through = page.evaluate(
        """() => {
            const inset = 2, hits = [];
            const targets = [...document.querySelectorAll('.node > path, text')];
            for (const line of document.querySelectorAll('.edge > path')) {
                const all = line.getTotalLength(), to = line.getScreenCTM();
                for (let at = 0; at <= all; at += 2) {
                    const point = line.getPointAtLength(at).matrixTransform(to);
                    for (const target of targets) {
                        const box = target.getBoundingClientRect();
                        if (point.x > box.left + inset && point.x < box.right - inset &&
                            point.y > box.top + inset && point.y < box.bottom - inset)
                            hits.push(target.parentNode.id);
                    }
                }
            }
            return hits;
        }"""
    )
    assert through == []


def test_no_arrows_cross(page: Page) -> None:
    """Arrows can be followed: they meet, if at all, where they start or end."""
    lines: list[list[Point]] = page.evaluate(
        """() => [...document.querySelectorAll('.edge > path')].map(line => {
            const all = line.getTotalLength(), points = [];
            for (let at = 12; at <= all - 12; at += 2) points.push(line.getPointAtLength(at));
            return points.map(point => [point.x, point.y]);
        })"""
    )
    for one, other in combinations(lines, 2):
        crossing = [
            first
            for first in pairwise(one)
            for second in pairwise(other)
            if _turns(*first, second[0]) != _turns(*first, second[1])
            and _turns(*second, first[0]) != _turns(*second, first[1])
        ]
        assert crossing == []


def _turns(start: Point, end: Point, point: Point) -> bool:
    """Tell on which side of a line a point is."""
    return (end[0] - start[0]) * (point[1] - start[1]) > (end[1] - start[1]) * (point[0] - start[0])


def test_it_can_be_seen_on_any_page(page: Page) -> None:
    """Words stand out from their box and the page, boxes and arrows from the page, as WCAG asks (4.5 and 3)."""
    scheme = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    background = "rgb(13, 17, 23)" if scheme else "rgb(255, 255, 255)"
    style = "(all, what) => all.map(one => getComputedStyle(one)[what])"
    fills = page.eval_on_selector_all(".node > path", style, "fill")
    strokes = page.eval_on_selector_all(".node > path, .edge > path", style, "stroke")
    words = page.eval_on_selector_all("text", style, "fill")
    for word in set(words):
        assert all(contrast(word, behind) >= 4.5 for behind in {*fills, background})
    assert all(contrast(stroke, background) >= 3 for stroke in set(strokes))


def contrast(one: str, other: str) -> float:
    """Compare two colours.

    Source: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
    """
    darker, lighter = sorted(luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Tell how bright a colour is."""
    channels = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
