"""The HTML page of a plan in a real browser, without network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsers import DESKTOP, PHONE, accessibility_findings, chromium
from playwright.sync_api import Browser, Page, Request, expect

from deploying.local_aws import Aws
from deploying.stubs import update_of
from smtemplates.deploy.change_sets.change_plan import Fate, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.validation import Finding
from smtemplates.deploy.printing.plan_page import plan_page
from smtemplates.deploy.printing.plan_table import table

NASTY = "</script><script>document.title = 'PWN'</script><img src=x onerror=\"document.title='PWN'\">$stack ${x} & 'q'"


def changed(name: str, fate: Fate, *properties: PropertyChange, type_: str = "AWS::S3::Bucket") -> ResourceChange:
    return ResourceChange(logical_id=name, type=type_, fate=fate, properties=properties)


PLAN = update_of(
    changed("Alpha", "create", type_="AWS::IAM::ManagedPolicy"),
    changed("Beta", "update", PropertyChange(path="/Properties/Tags", before=[NASTY], after={"a": NASTY})),
    changed(
        "Jobs",
        "replace",
        PropertyChange(path="/Properties/QueueName", known=False, recreation="Always", causes=("parameter QueueName",)),
        type_="AWS::SQS::Queue",
    ),
    changed("Old", "delete", type_="AWS::CloudWatch::Alarm"),
    changed("Reader", "update", PropertyChange(path="/Properties/Policies/0/PolicyDocument"), type_="AWS::IAM::Role"),
    changed(NASTY, "update", PropertyChange(path=f"/Properties/{NASTY}", before=NASTY, causes=(NASTY,))),
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


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    return browser.new_page()


@pytest.fixture
def page(tab: Page, tmp_path: Path) -> Iterator[Page]:
    """Open the page from disk, and fail if it requests another file."""
    file = tmp_path / "plan.html"
    file.write_text(plan_page(PLAN, {"Beta": "AWS::S3::Bucket", "Same": "AWS::S3::Bucket"}), encoding="utf-8")
    requests: list[str] = []

    def record(request: Request) -> None:
        requests.append(request.url)

    tab.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    tab.on("request", record)
    tab.goto(file.as_uri())
    yield tab
    tab.remove_listener("request", record)
    assert requests == [file.as_uri()]


def shown(page: Page) -> list[str]:
    return [text.split()[-1] for text in page.locator(".row:visible b").all_inner_texts()]


def test_the_loss_of_data_is_described_first(page: Page) -> None:
    """Before the drawing and all tables, sentences say how many resources change, which data is lost, and why."""
    lead = page.locator(".lead")
    expect(lead).to_have_text(
        "Creates 1 resource, changes 3, replaces 1 and deletes 1. Data of 1 resource would be lost."
    )
    rejected = page.get_by_text("deploy rejects this plan without --allow-destructive.")
    lost = page.get_by_text("The messages of queue Jobs are deleted.")
    kept = page.get_by_text(
        "To keep the data, copy it before you deploy, or leave parameter QueueName unchanged, or first deploy the "
        "resource with UpdateReplacePolicy: Retain."
    )
    order = [lead, rejected, lost, kept, page.locator(".drawing"), page.get_by_role("searchbox")]
    tops = [one.evaluate("one => one.getBoundingClientRect().top + scrollY") for one in order]
    assert tops == sorted(tops)
    for one in order:
        expect(one).to_be_visible()


def test_changes_are_grouped_by_their_meaning(page: Page) -> None:
    """Each change is in one group. A new tag does not change permissions."""
    groups = page.eval_on_selector_all(
        ".group-of-changes",
        "all => all.map(one => [one.querySelector('h2').textContent, [...one.querySelectorAll('.row')].map("
        "row => row.querySelector('b').textContent.split(' ').at(-1))])",
    )
    assert [tuple(group) for group in groups] == [
        ("Data would be lost (1)", ["Jobs"]),
        ("Deleted (1)", ["Old"]),
        ("Permissions (2)", ["Alpha", "Reader"]),
        ("Changed in place (2)", ["Beta", NASTY.rsplit(maxsplit=1)[-1]]),
    ]
    links = page.get_by_role("navigation").get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == ["#loss", "#deleted", "#permissions", "#changed"]


def test_the_text_has_the_order_of_the_page(page: Page) -> None:
    """The text of a plan lists the changes by their meaning, too: deletions before new resources."""
    rows = re.findall(r"^  [-+~!?<>=] (\w+)\s", table(PLAN), re.MULTILINE)
    assert rows == ["Jobs", "Old", "Alpha", "Reader", "Beta"]
    assert [name for name in shown(page) if name in rows] == rows


def test_only_rows_with_content_can_be_opened(page: Page) -> None:
    """A row opens to the values before and after. A row without them is plain text, so it has no marker."""
    contents = page.eval_on_selector_all(
        "details", "all => all.map(one => [...one.children].slice(1).map(part => part.textContent.trim()).join(''))"
    )
    assert len(contents) == 6
    assert all(contents)
    plain = page.locator(".row:not(:has(details))")
    assert [text.split()[-1] for text in plain.locator("b").all_inner_texts()] == ["Old", "Alpha"]
    assert plain.locator(":is(summary, [tabindex])").count() == 0


def test_missing_values_differ_from_absent_properties() -> None:
    """The page distinguishes values that the change set does not contain from properties that do not exist."""
    missing = PropertyChange(path="/Properties/EventPattern")
    text = plan_page(replace(PLAN, changes=(changed("Beta", "update", missing),)), {})
    assert '<td colspan="2" class="muted">not reported by AWS</td>' in text
    assert "(none)" not in text
    new = PropertyChange(path="/Properties/Tags", after="x")
    text = plan_page(replace(PLAN, changes=(changed("Beta", "update", new),)), {})
    assert '<td data-column="Before">(none)</td><td data-column="After">x</td>' in text
    assert "not reported by AWS" not in text


def test_changed_lines_of_long_values_are_marked() -> None:
    """Only the lines of a policy that differ are marked, also in JSON text. Short values have no mark."""
    before = {"Action": ["s3:GetObject", "s3:PutObject"], "Effect": "Allow"}
    after = {**before, "Action": ["s3:GetObject", "s3:<b>", "s3:ListBucket"]}
    for values in ((before, after), (json.dumps(before), json.dumps(after))):
        item = PropertyChange(path="/Properties/PolicyDocument", before=values[0], after=values[1])
        text = plan_page(update_of(changed("Reader", "update", item, type_="AWS::IAM::ManagedPolicy")), {})
        assert re.findall(r"<(?:del|ins)>(.*?)</(?:del|ins)>", text) == [
            "    &quot;s3:PutObject&quot;",
            "    &quot;s3:&lt;b&gt;&quot;,",
            "    &quot;s3:ListBucket&quot;",
        ]
    item = PropertyChange(path="/Properties/VolumeSizeInGB", before="5", after="50")
    assert "<del>" not in plan_page(update_of(changed("Notebook", "update", item)), {})


def test_values_are_shown_as_text(page: Page) -> None:
    """Names, values and reasons of the plan are shown completely, and never become markup or code."""
    expect(page).to_have_title("Plan of team")
    assert page.locator("img").count() == 0
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for cell in ("b", "td", "small", "code", "li"):
        expect(page.locator(cell, has_text=NASTY).first).to_be_visible()


def test_search_shows_matching_changes(page: Page) -> None:
    """The search shows the matching changes and their number, and hides groups without a match."""
    page.keyboard.press("/")
    page.keyboard.type("READER")
    assert shown(page) == ["Reader"]
    assert page.locator(".group-of-changes h2:visible").all_inner_texts() == ["Permissions (2)"]
    expect(page.locator("#count")).to_have_text("1 of 6 changes shown")
    page.keyboard.press("Escape")
    assert len(shown(page)) == 6


def test_the_keyboard_reaches_and_opens_every_change(page: Page) -> None:
    """After a link that skips the drawing, the keyboard alone reaches each row that can be opened."""
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the changes")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        before = page.evaluate("document.activeElement.parentElement.open")
        page.keyboard.press("Enter")
        assert (page.evaluate("document.activeElement.parentElement.open"), style) == (not before, "solid")
        reached.append(page.evaluate("document.activeElement.querySelector('b').textContent.split(' ').at(-1)"))
    assert reached == shown(page)[-3:]


def test_resource_in_the_drawing_leads_to_its_change(page: Page) -> None:
    """The drawing marks each resource by its change. A key press on a resource shows its change and opens it."""
    drawn = page.eval_on_selector_all(
        ".drawing [data-resource]",
        "all => all.map(one => [one.dataset.resource, one.className, one.textContent.slice(0, 1)])",
    )
    expected = {
        ("Alpha", "create", "+"),
        ("Beta", "change", "~"),
        ("Jobs", "destroy", "!"),
        ("Old", "destroy", "-"),
        ("Reader", "change", "~"),
        ("Same", "same", "="),
        (NASTY, "change", "~"),
    }
    assert {tuple(one) for one in drawn} == expected
    row = page.locator(".row", has_text="bucket Beta")
    expect(row.locator("table")).not_to_be_visible()
    page.get_by_role("searchbox").fill("nothing has this text")
    page.locator(".drawing a", has_text="Beta").focus()
    page.keyboard.press("Enter")
    expect(row.locator("table")).to_be_visible()
    expect(row).to_be_in_viewport()
    assert len(shown(page)) == 6


def test_the_page_is_complete_without_scripts_and_on_paper(browser: Browser, page: Page) -> None:
    """Without scripts all changes are readable, and the search is absent. Paper also shows what is not open."""
    bare = browser.new_page(java_script_enabled=False)
    bare.goto(page.url)
    assert bare.locator(".row:visible").count() == 6
    expect(bare.get_by_role("searchbox")).to_have_count(0)
    cell = bare.locator(".row", has_text="bucket Beta").locator("td").first
    expect(cell).not_to_be_visible()
    bare.emulate_media(media="print")
    expect(cell).to_be_visible()
    expect(bare.get_by_role("navigation")).to_have_count(0)
    bare.close()


def test_axe_finds_nothing(page: Page) -> None:
    """The page is accessible with all rows open, on a phone and on a desktop, light and dark."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert accessibility_findings(page) == []


def test_axe_finds_nothing_in_a_workspace(browser: Browser, template: dict[str, Any], tmp_path: Path) -> None:
    """The page with the drawing of a workspace is accessible, too."""
    several = list(template["Resources"].items())[:12]
    changes = (changed(name, "update", type_=body["Type"]) for name, body in several)
    file = tmp_path / "workspace.html"
    file.write_text(plan_page(update_of(*changes), {}), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.locator(".placed a").count() == len(several)
    assert accessibility_findings(page) == []
    page.close()


def test_nothing_is_cut_off_on_a_phone(page: Page) -> None:
    """With all rows open, nothing is wider than a phone."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth).map(one => one.outerHTML)"
    assert page.eval_on_selector_all("main *", cut) == []


def test_a_plan_without_changes_has_no_lists() -> None:
    """The page of a stack that is up to date has one sentence, and no empty list, search or drawing."""
    text = plan_page(update_of(empty=True), {})
    assert "No change. The stack is up to date." in text
    for part in ('class="row', 'class="drawing"', "<nav", "<li", "<details"):
        assert part not in text


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
