"""The fleet's template: the workspace's parameters, and where and how they are rolled out."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import samples
import test_console
import test_names
import test_valid
from cfnlint.helpers import REGIONS
from cloudformation_validate import RegoEngine, Severity, TemplateContent
from hypothesis import given
from hypothesis import strategies as st

import smtemplates
from smtemplates.core import assemble
from smtemplates.core.construct import Construct, choice_parameter
from smtemplates.deploy import template as deploying
from smtemplates.evaluate import Stack, check_parameters, dangling, possible, references
from smtemplates.synth.loader import load
from smtemplates.templates.registry import definition
from smtemplates.templates.stack_set.template import constructs
from smtemplates.templates.workspace import template as workspace

Choice = dict[str, str]

TEMPLATES_FOLDER = Path(__file__).resolve().parent.parent / "templates"
LOGICAL_ID = "WorkspaceFleet"  # it was released: a rename would replace the fleet
OWN = {
    "TemplateUrl",
    "OrganizationalUnitIds",
    "AccountIds",
    "AccountFilter",
    "Regions",
    "AutoDeploy",
    "RetainOnAccountRemoval",
    "MaxConcurrentPercentage",
    "FailureTolerancePercentage",
    "ConcurrencyMode",
    "RegionRollout",
    "CallAs",
    "AdministrationRoleArn",
    "ExecutionRoleName",
}
STAGED = {"TemplateUrl": "https://my-templates.s3.eu-west-1.amazonaws.com/smtemplates/0123.template"}
UNITS = {**STAGED, "OrganizationalUnitIds": "ou-ab12-cdef3456,r-ab12"}
ACCOUNTS = {**STAGED, "AccountIds": "111122223333,444455556666"}
BOTH = UNITS | ACCOUNTS
JOINING = UNITS | {"AutoDeploy": "true"}


@pytest.fixture(scope="module")
def rolled_out() -> dict[str, Any]:
    """Give the fleet's template, read back from its YAML."""
    return built()


def built(*without: str) -> dict[str, Any]:
    return load(smtemplates.render(definition("stack-set", without).template()))


def properties(template: dict[str, Any], choice: Choice, **pseudo: str) -> dict[str, Any]:
    """Give the properties of the stack set."""
    found: dict[str, Any] = samples.deployed(template, choice, **pseudo).resources[LOGICAL_ID]["Properties"]
    return found


# --- the workspace's parameters


@pytest.mark.parametrize("without", [(), *((one,) for one in smtemplates.FEATURES), smtemplates.FEATURES], ids="+".join)
def test_parameters_and_rules_are_the_workspaces(without: tuple[str, ...]) -> None:
    """All are there as the workspace has them, label and group included; those of left-out features are gone."""
    whole = load(smtemplates.render(smtemplates.build(without)))
    here = built(*without)
    assert here["Parameters"].keys() - whole["Parameters"].keys() == OWN
    assert {name: here["Parameters"][name] for name in whole["Parameters"]} == whole["Parameters"]
    everywhere = {name: rule for name, rule in whole["Rules"].items() if "AWS::Region" not in str(rule)}
    assert {name: here["Rules"].get(name) for name in everywhere} == everywhere
    shown, expected = (one["Metadata"]["AWS::CloudFormation::Interface"] for one in (here, whole))
    assert [group for group in shown["ParameterGroups"] if group not in expected["ParameterGroups"]] == (
        shown["ParameterGroups"][:3]
    )
    assert {name: shown["ParameterLabels"][name] for name in expected["ParameterLabels"]} == expected["ParameterLabels"]


def test_an_areas_new_parameter_is_handed_on() -> None:
    """A parameter that an area adds reaches every workspace, though the fleet has never heard of it."""
    colour = choice_parameter("Colour", "What it looks like", ("red", "blue"), default="red")
    parts = constructs(
        [*workspace.constructs(), Construct(title="Looks", source="looks", parameters={"Colour": colour})]
    )
    template = load(smtemplates.render(assemble.assemble("", parts)))
    handed_on = properties(template, {**ACCOUNTS, "Colour": "blue"})["Parameters"]
    assert {"ParameterKey": "Colour", "ParameterValue": "blue"} in handed_on


