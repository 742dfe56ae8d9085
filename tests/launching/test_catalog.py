"""What the catalog's parameters make, and that what they say holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

import smtemplates
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.launch_role import template as launch
from smtemplates.templates.service_catalog import template as catalog

FULL = samples.CATALOG
BARE = {"TemplateUrl": FULL["TemplateUrl"]}
# For each parameter a value other than the one in FULL, or than its default.
OTHER = {
    "TemplateUrl": FULL["TemplateUrl"].replace("0123", "3210"),
    "FirstVersion": "2.0.0",
    "ProductName": "Notebooks",
    "SupportEmail": "",
    "TagUpdatesAfterLaunch": "ALLOWED",
    "PortfolioName": "Science",
    "ProviderName": "Science team",
    "PrincipalArns": "",
    "PrincipalPatterns": "",
    "ShareAccountIds": "",
    "TagOptionKey": "Team",
    "TagOptionValues": "",
    "CreateLaunchRole": "false",
    "LaunchRoleName": "Launch",
    "PermissionsBoundaryArn": samples.BOUNDARY["PermissionsBoundaryArn"],
    "BringableBucketArns": "",
    "PassableRoleArns": "",
    "NotificationTopicArn": "",
    "LaunchRegions": "",
}
# Lists: what makes of each entry which property of a resource, and entries, some the beginning or end of others.
LISTS = {
    "Principal": ("PrincipalArns", "PrincipalARN", [f"arn:aws:iam::111122223333:role/{name}" for name in ("a", "ab")]),
    "Pattern": ("PrincipalPatterns", "PrincipalARN", [f"arn:aws:iam:::role/{name}" for name in ("a", "a*", "*", "ba")]),
    "Share": ("ShareAccountIds", "AccountId", ["111122223333", "222233334444", "333344445555"]),
    "TagOption": ("TagOptionValues", "Value", ["a", "ab", "b", " b", "B"]),
}
# Another logical ID or type would replace these: people launch from them, or with them.
RELEASED = {
    "Portfolio": "AWS::ServiceCatalog::Portfolio",
    "Product": "AWS::ServiceCatalog::CloudFormationProduct",
    "LaunchRole": "AWS::IAM::Role",
    "LaunchBoundary": "AWS::IAM::ManagedPolicy",
}


@pytest.fixture(scope="module")
def shelf() -> dict[str, Any]:
    """Give the catalog's template as users get it."""
    return load(render(catalog.definition().template()))


def _of(stack: Stack, kind: str, *names: str) -> list[tuple[Any, ...]]:
    """List these properties of each resource of a type."""
    return [
        tuple(body["Properties"][name] for name in names)
        for body in stack.resources.values()
        if body["Type"] == f"AWS::ServiceCatalog::{kind}"
    ]


def test_released_logical_ids_stay(shelf: dict[str, Any]) -> None:
    """A resource that users have keeps its logical ID and its type."""
    assert {name: shelf["Resources"].get(name, {}).get("Type") for name in RELEASED} == RELEASED


def test_every_parameter_reaches_something(shelf: dict[str, Any]) -> None:
    """Changing any one parameter changes what is made, or its outputs."""
    assert set(OTHER) == set(shelf["Parameters"])
    before = Stack(shelf, FULL)
    for name, value in OTHER.items():
        assert check_parameters(shelf, {name: value}) == [], name
        after = Stack(shelf, {**FULL, name: value})
        assert (after.resources, after.outputs) != (before.resources, before.outputs), name


