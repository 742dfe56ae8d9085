"""The explorer page, in a real browser: it agrees with the deployer, and its commands and links work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browsers import chromium
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from samples import EVERYTHING, FEATURES, KEY, MADE_KEY, NO_BUCKETS, ROLE, VPC

from smtemplates.cli.main import main
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.synth.loader import load

HOSTILE = [
    "",
    " ",
    "'",
    '"',
    "$(id)",
    "a b",
    "x" * 2000,
    "x" * 5000,
    "é",
    "a\nb",
    "</script>",
    "0",
    "-1",
    "1e3",
    "nan",
    "true",
]
CASES = [
    {},
    EVERYTHING,
    *FEATURES.values(),
    NO_BUCKETS,
    ROLE,
    {**KEY, **MADE_KEY},
    {"CreateDomain": "true"},
    {"VpcId": VPC["VpcId"]},
    {"DomainAuthMode": "SSO", "UserProfileNames": "ana"},
    {"NotebookDirectInternetAccess": "Disabled"},
    {"CreateBuckets": "false"},
    {**ROLE, "WorkflowPacks": "JumpStart"},
    *({"NotebookIdleMinutes": minutes} for minutes in ("60", "60.0", "6e1", "060", "+60")),
]
REGIONS = ["us-east-1", "cn-north-1", "us-gov-west-1", "ap-southeast-5"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Write the page with the real command and open it from disk. It must not request anything else."""
    file: Path = tmp_path_factory.mktemp("explore") / "explore.html"
    assert main(["explore", "-o", str(file)]) == 0
    with chromium() as browser:
        page = browser.new_page()
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(file.as_uri())
        yield page
        assert set(requested) == {file.as_uri()}


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    if "fill" in request.fixturenames:
        request.getfixturevalue("page").reload()


@pytest.fixture
def fill(page: Page) -> Any:
    """Return a function that enters values into the form."""

    def type_in(values: dict[str, str]) -> None:
        for name, value in values.items():
            field = page.locator(f"#{name}")
            field.evaluate("one => { for (let up = one; (up = up.closest('details:not([open])')); ) up.open = true; }")
            if field.get_attribute("type") == "checkbox":
                field.set_checked(value == "true")
            elif field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    return type_in


def test_nothing_is_cut_off_on_a_laptop(page: Page) -> None:
    """At 1200 pixels, the drawing and the form fit beside each other."""
    page.set_viewport_size({"width": 1200, "height": 900})
    for part in (".drawing", "form", ".results", "body"):
        cut = page.locator(part).evaluate("one => one.scrollWidth - one.clientWidth")
        assert cut <= 0


def deployer(template: dict[str, Any], values: dict[str, str], region: str) -> dict[str, Any]:
    """Return the verdict of the deployer on a set of values."""
    sentences = check_parameters(template, values, region=region)
    named = [re.match(r"Parameter (\w+) ", sentence) for sentence in sentences]
    stack = Stack(template, values, pseudo={"AWS::Region": region})
    return {
        "invalid": sorted({found[1] for found in named if found}),
        "broken": [sentence for sentence, found in zip(sentences, named, strict=True) if not found],
        "resources": [name for name in template["Resources"] if stack.exists(name)],
        "outputs": list(stack.outputs),
    }


def browser(page: Page, values: dict[str, str], region: str) -> dict[str, Any]:
    """Return the verdict of the page on a set of values."""
    found: dict[str, Any] = page.evaluate("([values, region]) => decide(values, region)", [values, region])
    return {
        "invalid": sorted(found["invalid"]),
        **{name: found[name] for name in ("broken", "resources", "outputs")},
    }


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("values", CASES)
def test_page_and_deployer_agree(page: Page, template: dict[str, Any], values: dict[str, str], region: str) -> None:
    """Page and deployer reject the same values with the same Rules, and find the same resources and outputs."""
    assert browser(page, values, region) == deployer(template, values, region)


