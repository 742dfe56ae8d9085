"""The drawing on pages, in a real browser: every resource at its place, marked as what happens to it, and readable."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from browsers import chromium
from playwright.sync_api import Page
from test_diagram import README_PIXELS, apart, boxes, contrast

from smtemplates.deploy import plan_page as report
from smtemplates.deploy.change_plan import Fate, Plan, ResourceChange
from smtemplates.evaluate import Stack
from smtemplates.pages import diagram, drawing
from smtemplates.reference import document as reference

FATES: dict[str, Fate] = {
    "Notebook": "replace",
    "NotebookLifecycle": "delete",
    "ExecutionRole": "update",
    "Folders": "may replace",
    "JobFailures": "may replace",
    "SecurityGroup": "create",
}


def plan(template: dict[str, Any]) -> Plan:
    changes = [
        ResourceChange(logical_id=name, type=template["Resources"][name]["Type"], fate=fate)
        for name, fate in FATES.items()
    ]
    return Plan(
        stack="team",
        stack_id="arn:stack",
        change_set_id="arn:set",
        kind="UPDATE",
        region="us-east-1",
        changes=(*changes, ResourceChange(logical_id="Queue", type="AWS::SQS::Queue", fate="create")),
        tags={},
        parameters={},
    )


@pytest.fixture(scope="module", params=["light", "dark"])
def page(
    template: dict[str, Any], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """Open the plan of a stack with a notebook, as wide as a README."""
    stack = Stack(template, {"CreateNotebook": "true"})
    present = {name: body["Type"] for name, body in stack.resources.items()}
    file: Path = tmp_path_factory.mktemp("drawing") / "report.html"
    file.write_text(report.html(plan(template), present), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page(color_scheme=request.param, viewport={"width": README_PIXELS, "height": 900})
        page.goto(file.as_uri())
        yield page


def test_the_layout_is_of_this_template(template: dict[str, Any]) -> None:
    """Every resource has its place; scripts/picture.py lays it out again after the template has changed."""
    layout = drawing.layout()
    assert {name for box in layout["boxes"] for name, _ in box["members"]} == template["Resources"].keys()
    assert layout["fingerprint"] == diagram.fingerprint(reference.overview(), named=True)


def test_the_legend_tells_every_look_apart(page: Page) -> None:
    """What may be replaced for good and what is made anew at no loss are not called the same."""
    told = page.locator(".legend span").all_inner_texts()
    assert {"! may replace", "! may replace (destructive)"} <= set(told)
    assert len(told) == len(set(told))


def test_a_resource_looks_as_what_happens_to_it(page: Page, template: dict[str, Any]) -> None:
    """Colour and mark say what the plan says, of each resource; what is not there is faded, and its area dashed."""
    rows = page.eval_on_selector_all(
        "[data-resource]", "all => all.map(one => [one.dataset.resource, [one.className, one.textContent[0]]])"
    )
    looks = {name: tuple(look) for name, look in rows}
    assert len(rows) == len(looks) == len(template["Resources"]) + 1
    assert looks["Notebook"] == ("take", "!")
    assert looks["NotebookLifecycle"] == ("take", "-")
    assert looks["ExecutionRole"] == ("change", "~")
    assert looks["Folders"] == ("change", "!")
    assert looks["SecurityGroup"] == looks["Queue"] == ("make", "+")
    assert looks["InputBucket"] == ("same", "=")
    assert looks["Domain"] == ("absent", "·")
    assert page.locator(".area.empty h3").all_inner_texts() == [
        "Encryption",
        "Studio",
        "Registry",
        "Tracking",
        "Endpoint",
    ]
    assert page.locator(".others h3").all_inner_texts() == ["SQS"]


def test_it_can_be_read(page: Page) -> None:
    """Nothing is cut off or overlaps, every word is in its box, no letter is under 11 pixels, words stand out."""
    words, frames = boxes(page, ".placed li > *, .placed h3"), boxes(page, ".placed .area")
    assert all(apart(one, other) for one, other in combinations(frames, 2))
    assert all(0 <= frame["left"] < frame["right"] <= README_PIXELS for frame in frames)
    assert page.eval_on_selector_all(".placed li > *", "all => all.every(one => one.scrollWidth <= one.clientWidth)")
    for word in words:
        assert any(
            frame["left"] < word["left"]
            and word["right"] < frame["right"]
            and frame["top"] < word["top"]
            and word["bottom"] < frame["bottom"]
            for frame in frames
        )
    style = "(all, what) => [...new Set(all.map(one => getComputedStyle(one)[what]))]"
    sizes = page.eval_on_selector_all(".placed li > *", style, "fontSize")
    assert min(float(size.removesuffix("px")) for size in sizes) >= 11
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    background = "rgb(18, 18, 18)" if dark else "rgb(255, 255, 255)"
    colours = page.eval_on_selector_all(".drawing li > *", style, "color")
    assert len(colours) == 4
    assert all(contrast(colour, background) >= 4.5 for colour in colours)


def test_another_template_is_not_drawn_as_the_workspace() -> None:
    """Resources of another template stand by service, even where a name is the workspace's; markup stays text."""
    nasty = "</script><b onclick='x'>\"&"
    types = {"Dashboard": "AWS::CloudWatch::Dashboard", nasty: "AWS::SQS::Queue", "Thing": "Custom::<b>"}
    rows = {name: drawing.Row(type=type_, mark="+", colour="make", means="create") for name, type_ in types.items()}
    drawn = drawing.drawing(rows, absent="absent")
    assert "polyline" not in drawn
    assert "</script>" not in drawn
    assert "Custom::<b>" not in drawn
    assert [drawn.count(f"<h3>{service}</h3>") for service in ("CloudWatch", "SQS", "Custom")] == [1, 1, 1]
