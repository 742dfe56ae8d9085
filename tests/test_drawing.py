"""The drawing on pages, in a real browser: each resource has its place and shows its change, and all can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from browsers import PHONE, chromium
from deploying.stubs import update_of
from playwright.sync_api import Page
from test_picture import README_PIXELS, apart, contrast, rectangles, within

from smtemplates.deploy.change_sets.change_plan import Fate, Plan, ResourceChange
from smtemplates.deploy.printing.plan_page import plan_page
from smtemplates.evaluate import Stack
from smtemplates.pages import drawing, places
from smtemplates.pages.drawing import WORKSPACE, asset
from smtemplates.reference import document

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
    return update_of(*changes, ResourceChange(logical_id="Queue", type="AWS::SQS::Queue", fate="create"))


@pytest.fixture(scope="module", params=["light", "dark"])
def page(
    template: dict[str, Any], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """Open the plan of a stack with a notebook, at the width of a README."""
    stack = Stack(template, {"CreateNotebook": "true"})
    present = {name: body["Type"] for name, body in stack.resources.items()}
    file: Path = tmp_path_factory.mktemp("drawing") / "report.html"
    file.write_text(plan_page(plan(template), present), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page(color_scheme=request.param, viewport={"width": README_PIXELS, "height": 900})
        page.goto(file.as_uri())
        yield page


def test_the_file_of_the_workspace_is_up_to_date(template: dict[str, Any]) -> None:
    """The file has every resource of the template, in its group. scripts/regenerate writes it."""
    assert asset(WORKSPACE) == drawing.workspace_file(document.overview())
    assert {name for _, members in json.loads(asset(WORKSPACE))["groups"] for name, _ in members} == {
        *template["Resources"]
    }


def test_the_legend_distinguishes_all_changes(page: Page) -> None:
    """A replacement that destroys data and one that does not have different meanings."""
    entries = page.locator(".legend span").all_inner_texts()
    assert {"! may replace", "! may replace (destructive)"} <= set(entries)
    assert len(entries) == len(set(entries))


def test_a_resource_shows_its_change(page: Page, template: dict[str, Any]) -> None:
    """Colour and mark show the change of each resource. An absent resource is faded, a group without any is dashed."""
    rows = page.eval_on_selector_all(
        "[data-resource]", "all => all.map(one => [one.dataset.resource, [one.className, one.textContent[0]]])"
    )
    looks = {name: tuple(look) for name, look in rows}
    assert len(rows) == len(looks) == len(template["Resources"]) + 1
    assert looks["Notebook"] == ("destroy", "!")
    assert looks["NotebookLifecycle"] == ("destroy", "-")
    assert looks["ExecutionRole"] == ("change", "~")
    assert looks["Folders"] == ("change", "!")
    assert looks["SecurityGroup"] == looks["Queue"] == ("create", "+")
    assert looks["InputBucket"] == ("same", "=")
    assert looks["Domain"] == ("absent", "·")
    assert page.locator(".group.empty h3").all_inner_texts() == [
        "Studio",
        "Endpoint",
        "Registry",
        "Tracking",
        "Encryption",
    ]
    assert page.locator(".others h3").all_inner_texts() == ["SQS"]


def test_the_drawing_is_readable(page: Page) -> None:
    """Nothing is cut off or overlaps, text is inside its box, at least 11 pixels high, and has enough contrast."""
    texts, frames = rectangles(page, ".placed li > *, .placed h3"), rectangles(page, ".placed .group")
    assert len(texts) > 50
    assert all(apart(one, other) for one, other in combinations(frames, 2))
    assert all(0 <= frame["left"] < frame["right"] <= README_PIXELS for frame in frames)
    assert page.eval_on_selector_all(".placed li > *", "all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert all(any(within(text, frame) for frame in frames) for text in texts)
    style = "(all, what) => [...new Set(all.map(one => getComputedStyle(one)[what]))]"
    sizes = page.eval_on_selector_all(".placed li > *", style, "fontSize")
    assert min(float(size.removesuffix("px")) for size in sizes) >= 11
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    colours = page.eval_on_selector_all(".drawing li > *", style, "color")
    assert len(colours) == 4
    assert all(contrast(colour, background) >= 4.5 for colour in colours)


def test_the_drawing_is_readable_on_a_phone(page: Page) -> None:
    """On a phone the boxes are below each other, with text of at least 11 pixels, and without absent resources."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    drawn = page.locator(".drawing")
    assert drawn.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    frames = rectangles(page, ".placed .group:not(.empty)")
    assert [frame["left"] for frame in frames] == [frames[0]["left"]] * len(frames)
    assert all(apart(one, other) for one, other in combinations(frames, 2))
    texts = drawn.locator("[data-resource]:visible")
    assert texts.evaluate_all("all => Math.min(...all.map(one => parseFloat(getComputedStyle(one).fontSize)))") >= 11
    assert texts.count() == page.locator("[data-resource]:not(.absent)").count()
    page.set_viewport_size({"width": README_PIXELS, "height": 900})


def test_changes_in_a_workspace_are_named_by_their_purpose(page: Page) -> None:
    """A row starts with the purpose of the resource, or with its type in words. Its logical ID and type follow."""
    rows = {tuple(text.splitlines()) for text in page.locator(".row .head").all_inner_texts()}
    assert ("Notebook instance: will be replaced", "Notebook AWS::SageMaker::NotebookInstance") in rows
    assert ("Firewall of jobs, notebook and Studio", "SecurityGroup AWS::EC2::SecurityGroup") in rows
    assert ("SQS queue Queue", "AWS::SQS::Queue") in rows


def test_every_resource_has_a_purpose(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each resource of the workspace has a purpose, and each purpose a resource. A missing one is named."""
    names = {name for _, members in json.loads(asset(WORKSPACE))["groups"] for name, _ in members}
    assert places.PURPOSES.keys() == names
    assert document.missing_purposes() == []
    monkeypatch.setattr(places, "PURPOSES", {})
    assert len(document.missing_purposes()) == len(names)


def test_another_template_is_not_drawn_as_a_workspace() -> None:
    """Resources of another template are shown by service, even if the workspace has the same name. Markup is text."""
    hostile = "</script><b onclick='x'>\"&"
    types = {"Dashboard": "AWS::CloudWatch::Dashboard", hostile: "AWS::SQS::Queue", "Thing": "Custom::<b>"}
    rows = {name: drawing.Row(type=type_, mark="+", colour="create", meaning="create") for name, type_ in types.items()}
    drawn = drawing.drawing(rows, absent="absent")
    assert "data-from" not in drawn
    assert "</script>" not in drawn
    assert "Custom::<b>" not in drawn
    assert [drawn.count(f"<h3>{service}</h3>") for service in ("CloudWatch", "SQS", "Custom")] == [1, 1, 1]
