"""Tests of the Service Catalog template: the effects of its parameters match their descriptions."""

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
# For each parameter, a value that differs from FULL or from its default.
OTHER = {
    "TemplateUrl": FULL["TemplateUrl"].replace("0123", "3210"),
    "FirstVersion": "2.0.0",
    "ProductName": "Notebooks",
    "SupportEmail": "",
    "TagUpdatesAfterLaunch": "ALLOWED",
    "RequireBoundary": "false",
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
    "LaunchWorkflowPacks": "",
    "LaunchTopicArns": "",
    "PassableRoleArns": "",
    "NotificationTopicArn": "",
    "LaunchRegions": "",
}
# Lists by logical ID prefix: the parameter, the property of an entry, and entries with common prefixes and suffixes.
LISTS = {
    "Principal": ("PrincipalArns", "PrincipalARN", [f"arn:aws:iam::111122223333:role/{name}" for name in ("a", "ab")]),
    "Pattern": ("PrincipalPatterns", "PrincipalARN", [f"arn:aws:iam:::role/{name}" for name in ("a", "a*", "*", "ba")]),
    "Share": ("ShareAccountIds", "AccountId", ["111122223333", "222233334444", "333344445555"]),
    "TagOption": ("TagOptionValues", "Value", ["a", "ab", "b", " b", "B"]),
}


# Another logical ID or type would replace these resources, which users need to launch products.
@pytest.fixture(scope="module")
def portfolio() -> dict[str, Any]:
    """Return the rendered Service Catalog template."""
    return load(render(catalog.definition().template()))


def _properties(stack: Stack, kind: str, *names: str) -> list[tuple[Any, ...]]:
    """Return these properties of all resources of a type."""
    return [
        tuple(body["Properties"][name] for name in names)
        for body in stack.resources.values()
        if body["Type"] == f"AWS::ServiceCatalog::{kind}"
    ]


def test_every_parameter_has_an_effect(portfolio: dict[str, Any]) -> None:
    """A change of any parameter changes the resources or the outputs."""
    assert set(OTHER) == set(portfolio["Parameters"])
    before = Stack(portfolio, FULL)
    for name, value in OTHER.items():
        assert check_parameters(portfolio, {name: value}) == [], name
        after = Stack(portfolio, {**FULL, name: value})
        assert (after.resources, after.outputs) != (before.resources, before.outputs), name


