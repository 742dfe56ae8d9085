"""The HTML page of a plan in a real browser, without network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browsers import chromium
from playwright.sync_api import Browser, Page, expect

from deploying.local_aws import Aws
from deploying.stubs import update_of
from smtemplates.deploy.change_sets.change_plan import Fate, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.validation import Finding
from smtemplates.deploy.printing.plan_page import plan_page

NASTY = "</script><script>document.title = 'PWN'</script><img src=x onerror=\"document.title='PWN'\">$stack ${x} & 'q'"


def changed(name: str, fate: Fate, *properties: PropertyChange) -> ResourceChange:
    return ResourceChange(logical_id=name, type="AWS::S3::Bucket", fate=fate, properties=properties)


PLAN = update_of(
    changed("Alpha", "create"),
    changed("Beta", "update", PropertyChange(path="/Properties/Tags", before=[NASTY], after={"a": NASTY})),
    changed(NASTY, "update", PropertyChange(path=f"/Properties/{NASTY}", before=NASTY, causes=(NASTY,))),
    changed("Zeta", "replace", PropertyChange(path="/Properties/Name", known=False, recreation="Always")),
    change_set_id=f"arn:{NASTY}",
    findings=(Finding(resource="Alpha", path="/Name", reason=NASTY, fatal=True),),
    capabilities=("CAPABILITY_IAM",),
    tags={NASTY: NASTY},
    parameters={"ProjectName": NASTY},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open the page from disk, and fail if it requests another file."""
    file = tmp_path / "plan.html"
    file.write_text(plan_page(PLAN, {"Beta": "AWS::S3::Bucket", "Same": "AWS::S3::Bucket"}), encoding="utf-8")
    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    yield page
    assert requests == [file.as_uri()]
    page.close()


def shown(page: Page) -> list[str]:
    return [text.split()[0] for text in page.locator("main > details:visible > summary > b").all_inner_texts()]


def test_destructive_changes_are_first_and_open(page: Page) -> None:
    """Changes that replace or delete a resource are at the top, and their reason is visible without a click."""
    assert shown(page)[0] == "Zeta"
    expect(page.get_by_text("replaces the resource")).to_be_visible()
    expect(page.get_by_text("known after the deployment")).to_be_visible()


def test_missing_values_differ_from_absent_properties() -> None:
    """The page distinguishes values that the change set does not contain from properties that do not exist."""
    missing = PropertyChange(path="/Properties/EventPattern")
    text = plan_page(replace(PLAN, changes=(changed("Beta", "update", missing),)), {})
    assert "<td>(not reported by AWS)</td><td>(not reported by AWS)</td>" in text
    assert "(none)" not in text
    new = PropertyChange(path="/Properties/Tags", after="x")
    assert "<td>(none)</td><td>x</td>" in plan_page(replace(PLAN, changes=(changed("Beta", "update", new),)), {})


def test_values_are_shown_as_text(page: Page) -> None:
    """Names, values and reasons of the plan are shown completely, and never become markup or code."""
    expect(page).to_have_title("Plan of team")
    assert page.locator("img").count() == 0
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for cell in ("b", "td", "li"):
        expect(page.locator(cell, has_text=NASTY).first).to_be_visible()


def test_search_and_filters_show_matching_changes(page: Page) -> None:
    """The search and the filters show the matching changes and their number."""
    page.keyboard.press("/")
    page.keyboard.type("zeta")
    assert shown(page) == ["Zeta"]
    expect(page.locator("#count")).to_have_text("1 of 4 changes shown")
    page.keyboard.press("Escape")
    assert len(shown(page)) == 4
    page.get_by_label("update", exact=True).uncheck()
    assert shown(page) == ["Zeta", "Alpha"]


def test_changes_open_with_the_keyboard(page: Page) -> None:
    """The keyboard alone reaches and opens every change."""
    page.keyboard.press("/")
    for _ in range(3):
        page.keyboard.press("Tab")
    reached = []
    for _ in PLAN.changes:
        page.keyboard.press("Tab")
        before = page.evaluate("document.activeElement.parentElement.open")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.parentElement.open") is not before
        reached.append(page.evaluate("document.activeElement.querySelector('b').textContent.split(' ')[0]"))
    assert reached == shown(page)


def test_resource_in_the_drawing_selects_its_change(page: Page) -> None:
    """The drawing marks each resource by its change. A key press on a resource shows its change, a second one all."""
    drawn = page.eval_on_selector_all(
        ".drawing [data-resource]",
        "all => all.map(one => [one.dataset.resource, one.className, one.textContent.slice(0, 1)])",
    )
    expected = {
        ("Alpha", "create", "+"),
        ("Beta", "change", "~"),
        ("Zeta", "destroy", "!"),
        ("Same", "same", "="),
        (NASTY, "change", "~"),
    }
    assert {tuple(one) for one in drawn} == expected
    node = page.locator(".drawing button", has_text="Beta")
    node.focus()
    page.keyboard.press("Enter")
    expect(node).to_have_attribute("aria-pressed", "true")
    assert shown(page) == ["Beta"]
    expect(page.locator("#count")).to_have_text("1 of 4 changes shown")
    page.keyboard.press("Enter")
    assert len(shown(page)) == 4
    node.click()
    page.get_by_role("button", name="Show all").click()
    assert len(shown(page)) == 4


def test_html_option_writes_the_page(aws: Aws, name: str, tmp_path: Path) -> None:
    """Option --html writes the page in addition to the table. A file that cannot be written is rejected first."""
    file = tmp_path / "plan.html"
    done = aws.run("plan", name, "--html", str(file))
    assert done.returncode == 0, done.stderr
    assert f"Create stack {name}" in done.stdout
    assert f"Create stack {name}" in file.read_text()
    done = aws.run("plan", name, "--html", str(tmp_path))
    assert (done.returncode, str(tmp_path) in done.stderr) == (2, True), done.stderr
    assert aws.status(name) is None
