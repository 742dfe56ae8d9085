"""The deployer rejects a workspace whose role would need more managed policies than IAM allows."""

from __future__ import annotations

import pytest
import samples

from deploying.local_aws import ROOT
from smtemplates import deploy
from smtemplates.deploy.requests.request import check_against
from smtemplates.errors import UsageError

FULLEST = {
    **samples.EVERYTHING,
    "CreateBuckets": "true",
    "CreateKmsKey": "true",
    "EndpointName": "",
    "Isolation": "Project",
    "AdditionalPolicyArns": "",
}
POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OWN = 9


def _check(**more: str) -> None:
    template = deploy.read_template(ROOT / "templates" / "workspace.yaml")
    settings = deploy.Settings(parameters={**FULLEST, **more})
    check_against(deploy.Request(stack="churn", template=template, settings=settings), None, "us-east-1")


def test_the_fullest_workspace_has_room_for_one_more_policy() -> None:
    """The role of a workspace with all features and packs has nine policies."""
    _check(AdditionalPolicyArns=POLICY)


def test_too_many_policies_are_rejected_with_their_names() -> None:
    """The message names all policies of the stack and those that the parameters add."""
    added = f"{POLICY},{POLICY}2"
    with pytest.raises(UsageError) as caught:
        _check(AdditionalPolicyArns=added)
    text = str(caught.value)
    assert f"would have {OWN + 2} managed policies, but IAM allows 10" in text
    assert f"The parameters add {added.replace(',', ', ')}" in text
    names = text.partition("The stack creates ")[2].partition(". ")[0].split(", ")
    assert len(names) == OWN
    assert {"DataPolicy", "PacksPolicy", "ServicePacksPolicy", "IsolationPolicy"} <= set(names)


def test_a_pack_less_makes_room_for_a_policy() -> None:
    """Without the packs of other services, the same policies fit."""
    fewer = {"WorkflowPacks": "JumpStart", "BedrockModelIds": "", "AthenaWorkgroupNames": "", "GlueDatabaseNames": ""}
    _check(AdditionalPolicyArns=f"{POLICY},{POLICY}2", **fewer)
