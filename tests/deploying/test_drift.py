"""Drift: changes that were made outside CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from deploying.results import check_result
from deploying.stubs import NOW, STACK_ID, Aws, stack, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.commands import reports
from smtemplates.deploy.resources import drift

STATUS = {"StackId": STACK_ID, "StackDriftDetectionId": "d", "Timestamp": NOW}
KIND = {"StackId": STACK_ID, "ResourceType": "AWS::S3::Bucket", "Timestamp": NOW}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


@pytest.mark.parametrize("as_json", [False, True])
def test_drift_is_shown_by_property(aws: Aws, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """Drift is shown by property, with deleted resources and the number of resources that AWS could check."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.answers("detect_stack_drift", {"StackDriftDetectionId": "d"})
    status = {"StackId": STACK_ID, "StackDriftDetectionId": "d", "Timestamp": NOW}
    aws.answers("describe_stack_drift_detection_status", {**status, "DetectionStatus": "DETECTION_IN_PROGRESS"})
    aws.answers("describe_stack_drift_detection_status", {**status, "DetectionStatus": "DETECTION_COMPLETE"})
    kind = {"StackId": STACK_ID, "ResourceType": "AWS::S3::Bucket", "Timestamp": NOW}
    difference = {
        "PropertyPath": "/VersioningConfiguration/Status",
        "ExpectedValue": "Enabled",
        "ActualValue": "Suspended",
        "DifferenceType": "NOT_EQUAL",
    }
    changed = {"LogicalResourceId": "A", "StackResourceDriftStatus": "MODIFIED", "PropertyDifferences": [difference]}
    deleted = {"LogicalResourceId": "B", "StackResourceDriftStatus": "DELETED"}
    aws.answers("describe_stack_resource_drifts", {"StackResourceDrifts": [{**kind, **changed}, {**kind, **deleted}]})
    states = {"A": "MODIFIED", "B": "DELETED", "C": "IN_SYNC", "D": "NOT_CHECKED"}
    summaries = [
        {
            "LogicalResourceId": name,
            "ResourceType": "AWS::S3::Bucket",
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
            "DriftInformation": {"StackResourceDriftStatus": state},
        }
        for name, state in states.items()
    ]
    aws.answers("list_stack_resources", {"StackResourceSummaries": summaries})
    assert reports.drift(aws.cloud, "team", as_json=as_json, detailed=True) == 3
    printed = capsys.readouterr().out
    if as_json:
        answer = json.loads(printed)
        assert (answer["checked"], answer["resources"]) == (3, 4)
        assert [one["logical_id"] for one in answer["drifted"]] == ["A", "B"]
        return
    assert "3 of 4 resources were checked" in printed
    assert "VersioningConfiguration.Status: Enabled -> Suspended" in printed
    assert "B (AWS::S3::Bucket): deleted" in printed


def failing(aws: Aws, drifts: list[dict[str, Any]], states: dict[str, str]) -> None:
    """Add the answers of a detection that fails for a resource, with the results and the states of the resources."""
    aws.answers("describe_stacks", {"Stacks": [stack("CREATE_COMPLETE")]})
    aws.answers("detect_stack_drift", {"StackDriftDetectionId": "d"})
    failed = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "Failed to detect drift on [Domain]"}
    aws.answers("describe_stack_drift_detection_status", {**STATUS, **failed})
    asked = {"StackName": STACK_ID, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED", "UNKNOWN"]}
    found = [{**KIND, **item} for item in drifts]
    aws.answers("describe_stack_resource_drifts", {"StackResourceDrifts": found}, asked)
    summaries = [
        {
            "LogicalResourceId": name,
            "ResourceType": "AWS::S3::Bucket",
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "CREATE_COMPLETE",
            "DriftInformation": {"StackResourceDriftStatus": state, "LastCheckTimestamp": NOW},
        }
        for name, state in states.items()
    ]
    aws.answers("list_stack_resources", {"StackResourceSummaries": summaries})


def test_failed_drift_detection_is_an_error(aws: Aws) -> None:
    """A drift detection without any result is an error, not a stack without drift."""
    failing(aws, [], {"Domain": "NOT_CHECKED"})
    with pytest.raises(DeploymentError, match=r"Failed to detect drift on \[Domain\]"):
        drift.detect(aws.cloud, "team")


@pytest.mark.parametrize("as_json", [False, True])
def test_partial_results_are_shown(aws: Aws, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """If the detection fails for one resource, the results for the others are shown, with exit code 1."""
    drifts: list[dict[str, Any]] = [
        {"LogicalResourceId": "A", "StackResourceDriftStatus": "DELETED"},
        {"LogicalResourceId": "Domain", "StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": "not authorized"},
        {"LogicalResourceId": "Old", "StackResourceDriftStatus": "DELETED", "Timestamp": NOW - timedelta(days=1)},
    ]
    failing(aws, drifts, {"A": "DELETED", "B": "IN_SYNC", "Domain": "UNKNOWN", "C": "NOT_CHECKED"})
    assert reports.drift(aws.cloud, "team", as_json=as_json, detailed=True) == 1
    printed, messages = capsys.readouterr()
    assert "not complete" in messages
    assert "Failed to detect drift on [Domain]" in messages
    if as_json:
        answer = check_result("drift", printed)
        assert [one["logical_id"] for one in answer["drifted"]] == ["A"]
        assert (answer["checked"], answer["complete"]) == (2, False)
        assert answer["unchecked"] == [{"logical_id": "Domain", "type": "AWS::S3::Bucket", "reason": "not authorized"}]
        return
    assert "A (AWS::S3::Bucket): deleted" in printed
    assert "2 of 4 resources were checked" in printed
    assert "Domain (AWS::S3::Bucket): not checked. not authorized." in printed
    assert "Old" not in printed


def test_no_drift_is_not_claimed_for_unchecked_resources(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A partial result without drift concerns only the checked resources."""
    failing(aws, [], {"A": "IN_SYNC", "Domain": "UNKNOWN"})
    assert reports.drift(aws.cloud, "team", as_json=False, detailed=False) == 1
    assert "No drift was detected in the checked resources of stack team." in capsys.readouterr().out
