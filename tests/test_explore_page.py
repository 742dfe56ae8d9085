"""The explorer page in use: presets, costs, the specialized template, the filter, the keyboard, and small screens."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cost_examples
import pytest
from browsers import DESKTOP, PHONE, accessibility_findings, chromium
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from samples import EVERYTHING, FEATURES, INSTANCES

from smtemplates.aws_data.monthly_costs import monthly_costs, usd
from smtemplates.aws_data.usage import SETUPS, Setup
from smtemplates.cli.main import main
from smtemplates.cli.parser import parser
from smtemplates.cli.specialization import choices_of
from smtemplates.config.reader import read_project
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.specializing.choices import Choices, fixed_values
from smtemplates.specializing.specialization import specialize
from smtemplates.templates.registry import definition

WORKSPACE = [setup for setup in SETUPS if "workspace" in setup.stacks]
CONFIGURATION = """\
[template.company]
from = "workspace"
keep = ["Environment", "CreateNotebook"]
without = ["guide"]
default.CreateNotebook = true
fix.NotebookVolumeSizeGb = 50

[template.open]
from = "workspace"
fix.CreateDashboard = false

[template.vpc]
from = "network"
"""
FOCUSABLE = "a[href], button:not(:disabled), input, select, summary, [tabindex='0']"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open the page of a project with a configuration file."""
    folder = tmp_path_factory.mktemp("explore")
    (folder / "smtemplates.toml").write_text(CONFIGURATION, encoding="utf-8")
    config = ["--config", str(folder / "smtemplates.toml")]
    assert main(["explore", "-o", str(folder / "explore.html"), *config]) == 0
    assert main(["explore", "network", "-o", str(folder / "network.html"), *config]) == 0
    with chromium() as browser:
        page = browser.new_page()
        page.goto((folder / "explore.html").as_uri())
        yield page