def test_rules_ask_for_nothing_of_the_place(rolled_out: dict[str, Any]) -> None:
    """Rules are judged where the fleet is, not where its workspaces are: what those may have is not refused here."""
    assert {found.target for found in references(rolled_out["Rules"])} <= rolled_out["Parameters"].keys()
    choice = UNITS | {"CreateMlflow": "true"}
    assert Stack(rolled_out, choice, pseudo={"AWS::Region": "af-south-1"}).rules() == []


# --- the console


def test_the_console_shows_them_as_it_should(rolled_out: dict[str, Any]) -> None:
    """What holds for the workspace's parameters holds here: one group and label each, a description, a constraint."""
    test_console.test_every_parameter_has_one_group_and_one_label(rolled_out)
    test_console.test_every_parameter_is_described_and_constrained(rolled_out)


def test_it_fits_cloudformations_limits(rolled_out: dict[str, Any]) -> None:
    """Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html."""
    assert len(rolled_out["Parameters"]) <= 200
    assert all(len(about["Description"].encode()) <= 1024 for about in rolled_out["Parameters"].values())
    assert deploying.read(TEMPLATES_FOLDER / "stack-set.yaml").inline


@pytest.mark.parametrize(
    "given_",
    [
        {"OrganizationalUnitIds": ",".join(f"ou-{'a' * 32}-{place:032}" for place in range(50))},
        {"AccountIds": ",".join(f"{place:012}" for place in range(300))},
        {"AccountIds": "111122223333", "Regions": ",".join(sorted(REGIONS)[:40])},
        {"AccountIds": "111122223333", "ExecutionRoleName": "AWSControlTowerExecution"},
        {
            "AccountIds": "111122223333",
            "AdministrationRoleArn": "arn:aws-us-gov:iam::111122223333:role/service-role/AWSControlTowerStackSetRole",
        },
    ],
    ids="+".join,
)
def test_real_values_pass(rolled_out: dict[str, Any], given_: Choice) -> None:
    """As many units as one operation takes, and as many accounts and Regions as their parameters say."""
    assert check_parameters(rolled_out, STAGED | given_) == []


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("OrganizationalUnitIds", ["r-ab12", "r-ab123", "ou-ab12-cdef3456", "ou-ab12-cdef34567"]),
        ("AccountIds", ["111122223333", "222233334444", "333344445555"]),
        ("Regions", ["us-east-1", "us-east-2", "us-gov-east-1", "eu-west-1"]),
    ],
)
def test_lists_have_each_entry_once(rolled_out: dict[str, Any], name: str, entries: list[str]) -> None:
    """StackSets refuses a list in which anything stands twice, so it is refused before."""

    @given(st.lists(st.sampled_from(entries), min_size=1, max_size=6))
    def hold(listed: list[str]) -> None:
        refused = check_parameters(rolled_out, BOTH | {name: ",".join(listed)})
        assert bool(refused) is (len(set(listed)) < len(listed))
        assert all("each once" in sentence for sentence in refused)

    hold()


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_region_has_a_name_that_is_taken(rolled_out: dict[str, Any], region: str) -> None:
    """No Region that cfn-lint knows is refused for how its name looks."""
    assert check_parameters(rolled_out, ACCOUNTS | {"Regions": region}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TemplateUrl", "http://my-templates.s3.amazonaws.com/workspace.yaml"),
        ("TemplateUrl", "https://example.com/workspace.yaml"),
        ("TemplateUrl", "workspace.yaml"),
        ("OrganizationalUnitIds", "o-ab12cd34ef"),
        ("OrganizationalUnitIds", "ou-ab12-cdef3456, r-ab12"),
        ("AccountIds", "1111"),
        ("Regions", "eu-west"),
        ("Regions", "all"),
        ("AccountFilter", "UNION"),
        ("MaxConcurrentPercentage", "0"),
        ("FailureTolerancePercentage", "101"),
    ],
)
def test_wrong_values_are_refused(rolled_out: dict[str, Any], name: str, value: str) -> None:
    """What StackSets would refuse later, or take for something else, is refused at once."""
    assert check_parameters(rolled_out, BOTH | {name: value}) != []


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({}, "Give TemplateUrl"),
        (STAGED, "Give OrganizationalUnitIds, AccountIds or both"),
        (ACCOUNTS | {"AutoDeploy": "true"}, "AutoDeploy needs OrganizationalUnitIds"),
        (BOTH | {"AutoDeploy": "true"}, "leave AccountIds empty"),
        (ACCOUNTS | {"CallAs": "DELEGATED_ADMIN"}, "DELEGATED_ADMIN needs OrganizationalUnitIds"),
        (UNITS | {"ExecutionRoleName": "mine"}, "makes its own roles"),
        (UNITS | {"AdministrationRoleArn": samples.ROLE["ExistingRoleArn"]}, "makes its own roles"),
        (UNITS | {"CreateDomain": "true"}, "VpcId"),
    ],
)
def test_what_cannot_work_is_refused_in_words(rolled_out: dict[str, Any], choice: Choice, sentence: str) -> None:
    """Before anything is made, here or in any account; what the workspace refuses is refused here already."""
    assert any(sentence in said for said in Stack(rolled_out, choice).rules())


