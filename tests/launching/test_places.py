"""Tests of the number of places in the lists of the Service Catalog template, which is chosen when it is rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

import smtemplates
from smtemplates.cli.main import main
from smtemplates.errors import UsageError
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.registry import definition
from smtemplates.templates.service_catalog.places import PLACES

FIFTY = dict.fromkeys(PLACES, 50)
BARE = {"TemplateUrl": samples.CATALOG["TemplateUrl"]}
# The longest entries that the patterns accept, so that each value has the greatest length.
ENTRIES = {
    "PrincipalArns": [f"arn:aws-us-gov:iam::111122223333:group/{number:0200}" for number in range(50)],
    "PrincipalPatterns": [f"arn:aws-us-gov:iam:::group/{number:0200}" for number in range(50)],
    "ShareAccountIds": [f"{number:012}" for number in range(50)],
    "TagOptionValues": [f"{number:0128}" for number in range(50)],
}
# CloudFormation's limits.
MAX_VALUE_LENGTH, MAX_RESOURCES, MAX_PARAMETERS, MAX_BYTES = 4096, 500, 200, 1_000_000


def _catalog(**places: int) -> dict[str, Any]:
    return load(render(definition("service-catalog", (), places).template()))


@pytest.fixture(scope="module")
def fifty() -> dict[str, Any]:
    """Return the catalog with fifty places in each list."""
    return _catalog(**FIFTY)


def _values(template: dict[str, Any], entries: dict[str, list[str]]) -> dict[str, str]:
    """Fill the parameters of each list in the order of their numbers, as many entries as their patterns accept."""
    values = {}
    for name, listed in entries.items():
        rest = list(listed)
        for parameter in (name, *(f"{name}{part}" for part in range(2, 10))):
            count = len(rest)
            while count and check_parameters(template, {parameter: ",".join(rest[:count])}):
                count -= 1
            if count:
                values[parameter], rest = ",".join(rest[:count]), rest[count:]
            if not rest:
                break
        assert not rest, name
    return values


def test_fifty_of_the_longest_entries_are_accepted(fifty: dict[str, Any]) -> None:
    """Each entry is one resource, and everything is within the limits of CloudFormation."""
    values = {**BARE, **_values(fifty, ENTRIES)}
    assert check_parameters(fifty, values) == []
    assert max(map(len, values.values())) <= MAX_VALUE_LENGTH
    assert len(fifty["Resources"]) <= MAX_RESOURCES
    assert len(fifty["Parameters"]) <= MAX_PARAMETERS
    assert len(render(definition("service-catalog", (), FIFTY).template()).encode()) <= MAX_BYTES
    created = Stack(fifty, values).resources
    for prefix, key, name in (
        ("Principal", "PrincipalARN", "PrincipalArns"),
        ("Pattern", "PrincipalARN", "PrincipalPatterns"),
        ("Share", "AccountId", "ShareAccountIds"),
        ("TagOption", "Value", "TagOptionValues"),
    ):
        assert [created[f"{prefix}{number}"]["Properties"][key] for number in range(1, 51)] == ENTRIES[name]


def test_tag_values_stay_within_the_quotas_of_service_catalog(fifty: dict[str, Any]) -> None:
    """A key has at most 25 values, and the portfolio and the product have at most 25 TagOptions each."""
    values = {**BARE, **_values(fifty, {"TagOptionValues": ENTRIES["TagOptionValues"]})}
    created = Stack(fifty, values, physical=lambda name, _: name).resources.values()
    keys = [body["Properties"]["Key"] for body in created if body["Type"] == "AWS::ServiceCatalog::TagOption"]
    assert {key: keys.count(key) for key in keys} == {"CostCenter": 25, "Team": 25}
    owners = [body["Properties"]["ResourceId"] for body in created if body["Type"].endswith("TagOptionAssociation")]
    assert {owner: owners.count(owner) for owner in owners} == {"Portfolio": 25, "Product": 25}
    without_product = Stack(fifty, {name: value for name, value in values.items() if name != "TemplateUrl"})
    assert not without_product.exists("TagOption26")


@given(st.sets(st.integers(1, 50), max_size=50))
def test_only_the_requested_resources_exist(fifty: dict[str, Any], numbers: set[int]) -> None:
    """A place without an entry has no resource, in any position."""
    listed = [ENTRIES["ShareAccountIds"][number - 1] if number in numbers else "" for number in range(1, 51)]
    values = {"ShareAccountIds": ",".join(listed).rstrip(",")}
    assert check_parameters(fifty, values) == []
    shares = {name for name in Stack(fifty, values).resources if name.startswith("Share")}
    assert shares == {f"Share{number}" for number in numbers}


@pytest.mark.parametrize("places", [{"PrincipalArns": 15}, {"PrincipalArns": 16}, {"PrincipalArns": 31}, FIFTY])
def test_more_places_replace_no_resource(places: dict[str, int]) -> None:
    """The stack of the template with the default places keeps every resource, with the same properties."""
    values = samples.CATALOG
    before, after = Stack(_catalog(), values), Stack(_catalog(**places), values)
    assert after.resources == before.resources
    assert after.outputs == before.outputs


def test_the_number_of_places_is_the_most_that_is_accepted() -> None:
    """A template with three places accepts three entries. It has no resource for a fourth."""
    template = _catalog(ShareAccountIds=3)
    assert check_parameters(template, {"ShareAccountIds": ",".join(ENTRIES["ShareAccountIds"][:3])}) == []
    (sentence,) = check_parameters(template, {"ShareAccountIds": ",".join(ENTRIES["ShareAccountIds"][:4])})
    assert "up to 3 different account IDs" in sentence
    assert "Share3" in template["Resources"]
    assert "Share4" not in template["Resources"]


@pytest.mark.slow
def test_the_template_with_fifty_places_has_no_findings(fifty: dict[str, Any]) -> None:
    """The linter and the policy accept it."""
    text = render(fifty)
    assert smtemplates.lint(text) == []
    assert smtemplates.check_policy(text) == []


@pytest.mark.parametrize(
    ("template", "places", "message"),
    [
        ("service-catalog", {"ShareAccountId": 50}, "Did you mean 'ShareAccountIds'?"),
        ("service-catalog", {"Buckets": 50}, "Choose from PrincipalArns, "),
        ("workspace", {"UserProfileNames": 50}, "has no such list"),
        ("service-catalog", {"ShareAccountIds": 0}, "must be at least 1, not 0"),
        ("service-catalog", {"TagOptionValues": 51}, "at most 50 places, because a Service Catalog portfolio"),
        ("service-catalog", {"ShareAccountIds": 480}, "resources, and CloudFormation accepts 500"),
    ],
)
def test_impossible_places_are_rejected(template: str, places: dict[str, int], message: str) -> None:
    """An unknown list and a number that AWS would reject are rejected when the template is rendered."""
    with pytest.raises(UsageError, match=message):
        definition(template, (), places)


def test_the_command_line_chooses_the_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The option accepts several lists, applies to the templates that have them, and names an unknown list."""
    path = tmp_path / "catalog.yaml"
    places = ["--places", "ShareAccountIds=12,PrincipalArns=7", "--places", "TagOptionValues=3"]
    assert main(["render", "service-catalog", "--no-lint", "-o", str(path), *places]) == 0
    expected = definition("service-catalog", (), {"ShareAccountIds": 12, "PrincipalArns": 7, "TagOptionValues": 3})
    assert path.read_text() == render(expected.template())
    capsys.readouterr()
    assert main(["render", "workspace", "--no-lint", "-o", str(path), "--places", "ShareAccountIds=12"]) == 2
    assert "has no such list" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["render", "service-catalog", "--places", "ShareAccountIds=many"])
    assert "is not a list with a number, such as PrincipalArns=50" in capsys.readouterr().err