@pytest.fixture(autouse=True)
def fresh(page: Page) -> None:
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.reload()


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def values_of(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate("given()")
    return found


def shown(page: Page) -> list[list[str]]:
    """Return the texts of the table of costs."""
    return [row.locator("td").all_inner_texts() for row in page.locator("#items tr").all()]


def test_axe_finds_nothing(page: Page) -> None:
    """The page is accessible with a preset, open results, a group of many parameters, and errors."""
    choose(page, "Studio for a team")
    page.evaluate("document.querySelectorAll('.results details').forEach(one => one.open = true)")
    for name in ("VpcId", "KmsKeyArn"):
        page.evaluate("name => reveal(document.getElementById(name))", name)
        page.fill(f"#{name}", "wrong")
    assert accessibility_findings(page) == []


@pytest.mark.parametrize("setup", WORKSPACE, ids=lambda setup: setup.name)
def test_presets_have_the_resources_and_the_costs_of_the_page_about_costs(
    page: Page, template: dict[str, Any], setup: Setup
) -> None:
    """A preset is valid. Its resources are those of an evaluation, and its rows are on the page about costs."""
    choose(page, setup.name)
    values = setup.stacks["workspace"]
    assert values_of(page) == values
    assert check_parameters(template, values, region="us-east-1") == []
    stack = Stack(template, values, pseudo={"AWS::Region": "us-east-1"})
    created = page.locator("[data-resource].create").evaluate_all("all => all.map(one => one.dataset.resource)")
    assert sorted(created) == sorted(stack.resources)
    costs = monthly_costs(stack.resources, stack.parameters, setup.usage)
    assert shown(page) == [list(item.row()) for item in costs.items]
    expect(page.get_by_role("status").filter(has_text="valid")).to_have_text(
        f"These values are valid. {len(created)} of {len(template['Resources'])} resources. "
        f"USD {usd(costs.total)} per month."
    )
    section = cost_examples.page().partition(f"### {setup.title}\n")[2]
    for item in costs.items:
        assert f"| {' | '.join(item.row())} |" in section
    named = page.locator("#examples a").all_inner_texts()
    assert set(named) == {name for name in values if name in setup.examples}


COSTS = [
    {},
    EVERYTHING,
    *FEATURES.values(),
    {**INSTANCES, "EndpointInitialInstances": "4"},
    {**INSTANCES, "EndpointInstanceType": "ml.g5.xlarge"},
    {"CreateNotebook": "true", "NotebookInstanceType": "ml.m5.24xlarge", "NotebookVolumeSizeGb": "16384"},
    {"TrainingInstanceType": "ml.p5.48xlarge", "TrainingInstanceCount": "3"},
]
USAGES: list[dict[str, int]] = [
    {},
    {"days": 0, "hours": 24, "people": 333, "space": 7, "stored": 999999, "training": 1},
]
NETWORKS = [{}, {"NatGateways": "One"}, {"NatGateways": "OnePerZone", "NumberOfZones": "3"}, {"InterfaceEndpoints": ""}]


def test_page_and_python_calculate_the_same_costs(page: Page, template: dict[str, Any]) -> None:
    """Rows, sentences about everything that is not calculated, and the total are equal."""
    _check_costs(page, template, COSTS)
    address = page.url
    page.goto(address.replace("explore.html", "network.html"))
    _check_costs(page, definition("network").template().to_dict(), NETWORKS)
    page.goto(address)


def _check_costs(page: Page, template: dict[str, Any], cases: list[dict[str, str]]) -> None:
    script = """([values, changed]) => {
      const found = decide(values, "us-east-1");
      const defaults = usages.map(one => [one.dataset.usage, Number(one.defaultValue)]);
      const usage = { ...Object.fromEntries(defaults), ...changed };
      const costs = monthlyCosts(found.resources, found.scope, usage);
      const rows = costs.items.map(({ text, arithmetic, total }) => [text, arithmetic, usd(total)]);
      return [rows, costs.missing, usd(costs.total)];
    }"""
    for values in cases:
        stack = Stack(template, values, pseudo={"AWS::Region": "us-east-1"})
        for usage in USAGES:
            costs = monthly_costs(stack.resources, stack.parameters, usage)
            rows, missing, total = page.evaluate(script, [values, usage])
            assert rows == [list(item.row()) for item in costs.items], values
            assert sorted(missing) == sorted(costs.missing), values
            assert total == usd(costs.total), values


def test_choices_that_act_through_conditions_are_sizes(tmp_path: Path) -> None:
    """The page of the network shows its choices before the other parameters. Its legend has the absent resources."""
    assert main(["explore", "network", "-o", str(tmp_path / "network.html")]) == 0
    text = (tmp_path / "network.html").read_text(encoding="utf-8")
    sizes, _, more = text.partition("<summary>Sizes that the costs depend on")[2].partition("<summary>More parameters")
    names = ("InterfaceEndpoints", "NatGateways")
    assert [name for name in names if f'data-parameter="{name}"' in sizes] == list(names)
    assert 'data-parameter="CreateFlowLogs"' in more
    assert '<span class="absent"><b>·</b> not created</span>' in text


def test_costs_that_cannot_be_calculated_are_named(page: Page) -> None:
    """Sentences name an instance type without a price, another Region, and a use that is not a number."""
    choose(page, "Notebook")
    page.fill("#NotebookInstanceType", "ml.g5.xlarge")
    expect(page.locator("#total")).to_have_text("At least USD 5.40 per month.")
    page.get_by_text("Not calculated").click()
    expect(page.locator("#missing")).to_contain_text(
        "Notebook ml.g5.xlarge, days × hours: the price is not in the table."
    )
    expect(page.locator("#missing")).to_contain_text("AWS::CloudWatch::Dashboard: per dashboard and month")
    page.fill("#region", "eu-west-1")
    expect(page.locator("#costs")).to_contain_text("There is no table for eu-west-1.")
    page.get_by_text("Use in a month").click()
    page.get_by_label("GB in the buckets").fill("many")
    expect(page.locator("#total")).to_have_text("No price.")
    expect(page.locator("#unpriced")).to_be_visible()


def test_presets_of_the_configuration_file(page: Page) -> None:
    """The tables that start from this template are presets with their fixed values, defaults and kept parameters."""
    names = page.locator("[data-preset]").all_inner_texts()
    assert names == ["Defaults", *(setup.name for setup in WORKSPACE), "company", "open"]
    choose(page, "company")
    assert values_of(page) == {"CreateNotebook": "true", "NotebookVolumeSizeGb": "50"}
    expect(page.locator("#note")).to_contain_text("also sets without")
    words = (page.locator("#special").text_content() or "").replace("\\\n", "").split()
    assert words[2:6] == ["workspace", "-o", "company.yaml", "--keep"]
    assert sorted(words[6].split(",")) == ["CreateNotebook", "Environment"]
    assert words[7:] == ["--default", "CreateNotebook=true", "--fix", "NotebookVolumeSizeGb=50"]
    choose(page, "open")
    expect(page.locator("#kept")).to_have_text(re.compile(r"^(\d+) of (?!\1)\d+$"))
    assert "--fix CreateDashboard=false" in (page.locator("#special").text_content() or "")
    choose(page, "Defaults")
    assert values_of(page) == {}


def test_the_specialized_template_has_the_values_of_the_page(
    page: Page, template: dict[str, Any], tmp_path: Path
) -> None:
    """The command, run by bash, and the table contain exactly the values and the kept parameters of the page."""
    declared = template["Parameters"]
    anything = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
    likely = st.sampled_from(["", "@file", "a'b", "$(id)`id`", '"\\', "!x", "-x", "a\nb", "\x01", "\x7f", "#~*"])
    cases: list[tuple[dict[str, str], list[str]]] = []

    @settings(max_examples=60)
    @given(
        st.dictionaries(st.sampled_from(sorted(declared)), likely | anything, max_size=6),
        st.lists(st.sampled_from(sorted(declared)), unique=True, max_size=4),
    )
    def collect(values: dict[str, str], keep: list[str]) -> None:
        cases.append(({name: text for name, text in values.items() if text != str(declared[name]["Default"])}, keep))

    collect()
    script = """cases => cases.map(([values, keep]) => {
      const chosen = choices(values, new Set(keep));
      return [specializeCommand("company", chosen), specializeTable("company", chosen)];
    })"""
    texts: list[list[str]] = page.evaluate(script, [[values, keep] for values, keep in cases])
    arguments = run_in_bash([command for command, _ in texts])
    for (values, keep), words, (command, table) in zip(cases, arguments, texts, strict=True):
        expected = {name: values.get(name, str(about["Default"])) for name, about in declared.items()}
        (tmp_path / "smtemplates.toml").write_text(table, encoding="utf-8", newline="")
        read = read_project(tmp_path / "smtemplates.toml").templates["company"]
        kept = frozenset(read.keep or ())
        found = [Choices(fix=read.fix, keep=kept, default=read.default)]
        if command.startswith("#"):
            assert any(values[name].startswith("@") for name in values.keys() - set(keep)), command
        else:
            options = parser().parse_args(words)
            assert options.names == ["workspace"]
            assert options.output == "company.yaml"
            found.append(choices_of(options))
        for chosen in found:
            assert chosen.keep == frozenset(keep)
            assert (
                fixed_values(chosen, declared)
                | {name: chosen.default.get(name, str(declared[name]["Default"])) for name in keep}
                == expected
            )


def run_in_bash(commands: list[str]) -> list[list[str]]:
    """Return the arguments that the program receives from each command; none for a command that is a comment."""
    function = 'smtemplates() { printf \'%s\\0\' "$#" "$@"; }'
    lines = [f"{command}\nprintf '0\\0'" if command.startswith("#") else command for command in commands]
    done = subprocess.run(["bash"], input="\n".join([function, *lines]).encode(), capture_output=True, check=True)
    assert done.stderr == b""
    parts = iter(done.stdout.decode().split("\0"))
    return [[next(parts) for _ in range(int(next(parts)))] for _ in commands]


def test_the_choices_of_the_page_make_the_template(page: Page, template: dict[str, Any]) -> None:
    """The template of a preset keeps the parameters of the first group, and has the resources of the page."""
    choose(page, "Notebook")
    special = specialize(template, fix=values_of(page), keep=["ProjectName", "Environment"])
    expect(page.locator("#kept")).to_have_text(f"2 of {len(template['Parameters'])}")
    assert sorted(special["Parameters"]) == ["Environment", "ProjectName"]
    created = page.locator("[data-resource].create").evaluate_all("all => all.map(one => one.dataset.resource)")
    assert set(Stack(special).resources) == set(created)


def test_the_filter_finds_parameters_and_resources(page: Page, template: dict[str, Any]) -> None:
    """It finds names, labels and descriptions, opens the groups that contain them, and closes the groups again."""
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    texts = {
        name: f"{name} {labels[name]['default']} {about['Description']}".lower()
        for name, about in template["Parameters"].items()
    }
    for words in ("idle", "KMS key", "endpointerrorthreshold", "nothing-like-this"):
        page.fill("#filter", words)
        found = {name for name, text in texts.items() if all(word in text for word in words.lower().split())}
        visible = page.locator("[data-parameter]:visible").evaluate_all("all => all.map(one => one.id)")
        assert set(visible) == found
        expect(page.locator("#matches")).to_contain_text(f"{len(found)} parameter")
    page.fill("#filter", "s3::bucketpolicy")
    assert page.locator(".drawing li:visible").all_inner_texts() == [
        "✓InputBucketPolicy",
        "✓OutputBucketPolicy",
        "✓ModelBucketPolicy",
    ]
    page.fill("#filter", "")
    expect(page.locator("#VpcId")).not_to_be_visible()
    expect(page.locator("#CreateNotebook")).to_be_visible()


def test_everything_is_reachable_by_keyboard(page: Page) -> None:
    """On a phone, Tab reaches every visible control once. The focus is visible, and nothing covers the control."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    controls = page.locator(FOCUSABLE).filter(visible=True).count()
    state = """() => {
      const one = document.activeElement, box = one.getBoundingClientRect();
      if (one === document.body) return null;
      const top = document.elementFromPoint(box.x + Math.min(box.width / 2, 10), Math.max(box.y, 0) + 4);
      one.dataset.visited = Number(one.dataset.visited || 0) + 1;
      return [one.id || one.textContent.trim(), getComputedStyle(one).outlineStyle, one.contains(top) || one === top];
    }"""
    visited = []
    for _ in range(controls + 1):
        page.keyboard.press("Tab")
        if (found := page.evaluate(state)) is None:
            break
        visited.append(found)
    assert len(visited) == controls
    assert page.locator("[data-visited='1']").count() == controls
    assert [each for each in visited if each[1] == "none" or not each[2]] == []


def test_errors_lead_to_their_field(page: Page) -> None:
    """A preset is chosen with Enter. The link in an error opens the group of the parameter, and focuses its field."""
    page.get_by_role("button", name="Studio for a team").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("36 of")
    page.locator("#examples").get_by_role("link", name="VpcId").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#VpcId")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    expect(page.get_by_role("status").filter(has_text="VpcId")).to_be_visible()
    changed = page.locator("details", has=page.locator("#VpcId")).last.locator(":scope > summary .changed")
    expect(changed).to_have_text("2 changed")


def test_results_are_at_the_top_of_a_phone(page: Page) -> None:
    """The summary is on the first screen, the results begin there, and nothing is wider than the screen."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    for name in ("Defaults", "Registry and endpoint"):
        choose(page, name)
        for part in ("#total", "#costs"):
            top = page.locator(part).evaluate("one => one.getBoundingClientRect().top + scrollY")
            assert top < PHONE[1], part
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.get_by_role("link", name="Resources").click()
    expect(page.locator("#resources-title")).to_be_in_viewport()
    expect(page.locator("#total")).to_be_in_viewport()


@pytest.mark.parametrize("clipboard", ["{ writeText: () => Promise.reject(new Error('denied')) }", "undefined"])
def test_texts_are_copied_without_permission_for_the_clipboard(page: Page, clipboard: str) -> None:
    """If the browser denies the clipboard or has none, the button copies the text in another way, and reports it."""
    page.evaluate(f"Object.defineProperty(navigator, 'clipboard', {{ value: {clipboard} }})")
    choose(page, "Notebook")
    page.get_by_role("button", name="Copy the deploy command").click()
    expect(page.get_by_text("Copied.")).to_have_count(1)
    page.locator("#filter").focus()
    page.keyboard.press("Control+V")
    pasted = page.locator("#filter").input_value().split()
    assert pasted == (page.locator("#command").text_content() or "").split()
    assert len(pasted) > 5
