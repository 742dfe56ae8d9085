"""Values that name something in another partition, Region or account are reported before a change set is created."""

from __future__ import annotations

from typing import Any

import pytest
import samples

from deploying.local_aws import ROOT
from smtemplates import deploy
from smtemplates.aws_data.places import PLACES
from smtemplates.deploy.requests.places import problems
from smtemplates.deploy.requests.request import check_places
from smtemplates.errors import UsageError

OTHER = "444455556666"
REGION = "us-east-1"
FITTING = {
    **samples.KEY,
    **samples.TOPIC,
    **samples.ROLE,
    **samples.POLICIES,
    **samples.BOUNDARY,
    "ModelImageUri": samples.ENDPOINT["ModelImageUri"],
}
MOVED = {
    "KmsKeyArn": samples.KEY["KmsKeyArn"].replace(REGION, "eu-west-1"),
    "AlarmTopicArn": samples.TOPIC["AlarmTopicArn"].replace(REGION, "eu-west-1"),
    "ModelImageUri": samples.ENDPOINT["ModelImageUri"].replace(REGION, "eu-west-1"),
    "ExistingRoleArn": samples.ROLE["ExistingRoleArn"].replace(samples.ACCOUNT, OTHER),
    "AdditionalPolicyArns": f"arn:aws:iam::aws:policy/A,arn:aws:iam::{OTHER}:policy/B",
    "PermissionsBoundaryArn": f"arn:aws:iam::{OTHER}:policy/B",
}


def no_call() -> str:
    raise AssertionError("the account was asked for without need")


def test_values_of_this_region_and_account_are_accepted() -> None:
    """Things of this Region and account, keys and topics of other accounts, and policies of AWS are accepted."""
    assert list(problems(FITTING, REGION, lambda: samples.ACCOUNT)) == []
    shared = {name: FITTING[name].replace(samples.ACCOUNT, OTHER) for name in ("KmsKeyArn", "AlarmTopicArn")}
    assert list(problems({**shared, **samples.BOUNDARY, **samples.POLICIES}, REGION, no_call)) == []


@pytest.mark.parametrize("name", MOVED)
def test_values_of_another_place_are_reported(name: str) -> None:
    """A value of another Region or account is reported with its parameter and both places."""
    (problem,) = problems({**FITTING, name: MOVED[name]}, REGION, lambda: samples.ACCOUNT)
    assert problem.startswith(f"{name} is a {PLACES[name].noun} ")
    assert ("in Region eu-west-1, but the stack is in Region us-east-1" in problem) is PLACES[name].regional
    assert (f"of account {OTHER}, but the stack is in account {samples.ACCOUNT}" in problem) is PLACES[name].own_account


@pytest.mark.parametrize("name", FITTING)
def test_values_of_another_partition_are_reported(name: str) -> None:
    """In another partition, every ARN and image of the partition aws is reported."""
    found = list(problems({name: FITTING[name]}, "us-gov-west-1", lambda: samples.ACCOUNT))
    assert found
    assert all("in partition aws, but the stack is in partition aws-us-gov" in problem for problem in found)


def _request(template: str) -> deploy.Request:
    path = ROOT / "templates" / template
    settings = deploy.Settings(parameters={"KmsKeyArn": MOVED["KmsKeyArn"]})
    return deploy.Request(stack="churn", template=deploy.read_template(path), settings=settings)


def test_only_workspaces_are_checked() -> None:
    """A stack set creates its workspaces in other Regions, so that it can have a key of one of them."""
    check_places(_request("stack-set.yaml"), REGION, no_call)
    with pytest.raises(UsageError, match="KmsKeyArn is a KMS key in Region eu-west-1"):
        check_places(_request("workspace.yaml"), REGION, no_call)


def test_every_parameter_of_the_table_that_exists_has_a_pattern_for_it(template: dict[str, Any]) -> None:
    """Each parameter of the table that the workspace has takes an ARN or an image."""
    for name in PLACES.keys() & template["Parameters"].keys():
        assert "arn:aws" in (pattern := template["Parameters"][name]["AllowedPattern"]) or "[.]ecr[.]" in pattern


def test_every_parameter_for_an_arn_has_a_row(template: dict[str, Any]) -> None:
    """Each parameter whose pattern requires an ARN has a row in the table."""
    arns = {name for name, item in template["Parameters"].items() if "arn:aws" in item.get("AllowedPattern", "")}
    assert arns <= PLACES.keys()
