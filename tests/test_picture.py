"""The README's picture: equal on every machine, and readable in a real browser in light and dark."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from browsers import chromium
from playwright.sync_api import Browser, Page
from test_cli import ROOT

from smtemplates.pages.picture_parts import NODES
from smtemplates.pages.text_width import text_width
from smtemplates.reference import pages

FILE = ROOT / pages.PICTURE
README_PIXELS = 830
Rectangle = dict[str, float]


def test_the_picture_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Neither the order of sets nor the folder changes a byte."""
    program = "import sys; from smtemplates.pages.picture import picture; sys.stdout.write(picture())"
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=["light", "dark"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open the README's picture in one colour scheme."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": README_PIXELS, "height": 900})
    page = context.new_page()
    page.goto(FILE.as_uri())
    page.eval_on_selector(
        "svg", "(svg, width) => svg.style.cssText = `max-width: ${width}px; height: auto`", README_PIXELS
    )
    yield page
    context.close()


def rectangles(page: Page, selector: str) -> list[Rectangle]:
    """Return the places of elements on the screen."""
    found: list[Rectangle] = page.eval_on_selector_all(
        selector, "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    return found


def apart(one: Rectangle, other: Rectangle) -> bool:
    """Return whether two rectangles do not touch."""
    beside = one["right"] <= other["left"] or other["right"] <= one["left"]
    return beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


def within(one: Rectangle, other: Rectangle) -> bool:
    """Return whether a rectangle is inside another."""
    across = other["left"] < one["left"] and one["right"] < other["right"]
    return across and other["top"] < one["top"] and one["bottom"] < other["bottom"]


def test_estimated_widths_of_text_are_not_too_small(browser: Browser) -> None:
    """Every printable character is at most as wide in the browser as estimated, also in bold."""
    page = browser.new_page()
    measure = """([characters, font]) => {
        const context = document.createElement("canvas").getContext("2d");
        context.font = font;
        return [...characters].map(one => context.measureText(one).width);
    }"""
    for bold, font in ((False, "1000px Arial"), (True, "bold 1000px Arial")):
        widths = page.evaluate(measure, [string.printable.strip(), font])
        for character, width in zip(string.printable.strip(), widths, strict=True):
            assert width <= text_width(character, size=1000, bold=bold) + 1, character
    page.close()


def test_the_picture_fits_the_readme(page: Page) -> None:
    """At the width of a README nothing is cut off, and no text is smaller than 11 pixels."""
    for rectangle in rectangles(page, "svg text, svg rect, svg .arrow"):
        assert rectangle["left"] >= 0
        assert rectangle["right"] <= README_PIXELS
    sizes = "all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"
    assert min(page.eval_on_selector_all("text", sizes)) >= 11


def test_no_text_touches_another_or_leaves_its_box(page: Page) -> None:
    """Texts do not overlap, and each is inside the box of its service."""
    texts = rectangles(page, "text")
    assert len(texts) > 20
    assert all(apart(one, other) for one, other in combinations(texts, 2))
    for node in NODES:
        inside = rectangles(page, f"[data-name={node.name}] text")
        assert inside
        for frame in rectangles(page, f"[data-name={node.name}] rect"):
            assert all(within(text, frame) for text in inside), node.name


def test_arrows_end_at_their_boxes_and_avoid_text(page: Page) -> None:
    """The drawn lines start and end at their boxes, and no text is near them."""
    lines = page.eval_on_selector_all(
        ".arrow",
        """all => all.map(line => {
            const points = [], length = line.getTotalLength(), to = line.getScreenCTM();
            for (let at = 0; at < length + 2; at += 2) {
                const { x, y } = line.getPointAtLength(Math.min(at, length)).matrixTransform(to);
                points.push({ left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 });
            }
            return [line.dataset.from, line.dataset.to, points];
        })""",
    )
    assert {name for start, end, _ in lines for name in (start, end)} <= {node.name for node in NODES}
    texts = rectangles(page, "text")
    for start, end, points in lines:
        for name, point in ((start, points[0]), (end, points[-1])):
            for frame in rectangles(page, f"[data-name={name}] rect"):
                assert not apart(point, frame), (start, end)
        assert all(apart(point, text) for point in points for text in texts), (start, end)


def test_colours_have_enough_contrast(page: Page) -> None:
    """Text has a contrast of 4.5 with boxes and page, lines have 3, as WCAG requires."""
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    background = "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
    style = "(all, what) => all.map(one => getComputedStyle(one)[what])"
    fills = page.eval_on_selector_all(".box, .page", style, "fill")
    strokes = page.eval_on_selector_all(".box, .frame, .icon, .arrow", style, "stroke")
    heads = page.eval_on_selector_all("marker path", style, "fill")
    for colour in set(page.eval_on_selector_all("text", style, "fill")):
        assert all(contrast(colour, behind) >= 4.5 for behind in {*fills, background})
    assert all(contrast(colour, background) >= 3 for colour in {*strokes, *heads})


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours.

    Source: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
    """
    darker, lighter = sorted(luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour."""
    channels = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