# --- what is made


def test_over_units(rolled_out: dict[str, Any]) -> None:
    """Units mean service-managed permissions, every account of the units, and nobody else later."""
    made = properties(rolled_out, UNITS)
    assert made["PermissionModel"] == "SERVICE_MANAGED"
    assert made["AutoDeployment"] == {"Enabled": "false"}
    (group,) = made["StackInstancesGroup"]
    assert group["DeploymentTargets"] == {
        "OrganizationalUnitIds": ["ou-ab12-cdef3456", "r-ab12"],
        "AccountFilterType": "NONE",
    }


def test_over_accounts(rolled_out: dict[str, Any]) -> None:
    """Accounts alone mean self-managed permissions, for which there is no automatic deployment and no filter."""
    made = properties(rolled_out, ACCOUNTS | {"ExecutionRoleName": "mine"})
    assert made["PermissionModel"] == "SELF_MANAGED"
    assert "AutoDeployment" not in made
    assert made["ExecutionRoleName"] == "mine"
    (group,) = made["StackInstancesGroup"]
    assert group["DeploymentTargets"] == {"Accounts": ["111122223333", "444455556666"]}


@pytest.mark.parametrize(
    ("given_", "filtering"), [({}, "INTERSECTION"), ({"AccountFilter": "DIFFERENCE"}, "DIFFERENCE")]
)
def test_over_some_accounts_of_units(rolled_out: dict[str, Any], given_: Choice, filtering: str) -> None:
    """Both mean a filter; left alone it is the one that reaches fewer accounts."""
    (group,) = properties(rolled_out, BOTH | given_)["StackInstancesGroup"]
    assert group["DeploymentTargets"]["AccountFilterType"] == filtering
    assert group["DeploymentTargets"]["Accounts"] == ["111122223333", "444455556666"]


def test_accounts_that_join_and_leave(rolled_out: dict[str, Any]) -> None:
    """With automatic deployment, what an account has stays when it leaves, unless somebody says otherwise."""
    kept = {"Enabled": "true", "RetainStacksOnAccountRemoval": "true"}
    assert properties(rolled_out, JOINING)["AutoDeployment"] == kept
    gone = properties(rolled_out, JOINING | {"RetainOnAccountRemoval": "false"})["AutoDeployment"]
    assert gone == {"Enabled": "true", "RetainStacksOnAccountRemoval": "false"}


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({}, {"RegionConcurrencyType": "SEQUENTIAL"}),
        (
            {"RegionRollout": "InOrder"},
            {"RegionConcurrencyType": "SEQUENTIAL", "RegionOrder": ["us-west-2", "eu-west-1"]},
        ),
        ({"RegionRollout": "Parallel"}, {"RegionConcurrencyType": "PARALLEL"}),
    ],
)
def test_regions(rolled_out: dict[str, Any], given_: Choice, expected: dict[str, Any]) -> None:
    """Regions are gone through one by one, in order or at once; how many accounts at a time is said besides."""
    made = properties(rolled_out, ACCOUNTS | given_ | {"Regions": "us-west-2,eu-west-1"})
    careful = {
        "MaxConcurrentPercentage": "10",
        "FailureTolerancePercentage": "0",
        "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE",
    }
    assert made["OperationPreferences"] == careful | expected
    assert made["StackInstancesGroup"][0]["Regions"] == ["us-west-2", "eu-west-1"]


def test_no_region_is_this_one(rolled_out: dict[str, Any]) -> None:
    """Without Regions, the fleet is where it is deployed from."""
    made = properties(rolled_out, ACCOUNTS, AWS_Region="eu-central-1")
    assert made["StackInstancesGroup"][0]["Regions"] == ["eu-central-1"]