def test_without_a_template_only_the_portfolio_and_the_role_are_created(portfolio: dict[str, Any]) -> None:
    """Without TemplateUrl, the stack has no product and no resources or outputs for a product."""
    types = {body["Type"] for body in Stack(portfolio).resources.values()}
    assert types == {"AWS::ServiceCatalog::Portfolio", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
    assert "ProductId" not in Stack(portfolio).outputs


def test_each_list_entry_creates_a_resource(portfolio: dict[str, Any]) -> None:
    """The resources have the principal type, the account ID or the tag value of their entry."""
    stack = Stack(portfolio, FULL, physical=lambda name, _: name)
    arns = FULL["PrincipalArns"].split(",")
    assert _properties(stack, "PortfolioPrincipalAssociation", "PrincipalARN", "PrincipalType") == [
        *((arn, "IAM") for arn in arns),
        (FULL["PrincipalPatterns"], "IAM_PATTERN"),
    ]
    assert _properties(stack, "PortfolioShare", "AccountId", "ShareTagOptions") == [
        ("444455556666", True),
        ("001234567012", True),
    ]
    assert _properties(stack, "TagOption", "Key", "Value") == [("CostCenter", "research"), ("CostCenter", "churn team")]
    assert _properties(stack, "TagOptionAssociation", "TagOptionId") == [("TagOption1",), ("TagOption2",)]


@pytest.mark.parametrize("kind", LISTS)
def test_each_entry_creates_the_resource_with_its_number(portfolio: dict[str, Any], kind: str) -> None:
    """The logical ID contains the position of the entry. A duplicate entry is rejected before AWS would reject it."""
    name, key, entries = LISTS[kind]

    @given(st.lists(st.sampled_from(["", *entries]), min_size=1, max_size=5))
    def check(listed: list[str]) -> None:
        value = {name: ",".join(listed)}
        expected = {f"{kind}{position}": entry for position, entry in enumerate(listed, 1) if entry}
        if len(set(expected.values())) < len(expected):
            (sentence,) = check_parameters(portfolio, value)
            assert "up to 5 different" in sentence
            return
        assert check_parameters(portfolio, value) == []
        created = Stack(portfolio, value).resources
        found = {logical: created[logical]["Properties"][key] for logical in created if logical.startswith(kind)}
        assert found == expected

    check()


def test_removing_an_entry_does_not_change_the_others(portfolio: dict[str, Any]) -> None:
    """If an entry is empty, its resource does not exist, and the other resources are unchanged."""
    first, second = FULL["PrincipalArns"].split(",")
    stack = Stack(portfolio, {**FULL, "PrincipalArns": f",{second}"})
    assert not stack.exists("Principal1")
    assert stack.resources["Principal2"] == Stack(portfolio, FULL).resources["Principal2"]
    assert check_parameters(portfolio, {"PrincipalArns": f"{first},,,,{second}"}) == []


def test_a_template_in_a_bucket_with_dots(portfolio: dict[str, Any]) -> None:
    """The bucket is in the path of the URL, and the description of the first version contains the hash."""
    digest = "0123456789abcdef" * 4
    given = {"TemplateUrl": f"https://s3.us-east-1.amazonaws.com/my.templates/smtemplates/{digest}.template"}
    assert check_parameters(portfolio, given) == []
    (((version,),),) = _properties(Stack(portfolio, given), "CloudFormationProduct", "ProvisioningArtifactParameters")
    assert f"(sha256:{digest})" in version["Description"]


def test_constraints_apply_to_the_product(portfolio: dict[str, Any]) -> None:
    """The constraints set the launch role by name, the notification topic and the tag update policy."""
    stack = Stack(portfolio, FULL, physical=lambda name, _: "created" if name == "LaunchRole" else name)
    assert _properties(stack, "LaunchRoleConstraint", "LocalRoleName") == [("created",)]
    assert _properties(stack, "LaunchNotificationConstraint", "NotificationArns") == [([FULL["NotificationTopicArn"]],)]
    assert _properties(stack, "ResourceUpdateConstraint", "TagUpdateOnProvisionedProduct") == [("NOT_ALLOWED",)]
    constraints = [body for body in stack.resources.values() if body["Type"].endswith("Constraint")]
    # AWS rejects constraints for a product that is not in the portfolio yet.
    assert [body.get("DependsOn") for body in constraints] == ["ProductInPortfolio"] * 4
    existing = Stack(portfolio, {**FULL, "CreateLaunchRole": "false", "LaunchRoleName": "Launch"})
    assert _properties(existing, "LaunchRoleConstraint", "LocalRoleName") == [("Launch",)]
    assert not {name for name, body in existing.resources.items() if body["Type"].startswith("AWS::IAM::")}


def test_a_launch_without_a_boundary_is_rejected(portfolio: dict[str, Any], template: dict[str, Any]) -> None:
    """The rule of the constraint names the required parameter. IAM would deny the launch only after it started."""
    ((rules,),) = _properties(Stack(portfolio, FULL), "LaunchTemplateConstraint", "Rules")
    constrained = {**template, "Rules": {**template["Rules"], **json.loads(rules)}}
    (sentence,) = Stack(constrained).rules()
    assert sentence.startswith("Enter PermissionsBoundaryArn")
    assert "PermissionsBoundaryArn" in Stack(portfolio, FULL).outputs
    assert Stack(constrained, samples.BOUNDARY).rules() == []


def test_a_product_can_fix_the_boundary(portfolio: dict[str, Any]) -> None:
    """Without the requirement, a launch has no rule about a parameter that the template does not have."""
    stack = Stack(portfolio, {**FULL, "RequireBoundary": "false"})
    assert _properties(stack, "LaunchTemplateConstraint", "Rules") == []
    assert _properties(stack, "LaunchRoleConstraint", "LocalRoleName") != []
    assert "SupportDescription" not in stack.resources["Product"]["Properties"]


@pytest.mark.parametrize(
    "parameters", [{}, {"LaunchRoleName": "L" * 56}, samples.BOUNDARY, {"CreateLaunchRole": "false"}]
)
def test_users_who_launch_see_the_boundary(portfolio: dict[str, Any], parameters: dict[str, str]) -> None:
    """The support details of the product and the message of the rule contain the ARN of the boundary."""
    stack = Stack(portfolio, {**BARE, **parameters}, pseudo={"AWS::AccountId": "ACCOUNT"})
    arn = parameters.get("PermissionsBoundaryArn")
    arn = arn or f"arn:aws:iam::ACCOUNT:policy/{parameters.get('LaunchRoleName', 'SageMakerWorkspaceLaunch')}Boundary"
    ((rules,),) = _properties(stack, "LaunchTemplateConstraint", "Rules")
    ((support,),) = _properties(stack, "CloudFormationProduct", "SupportDescription")
    assert f"At launch, enter this as PermissionsBoundaryArn: {arn}" in support
    (assertion,) = json.loads(rules)["RolesAreBounded"]["Assertions"]
    assert f"Enter PermissionsBoundaryArn: {arn}" in assertion["AssertDescription"]
    assert stack.outputs.get("PermissionsBoundaryArn", arn) == arn
    # An existing boundary belongs to this account. Another account has its own boundary.
    existing = "PermissionsBoundaryArn" in parameters
    assert {"in another account: the output PermissionsBoundaryArn" in text for text in (rules, support)} == {existing}


def test_the_role_equals_that_of_the_launch_role_template(portfolio: dict[str, Any]) -> None:
    """The tests of the launch role template also apply to this template."""
    alone = load(render(launch.definition().template()))
    for choice in ({}, samples.LAUNCH, samples.BOUNDARY):
        found, expected = (Stack(template, choice).resources for template in (portfolio, alone))
        assert {name: found[name] for name in expected} == expected


def test_features_left_out_require_no_permissions(portfolio: dict[str, Any]) -> None:
    """The launch role has no permissions for a feature that the template of the workspace omits."""
    without_studio = load(render(catalog.definition(["studio"]).template()))
    assert "sagemaker:CreateDomain" in str(portfolio)
    assert "sagemaker:CreateDomain" not in str(without_studio)
    with pytest.raises(smtemplates.UsageError, match="Did you mean 'studio'"):
        catalog.definition(["studoi"])


def test_the_console_link_depends_on_the_partition(portfolio: dict[str, Any]) -> None:
    """Partitions have different consoles. The link is omitted where the console is unknown."""
    assert "console.amazonaws.cn" in Stack(portfolio, pseudo={"AWS::Region": "cn-north-1"}).outputs["CatalogUrl"]
    assert "CatalogUrl" not in Stack(portfolio, pseudo={"AWS::Region": "us-iso-east-1"}).outputs


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
def test_invalid_values_are_rejected(portfolio: dict[str, Any], name: str, value: str) -> None:
    """Patterns reject values that would fail later or that would allow too much."""
    assert check_parameters(portfolio, {name: value}) != []
