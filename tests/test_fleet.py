"""Check the stack set template: the parameters of the workspace, the targets and the rollout."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import samples
import test_names
import test_valid
from cfnlint.helpers import REGIONS
from cloudformation_validate import RegoEngine, Severity, TemplateContent
from hypothesis import given
from hypothesis import strategies as st

import smtemplates
from smtemplates.core import assemble
from smtemplates.core.construct import Construct, choice_parameter
from smtemplates.deploy.requests import template as deploying
from smtemplates.evaluate import Stack, check_parameters, possible, references
from smtemplates.synth.loader import load
from smtemplates.templates.registry import definition
from smtemplates.templates.stack_set.template import constructs
from smtemplates.templates.workspace import template as workspace

Choice = dict[str, str]

TEMPLATES_FOLDER = Path(__file__).resolve().parent.parent / "templates"
LOGICAL_ID = "WorkspaceFleet"  # released: a rename would replace the stack set
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
def stack_set() -> dict[str, Any]:
    """Return the stack set template, read back from its YAML."""
    return built()


def built(*without: str) -> dict[str, Any]:
    return load(smtemplates.render(definition("stack-set", without).template()))


def properties(template: dict[str, Any], choice: Choice, **pseudo: str) -> dict[str, Any]:
    """Return the properties of the stack set."""
    found: dict[str, Any] = samples.deployed(template, choice, **pseudo).resources[LOGICAL_ID]["Properties"]
    return found


# --- parameters of the workspace


@pytest.mark.parametrize("without", [(), *((one,) for one in smtemplates.FEATURES), smtemplates.FEATURES], ids="+".join)
def test_parameters_and_rules_are_those_of_the_workspace(without: tuple[str, ...]) -> None:
    """Parameters, labels, groups and Rules equal those of the workspace, also without some of the features."""
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


def test_new_parameter_of_a_construct_is_passed_on() -> None:
    """A parameter that a construct adds is passed to every workspace without a change of the stack set."""
    colour = choice_parameter("Colour", "Colour of the workspace", ("red", "blue"), default="red")
    parts = constructs(
        [*workspace.constructs(), Construct(title="Looks", source="looks", parameters={"Colour": colour})]
    )
    template = load(smtemplates.render(assemble.assemble("", parts)))
    passed_on = properties(template, {**ACCOUNTS, "Colour": "blue"})["Parameters"]
    assert {"ParameterKey": "Colour", "ParameterValue": "blue"} in passed_on


def test_rules_do_not_depend_on_the_region_of_the_stack_set(stack_set: dict[str, Any]) -> None:
    """Rules are evaluated in the Region of the stack set, so they do not reject features by Region."""
    assert {found.target for found in references(stack_set["Rules"])} <= stack_set["Parameters"].keys()
    choice = UNITS | {"CreateMlflow": "true"}
    assert Stack(stack_set, choice, pseudo={"AWS::Region": "af-south-1"}).rules() == []


# --- the parameters


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
def test_real_values_pass(stack_set: dict[str, Any], given_: Choice) -> None:
    """The parameters accept the documented numbers of units, accounts and Regions."""
    assert check_parameters(stack_set, STAGED | given_) == []


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("OrganizationalUnitIds", ["r-ab12", "r-ab123", "ou-ab12-cdef3456", "ou-ab12-cdef34567"]),
        ("AccountIds", ["111122223333", "222233334444", "333344445555"]),
        ("Regions", ["us-east-1", "us-east-2", "us-gov-east-1", "eu-west-1"]),
    ],
)
def test_lists_with_a_repeated_entry_are_rejected(stack_set: dict[str, Any], name: str, entries: list[str]) -> None:
    """StackSets does not accept a repeated entry, so the parameters do not accept it either."""

    @given(st.lists(st.sampled_from(entries), min_size=1, max_size=6))
    def check(listed: list[str]) -> None:
        messages = check_parameters(stack_set, BOTH | {name: ",".join(listed)})
        assert bool(messages) is (len(set(listed)) < len(listed))
        assert all("different" in message for message in messages)

    check()


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_every_region_is_accepted(stack_set: dict[str, Any], region: str) -> None:
    """The pattern of the parameter accepts the name of every Region of cfn-lint."""
    assert check_parameters(stack_set, ACCOUNTS | {"Regions": region}) == []


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
def test_invalid_values_are_rejected(stack_set: dict[str, Any], name: str, value: str) -> None:
    """Values that StackSets would reject or misinterpret later are rejected first."""
    assert check_parameters(stack_set, BOTH | {name: value}) != []


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({}, "TemplateUrl is required"),
        (STAGED, "Enter OrganizationalUnitIds, AccountIds or both"),
        (ACCOUNTS | {"AutoDeploy": "true"}, "AutoDeploy requires OrganizationalUnitIds"),
        (BOTH | {"AutoDeploy": "true"}, "leave AccountIds empty"),
        (ACCOUNTS | {"CallAs": "DELEGATED_ADMIN"}, "DELEGATED_ADMIN requires OrganizationalUnitIds"),
        (UNITS | {"ExecutionRoleName": "mine"}, "creates its own roles"),
        (UNITS | {"AdministrationRoleArn": samples.ROLE["ExistingRoleArn"]}, "creates its own roles"),
        (UNITS | {"CreateDomain": "true"}, "VpcId"),
    ],
)
def test_invalid_combinations_are_rejected_with_a_message(
    stack_set: dict[str, Any], choice: Choice, sentence: str
) -> None:
    """A Rule rejects the combination before any resource is created, also for Rules of the workspace."""
    assert any(sentence in message for message in Stack(stack_set, choice).rules())


# --- the resource


def test_organizational_units(stack_set: dict[str, Any]) -> None:
    """Units result in service-managed permissions and all accounts of the units, without automatic deployment."""
    found = properties(stack_set, UNITS)
    assert found["PermissionModel"] == "SERVICE_MANAGED"
    assert found["AutoDeployment"] == {"Enabled": "false"}
    (group,) = found["StackInstancesGroup"]
    assert group["DeploymentTargets"] == {
        "OrganizationalUnitIds": ["ou-ab12-cdef3456", "r-ab12"],
        "AccountFilterType": "NONE",
    }


def test_accounts(stack_set: dict[str, Any]) -> None:
    """Accounts without units result in self-managed permissions, without automatic deployment and filter."""
    found = properties(stack_set, ACCOUNTS | {"ExecutionRoleName": "mine"})
    assert found["PermissionModel"] == "SELF_MANAGED"
    assert "AutoDeployment" not in found
    assert found["ExecutionRoleName"] == "mine"
    (group,) = found["StackInstancesGroup"]
    assert group["DeploymentTargets"] == {"Accounts": ["111122223333", "444455556666"]}


@pytest.mark.parametrize(
    ("given_", "filtering"), [({}, "INTERSECTION"), ({"AccountFilter": "DIFFERENCE"}, "DIFFERENCE")]
)
def test_accounts_of_units(stack_set: dict[str, Any], given_: Choice, filtering: str) -> None:
    """Units and accounts result in a filter. The default filter selects fewer accounts."""
    (group,) = properties(stack_set, BOTH | given_)["StackInstancesGroup"]
    assert group["DeploymentTargets"]["AccountFilterType"] == filtering
    assert group["DeploymentTargets"]["Accounts"] == ["111122223333", "444455556666"]


def test_automatic_deployment(stack_set: dict[str, Any]) -> None:
    """The stacks of an account that leaves a unit are retained, unless the parameter is false."""
    kept = {"Enabled": "true", "RetainStacksOnAccountRemoval": "true"}
    assert properties(stack_set, JOINING)["AutoDeployment"] == kept
    gone = properties(stack_set, JOINING | {"RetainOnAccountRemoval": "false"})["AutoDeployment"]
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
def test_regions(stack_set: dict[str, Any], given_: Choice, expected: dict[str, Any]) -> None:
    """Regions are deployed one after the other, in order or in parallel, with the default concurrency of accounts."""
    found = properties(stack_set, ACCOUNTS | given_ | {"Regions": "us-west-2,eu-west-1"})
    defaults = {
        "MaxConcurrentPercentage": "10",
        "FailureTolerancePercentage": "0",
        "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE",
    }
    assert found["OperationPreferences"] == defaults | expected
    assert found["StackInstancesGroup"][0]["Regions"] == ["us-west-2", "eu-west-1"]


def test_default_region_is_the_region_of_the_stack(stack_set: dict[str, Any]) -> None:
    """Without Regions, the workspaces are deployed in the Region of the stack set."""
    found = properties(stack_set, ACCOUNTS, AWS_Region="eu-central-1")
    assert found["StackInstancesGroup"][0]["Regions"] == ["eu-central-1"]


def test_capabilities_of_the_workspace_are_acknowledged(stack_set: dict[str, Any]) -> None:
    """The stack set acknowledges the capabilities of the workspace, which contains no stacks and no transforms."""
    staged = deploying.read(TEMPLATES_FOLDER / "workspace.yaml")
    assert tuple(properties(stack_set, ACCOUNTS)["Capabilities"]) == staged.capabilities == ("CAPABILITY_IAM",)
    assert not [body for body in staged.resources.values() if body["Type"].startswith("AWS::CloudFormation::Stack")]


NAMES = st.from_regex("[a-z][a-z0-9-]{1,22}[a-z0-9]", fullmatch=True)


@given(name=test_names.STACK_NAMES, stack_uuid=test_names.UUIDS, project=NAMES)
def test_names_are_valid_and_constant(stack_set: dict[str, Any], name: str, stack_uuid: str, project: str) -> None:
    """The names of the stack set and its stacks are valid for every stack name, and no parameter changes them.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    """
    stack_id = f"arn:aws:cloudformation:us-east-1:{samples.ACCOUNT}:stack/{name}/{stack_uuid}"
    pseudo = {"AWS_StackName": name, "AWS_StackId": stack_id}
    found = properties(stack_set, UNITS | {"ProjectName": project}, **pseudo)
    assert found["StackSetName"] == f"workspaces-{stack_uuid[:8]}"
    assert properties(stack_set, ACCOUNTS, **pseudo)["StackSetName"] == found["StackSetName"]
    assert len(f"StackSet-{found['StackSetName']}-{'0' * 36}") <= 128
    assert len(found["Description"]) <= 1024


# --- proofs


def test_every_condition_can_be_true_and_false(stack_set: dict[str, Any]) -> None:
    """Over all parameters, each condition has both values, except the condition that repeats a Rule."""
    decided = {name: truths for name, truths in possible(stack_set, samples.VALUES).items() if truths != {True, False}}
    assert decided == {"HasTemplate": {True}}


OTHERS = {
    "Regions": "eu-west-1",
    "AdministrationRoleArn": samples.ROLE["ExistingRoleArn"],
    "ExecutionRoleName": "mine",
    "AccountIds": "777788889999",
    "OrganizationalUnitIds": "r-cd34",
    "TemplateUrl": STAGED["TemplateUrl"].replace("0123", "4567"),
}


def test_every_parameter_reaches_the_stack_set(stack_set: dict[str, Any]) -> None:
    """A change of any parameter changes the stack set, for at least one kind of targets."""
    unused = set()
    for name, about in stack_set["Parameters"].items():
        others = about.get("AllowedValues", [OTHERS.get(name, "77")])
        targets = (ACCOUNTS, UNITS, BOTH, JOINING)
        changes = itertools.product(targets, map(str, others))
        if not any(
            properties(stack_set, target | {name: other}) != properties(stack_set, target) for target, other in changes
        ):
            unused.add(name)
    assert unused == set()


def test_validator_of_aws_has_no_findings(stack_set: dict[str, Any]) -> None:
    """The resolved template has no fatal finding, error or warning, for all kinds of targets."""
    engine, found = RegoEngine(), {}
    for targets, rollout in itertools.product(
        (ACCOUNTS, UNITS, BOTH, JOINING, UNITS | {"CallAs": "DELEGATED_ADMIN"}),
        ({}, {"Regions": "us-west-2,eu-west-1", "RegionRollout": "InOrder"}, {"RegionRollout": "Parallel"}),
    ):
        resolved = Stack(stack_set, targets | rollout).template()
        report = engine.validate_template(TemplateContent(json.dumps(resolved), "resolved"))
        for finding in report.diagnostics:
            serious = finding.severity in {Severity.FATAL, Severity.ERROR, Severity.WARN}
            if serious and finding.rule_id not in test_valid.RESOLVING_CAUSES:
                found[f"{finding.rule_id} {finding.message}"] = targets | rollout
    assert found == {}