def test_what_the_workspace_needs_is_acknowledged(rolled_out: dict[str, Any]) -> None:
    """StackSets refuses a template whose capabilities are not given, and one with stacks or transforms inside."""
    staged = deploying.read(TEMPLATES_FOLDER / "workspace.yaml")
    assert tuple(properties(rolled_out, ACCOUNTS)["Capabilities"]) == staged.capabilities == ("CAPABILITY_IAM",)
    assert not [body for body in staged.resources.values() if body["Type"].startswith("AWS::CloudFormation::Stack")]


NAMES = st.from_regex("[a-z][a-z0-9-]{1,22}[a-z0-9]", fullmatch=True)


@given(name=test_names.STACK_NAMES, stack_uuid=test_names.UUIDS, project=NAMES)
def test_names_are_legal_and_last(rolled_out: dict[str, Any], name: str, stack_uuid: str, project: str) -> None:
    """Whatever the stack is called, its fleet's name is legal, and so are its stacks'; no parameter changes it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    """
    stack_id = f"arn:aws:cloudformation:us-east-1:{samples.ACCOUNT}:stack/{name}/{stack_uuid}"
    pseudo = {"AWS_StackName": name, "AWS_StackId": stack_id}
    made = properties(rolled_out, UNITS | {"ProjectName": project}, **pseudo)
    assert made["StackSetName"] == f"workspaces-{stack_uuid[:8]}"
    assert properties(rolled_out, ACCOUNTS, **pseudo)["StackSetName"] == made["StackSetName"]
    assert len(f"StackSet-{made['StackSetName']}-{'0' * 36}") <= 128
    assert len(made["Description"]) <= 1024


# --- proofs


def test_every_condition_can_be_true_and_can_be_false(rolled_out: dict[str, Any]) -> None:
    """No condition is decided before anybody chooses, but for the one that repeats a Rule."""
    decided = {name: truths for name, truths in possible(rolled_out).items() if truths != {True, False}}
    assert decided == {"HasTemplate": {True}}


def test_nothing_refers_to_what_is_not_made(rolled_out: dict[str, Any]) -> None:
    """For no combination of parameters that the Rules admit does anything refer to an absent resource."""
    assert dangling(rolled_out) == []


OTHERS = {
    "Regions": "eu-west-1",
    "AdministrationRoleArn": samples.ROLE["ExistingRoleArn"],
    "ExecutionRoleName": "mine",
    "AccountIds": "777788889999",
    "OrganizationalUnitIds": "r-cd34",
    "TemplateUrl": STAGED["TemplateUrl"].replace("0123", "4567"),
}


def test_every_parameter_reaches_the_stack_set(rolled_out: dict[str, Any]) -> None:
    """Changing any one parameter changes the stack set, in some fleet where it matters."""
    idle = set()
    for name, about in rolled_out["Parameters"].items():
        others = about.get("AllowedValues", [OTHERS.get(name, "77")])
        worlds = (ACCOUNTS, UNITS, BOTH, JOINING)
        changes = itertools.product(worlds, map(str, others))
        if not any(
            properties(rolled_out, world | {name: other}) != properties(rolled_out, world) for world, other in changes
        ):
            idle.add(name)
    assert idle == set()


def test_it_is_valid_in_every_region() -> None:
    """cfn-lint finds nothing, down to what is informational."""
    text = smtemplates.render(definition("stack-set").template())
    assert [str(finding) for finding in smtemplates.lint(text, regions=REGIONS, cache=False)] == []


def test_awss_own_validator_finds_nothing(rolled_out: dict[str, Any]) -> None:
    """Resolved for every kind of fleet: no fatal, error or warning."""
    engine, found = RegoEngine(), {}
    for world, how in itertools.product(
        (ACCOUNTS, UNITS, BOTH, JOINING, UNITS | {"CallAs": "DELEGATED_ADMIN"}),
        ({}, {"Regions": "us-west-2,eu-west-1", "RegionRollout": "InOrder"}, {"RegionRollout": "Parallel"}),
    ):
        resolved = Stack(rolled_out, world | how).template()
        report = engine.validate_template(TemplateContent(json.dumps(resolved), "resolved"))
        for finding in report.diagnostics:
            bad = finding.severity in {Severity.FATAL, Severity.ERROR, Severity.WARN}
            if bad and finding.rule_id not in test_valid.RESOLVING_CAUSES:
                found[f"{finding.rule_id} {finding.message}"] = world | how
    assert found == {}