def test_without_a_template_there_is_a_portfolio_and_a_role_alone(shelf: dict[str, Any]) -> None:
    """No product, and nothing that is about one."""
    kinds = {body["Type"] for body in Stack(shelf).resources.values()}
    assert kinds == {"AWS::ServiceCatalog::Portfolio", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    assert "ProductId" not in Stack(shelf).outputs


def test_lists_make_one_resource_an_entry(shelf: dict[str, Any]) -> None:
    """Principals and patterns are associated as what they are, accounts are shared with, values are offered."""
    stack = Stack(shelf, FULL, physical=lambda name, _: name)
    arns = FULL["PrincipalArns"].split(",")
    assert _of(stack, "PortfolioPrincipalAssociation", "PrincipalARN", "PrincipalType") == [
        *((arn, "IAM") for arn in arns),
        (FULL["PrincipalPatterns"], "IAM_PATTERN"),
    ]
    assert _of(stack, "PortfolioShare", "AccountId", "ShareTagOptions") == [
        ("444455556666", True),
        ("001234567012", True),
    ]
    assert _of(stack, "TagOption", "Key", "Value") == [("CostCenter", "research"), ("CostCenter", "churn team")]
    assert _of(stack, "TagOptionAssociation", "TagOptionId") == [("TagOption1",), ("TagOption2",)]


@pytest.mark.parametrize("kind", LISTS)
def test_each_entry_is_made_once_in_its_place(shelf: dict[str, Any], kind: str) -> None:
    """An entry is made under the number of its place; the same in any two places is refused before AWS would fail."""
    name, key, entries = LISTS[kind]

    @given(st.lists(st.sampled_from(["", *entries]), min_size=1, max_size=5))
    def hold(places: list[str]) -> None:
        value = {name: ",".join(places)}
        found = {f"{kind}{place}": entry for place, entry in enumerate(places, 1) if entry}
        if len(set(found.values())) < len(found):
            (sentence,) = check_parameters(shelf, value)
            assert "each once" in sentence
            return
        assert check_parameters(shelf, value) == []
        made = Stack(shelf, value).resources
        assert {logical: made[logical]["Properties"][key] for logical in made if logical.startswith(kind)} == found

    hold()


def test_taking_one_entry_out_moves_no_other(shelf: dict[str, Any]) -> None:
    """With its place left empty the resource goes, and the others stay as they are."""
    first, second = FULL["PrincipalArns"].split(",")
    stack = Stack(shelf, {**FULL, "PrincipalArns": f",{second}"})
    assert not stack.exists("Principal1")
    assert stack.resources["Principal2"] == Stack(shelf, FULL).resources["Principal2"]
    assert check_parameters(shelf, {"PrincipalArns": f"{first},,,,{second}"}) == []


def test_a_template_in_a_bucket_with_dots(shelf: dict[str, Any]) -> None:
    """Its bucket is in the URL's path; the first version says the hash all the same."""
    digest = "0123456789abcdef" * 4
    given = {"TemplateUrl": f"https://s3.us-east-1.amazonaws.com/my.templates/smtemplates/{digest}.template"}
    assert check_parameters(shelf, given) == []
    (((version,),),) = _of(Stack(shelf, given), "CloudFormationProduct", "ProvisioningArtifactParameters")
    assert f"(sha256:{digest})" in version["Description"]


def test_the_product_is_launched_on_its_terms(shelf: dict[str, Any]) -> None:
    """By the role's name, which is its own in every account; with the topic told, and tags kept."""
    stack = Stack(shelf, FULL, physical=lambda name, _: "made" if name == "LaunchRole" else name)
    assert _of(stack, "LaunchRoleConstraint", "LocalRoleName") == [("made",)]
    assert _of(stack, "LaunchNotificationConstraint", "NotificationArns") == [([FULL["NotificationTopicArn"]],)]
    assert _of(stack, "ResourceUpdateConstraint", "TagUpdateOnProvisionedProduct") == [("NOT_ALLOWED",)]
    terms = [body for body in stack.resources.values() if body["Type"].endswith("Constraint")]
    # AWS takes no terms for a product that is not in the portfolio yet
    assert [body.get("DependsOn") for body in terms] == ["ProductInPortfolio"] * 4
    existing = Stack(shelf, {**FULL, "CreateLaunchRole": "false", "LaunchRoleName": "Launch"})
    assert _of(existing, "LaunchRoleConstraint", "LocalRoleName") == [("Launch",)]
    assert not {name for name, body in existing.resources.items() if body["Type"].startswith("AWS::IAM::")}


def test_a_launch_without_a_boundary_is_refused_in_words(shelf: dict[str, Any], template: dict[str, Any]) -> None:
    """The constraint's rule, beside the workspace's own, says what to give; IAM alone would refuse halfway."""
    ((rules,),) = _of(Stack(shelf, FULL), "LaunchTemplateConstraint", "Rules")
    constrained = {**template, "Rules": {**template["Rules"], **json.loads(rules)}}
    (sentence,) = Stack(constrained).rules()
    assert sentence.startswith("Give PermissionsBoundaryArn")
    assert "PermissionsBoundaryArn" in Stack(shelf, FULL).outputs
    assert Stack(constrained, samples.BOUNDARY).rules() == []


@pytest.mark.parametrize("given", [{}, {"LaunchRoleName": "L" * 56}, samples.BOUNDARY, {"CreateLaunchRole": "false"}])
def test_whoever_launches_is_told_the_boundary(shelf: dict[str, Any], given: dict[str, str]) -> None:
    """In the product's support details and in the refusal stands the ARN itself, but for the account's ID."""
    stack = Stack(shelf, {**BARE, **given}, pseudo={"AWS::AccountId": "ACCOUNT"})
    arn = given.get("PermissionsBoundaryArn")
    arn = arn or f"arn:aws:iam::ACCOUNT:policy/{given.get('LaunchRoleName', 'SageMakerWorkspaceLaunch')}Boundary"
    ((rules,),) = _of(stack, "LaunchTemplateConstraint", "Rules")
    ((support,),) = _of(stack, "CloudFormationProduct", "SupportDescription")
    assert f"Launches give PermissionsBoundaryArn: {arn}" in support
    (assertion,) = json.loads(rules)["RolesAreBounded"]["Assertions"]
    assert f"Give PermissionsBoundaryArn: {arn}" in assertion["AssertDescription"]
    assert stack.outputs.get("PermissionsBoundaryArn", arn) == arn
    # a boundary of one's own is this account's; another account has its own
    own = "PermissionsBoundaryArn" in given
    assert {"in another account: output PermissionsBoundaryArn" in text for text in (rules, support)} == {own}


def test_the_role_is_that_of_the_template_for_launching_accounts(shelf: dict[str, Any]) -> None:
    """What is shown of that role elsewhere holds here too."""
    alone = load(render(launch.definition().template()))
    for choice in ({}, samples.LAUNCH, samples.BOUNDARY):
        ours, theirs = (Stack(template, choice).resources for template in (shelf, alone))
        assert {name: ours[name] for name in theirs} == theirs


def test_less_of_the_workspace_needs_less(shelf: dict[str, Any]) -> None:
    """A catalog of the workspace without a feature asks for no permission of it."""
    less = load(render(catalog.definition(["studio"]).template()))
    assert "sagemaker:CreateDomain" in str(shelf)
    assert "sagemaker:CreateDomain" not in str(less)
    with pytest.raises(smtemplates.UsageError, match="did you mean 'studio'"):
        catalog.definition(["studoi"])


def test_the_console_is_that_of_the_partition(shelf: dict[str, Any]) -> None:
    """China has its own, and where none is known there is no link."""
    assert "console.amazonaws.cn" in Stack(shelf, pseudo={"AWS::Region": "cn-north-1"}).outputs["CatalogUrl"]
    assert "CatalogUrl" not in Stack(shelf, pseudo={"AWS::Region": "us-iso-east-1"}).outputs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TemplateUrl", "https://staging.s3.us-east-1.amazonaws.com/workspace.yaml"),
        ("TemplateUrl", FULL["TemplateUrl"].replace("https", "http")),
        ("FirstVersion", "first version"),
        ("PrincipalArns", "arn:aws:iam:::role/scientist"),
        ("PrincipalArns", "*"),
        ("PrincipalArns", "arn:aws:iam::111122223333:role/scientist,senior"),
        ("PrincipalPatterns", "arn:aws:iam::111122223333:role/scientist"),
        ("PrincipalPatterns", "arn:aws:iam:::*"),
        ("ShareAccountIds", "1234"),
        ("TagOptionKey", "Project"),
        ("TagOptionKey", "aws:team"),
        ("LaunchRoleName", "SC-launch"),
        ("BringableBucketArns", "team-data"),
        ("BringableBucketArns", "arn:aws:s3:::*"),
        ("BringableBucketArns", "arn:aws:s3:::team-*-data"),
        ("BringableBucketArns", "arn:aws:s3:::team-data/training"),
        ("PassableRoleArns", "arn:aws:iam::111122223333:role/scientist,senior"),
        ("NotificationTopicArn", "team@example.com"),
        ("LaunchRegions", "us-east-1, eu-west-1"),
    ],
)
def test_wrong_values_are_refused(shelf: dict[str, Any], name: str, value: str) -> None:
    """Patterns refuse what would fail later, or open more than it says."""
    assert check_parameters(shelf, {name: value}) != []