def anything(declared: dict[str, Any]) -> st.SearchStrategy[dict[str, str]]:
    """Generate values that are valid, nearly valid or unusual, for some of the parameters."""

    def kinds(name: str, about: dict[str, Any]) -> st.SearchStrategy[str]:
        likely = [*map(str, about.get("AllowedValues", [])), str(about["Default"]), EVERYTHING.get(name, "")]
        allowed = st.from_regex(re.compile(about.get("AllowedPattern", ""), re.ASCII), fullmatch=True)
        return st.sampled_from(likely) | st.sampled_from(HOSTILE) | allowed

    return st.fixed_dictionaries({}, optional={name: kinds(name, about) for name, about in declared.items()})


def test_page_and_deployer_agree_on_any_value(page: Page, template: dict[str, Any]) -> None:
    """They agree on any combination of values. Hypothesis only collects them: it cannot run the browser's driver."""
    cases: list[tuple[dict[str, str], str]] = []

    @settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
    @given(values=anything(template["Parameters"]), region=st.sampled_from(REGIONS))
    def collect(values: dict[str, str], region: str) -> None:
        cases.append((values, region))

    collect()
    for values, region in cases:
        assert browser(page, values, region) == deployer(template, values, region), values


def test_command_file_and_link_contain_the_values(page: Page, fill: Any) -> None:
    """Command, parameter file and link contain exactly the values that were entered, quoted and encoded."""
    values = {
        **FEATURES["notebook"],
        **VPC,
        "NotebookPackages": "a[b]>=1,<2 c!=3",
        "ModelPackageGroupDescription": "(x)",
    }
    stack = "o'clock $(id)&+%#"
    fill({**values, "stack": stack, "region": "cn-north-1", "url": "https://b.s3.cn-north-1.amazonaws.com.cn/t.yaml"})
    expect(page.locator("#verdict")).to_have_text("These values are valid.")
    words = shlex.split(page.locator("#command").inner_text())
    assert words[:5] == ["smtemplates", "deploy", stack, "--region", "cn-north-1"]
    sets = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    assert dict(one.split("=", 1) for one in sets) == values
    assert load(page.locator("#file").text_content() or "") == values
    link = urlsplit(page.locator("#link").text_content() or "")
    assert link.hostname == "cn-north-1.console.amazonaws.cn"
    query = {name: value[0] for name, value in parse_qs(link.fragment.partition("?")[2]).items()}
    assert query.pop("templateURL").startswith("https://b.s3.")
    assert query.pop("stackName") == stack
    assert {name.removeprefix("param_"): value for name, value in query.items()} == values


def test_the_page_shows_resources_and_errors(page: Page, fill: Any) -> None:
    """A parameter shows the resources that it creates, an invalid value an error, an invalid combination the Rule."""
    notebook = page.locator("[data-resource=Notebook]")
    expect(notebook).to_have_class("absent")
    fill({"CreateNotebook": "true"})
    expect(notebook).to_have_class("create")
    fill({"CreateDomain": "true"})
    expect(page.locator("#summary")).to_contain_text("CreateDomain requires VpcId")
    expect(page.locator("#command")).to_be_empty()
    fill({"VpcId": "my-vpc", "KmsKeyArn": "my-key"})
    expect(page.locator("#VpcId-error")).to_contain_text("must be empty or the ID of a VPC")
    expect(page.locator("#summary")).to_contain_text("1 more error")
    expect(page.locator("#verdict, #broken").filter(has_text="VpcId must be empty or the ID of a VPC")).to_be_visible()
    expect(page.locator("form").get_by_label("VPC", exact=True)).to_have_attribute("aria-invalid", "true")


def test_every_parameter_has_a_field(page: Page, template: dict[str, Any]) -> None:
    """Every parameter has a label, the name that --set expects, and its default value."""
    page.set_viewport_size({"width": 1200, "height": 900})
    for name, about in template["Parameters"].items():
        label = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"][name]["default"]
        assert page.locator("form").get_by_label(label, exact=True).get_attribute("id") == name
        expect(page.locator(f"label[for={name}] + code")).to_have_text(name)
        assert page.evaluate(f"Parameters.{name}.Default") == about["Default"]
