"""The deployer rejects more managed policies for a role than IAM allows, and policies that are too long."""

from __future__ import annotations

import pytest
import samples

from deploying.local_aws import ROOT
from smtemplates import deploy
from smtemplates.deploy.requests.request import check_against, check_removed
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
# Policies of version 0.1.0 whose statements are in other policies now.
MERGED = ("HostingPolicy", "NetworkPolicy", "TrackingPolicy")


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


def test_an_update_that_deletes_policies_last_is_rejected() -> None:
    """Packs and isolation need a second update, because policies of version 0.1.0 are deleted after the creation."""
    template = deploy.read_template(ROOT / "templates" / "workspace.yaml")
    request = deploy.Request(stack="churn", template=template)
    removed = {**dict.fromkeys(MERGED, "AWS::IAM::ManagedPolicy"), "Rule": "AWS::Events::Rule"}
    later = {"WorkflowPacks": "", "BedrockModelIds": "", "AthenaWorkgroupNames": "", "GlueDatabaseNames": ""}
    check_removed(request, {**FULLEST, **later, "Isolation": "Account"}, removed, "us-east-1")
    check_removed(request, FULLEST, {}, "us-east-1")
    with pytest.raises(UsageError, match="Update the stack twice") as caught:
        check_removed(request, FULLEST, removed, "us-east-1")
    assert f"would have {OWN + len(MERGED)} managed policies" in str(caught.value)
    assert f"deletes {', '.join(MERGED)} only after" in str(caught.value)


def test_a_policy_that_is_too_long_is_rejected_with_its_parameters() -> None:
    """A boundary for all packs is rejected with many long buckets, and accepted with an asterisk for all of them."""
    template = deploy.read_template(ROOT / "templates" / "launch-role.yaml")
    packs = template.content["Parameters"]["LaunchWorkflowPacks"]["AllowedValues"]
    parameters = {
        "LaunchWorkflowPacks": ",".join(filter(None, packs)),
        "BringableBucketArns": ",".join(f"arn:aws:s3:::{'team-bucket-':x<62}{number}" for number in range(5)),
        "LaunchRegions": "us-east-1,eu-west-1,ap-southeast-1",
    }

    def check() -> None:
        settings = deploy.Settings(parameters=parameters)
        check_against(deploy.Request(stack="launch", template=template, settings=settings), None, "us-east-1")

    with pytest.raises(UsageError, match=r"LaunchBoundary would have 6\d\d\d characters") as caught:
        check()
    assert "BringableBucketArns, LaunchRegions, " in str(caught.value)
    parameters["BringableBucketArns"] = "arn:aws:s3:::team-*"
    check()
