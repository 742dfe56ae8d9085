"""Which events become notifications: those of this workspace that somebody must act on, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest
import samples
from moto.events.models import EventPattern

ROLE = samples.physical("ExecutionRole", "Arn")
OTHER_ROLE = f"arn:aws:iam::{samples.ACCOUNT}:role/other"
GROUP = "sagemaker-dev-0a1b2c3d"


def job(kind: str, **detail: Any) -> dict[str, Any]:
    """Give an event as AWS documents it, cut to what matters.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return {
        "source": "aws.sagemaker",
        "account": samples.ACCOUNT,
        "detail-type": f"SageMaker {kind} State Change",
        "detail": detail,
    }


def told(template: dict[str, Any], event: dict[str, Any]) -> set[str]:
    """Name the rules that match an event."""
    stack = samples.deployed(template, samples.FEATURES["registry"])
    rules = {name: body["Properties"] for name, body in stack.resources.items() if body["Type"] == "AWS::Events::Rule"}
    patterns: dict[str, Any] = {
        name: EventPattern.load(json.dumps(rule["EventPattern"])) for name, rule in rules.items()
    }
    return {name for name, pattern in patterns.items() if pattern.matches_event(event)}


TOLD = [
    (job("Training Job", TrainingJobStatus="Failed", RoleArn=ROLE), "JobFailures"),
    (job("Processing Job", ProcessingJobStatus="Failed", RoleArn=ROLE), "JobFailures"),
    (job("Transform Job", TransformJobStatus="Failed"), "JobFailures"),
    (
        job(
            "HyperParameter Tuning Job",
            HyperParameterTuningJobStatus="Failed",
            TrainingJobDefinition={"RoleArn": ROLE},
        ),
        "JobFailures",
    ),
    *(
        (job("Model Package", ModelPackageGroupName=GROUP, ModelApprovalStatus=status), "ModelApprovals")
        for status in ("Approved", "Rejected", "PendingManualApproval")
    ),
]
NOT_TOLD = [
    job("Training Job", TrainingJobStatus="Completed", RoleArn=ROLE),
    job("Training Job", TrainingJobStatus="Failed", RoleArn=OTHER_ROLE),
    job("Processing Job", ProcessingJobStatus="Failed", RoleArn=OTHER_ROLE),
    job("Transform Job", TransformJobStatus="InProgress"),
    job(
        "HyperParameter Tuning Job",
        HyperParameterTuningJobStatus="Failed",
        TrainingJobDefinition={"RoleArn": OTHER_ROLE},
    ),
    job("Model Package", ModelPackageGroupName="other", ModelApprovalStatus="Approved"),
    *({**event, "account": "444455556666"} for event, _ in TOLD),
    *({**event, "source": "team.sagemaker"} for event, _ in TOLD),
    *({**event, "detail-type": "SageMaker Image State Change"} for event, _ in TOLD),
]


@pytest.mark.parametrize(("event", "rule"), TOLD)
def test_what_somebody_must_act_on_is_told(template: dict[str, Any], event: dict[str, Any], rule: str) -> None:
    """Failed jobs and decisions about models of this workspace are told, by one rule each."""
    assert told(template, event) == {rule}


@pytest.mark.parametrize("event", NOT_TOLD)
def test_nothing_else_is_told(template: dict[str, Any], event: dict[str, Any]) -> None:
    """Other states, roles, groups, accounts and sources stay silent."""
    assert told(template, event) == set()
