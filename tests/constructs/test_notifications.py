"""Check which events send a notification: only events of this workspace that require an action."""

from __future__ import annotations

import json
from typing import Any

import pytest
import samples
from expectations import Choice, Expectation
from moto.events.models import EventPattern

from constructs.model_registry import creates_group


def notifies(choice: Choice) -> bool:
    """Return whether events send notifications."""
    return choice.is_true("NotifyOfEvents")


EXPECTATION = Expectation(
    resources={
        "JobFailures": notifies,
        "ModelApprovals": lambda choice: notifies(choice) and creates_group(choice),
    }
)

ROLE = samples.physical("ExecutionRole", "Arn")
OTHER_ROLE = f"arn:aws:iam::{samples.ACCOUNT}:role/other"
GROUP = "sagemaker-dev-0a1b2c3d"


def job(kind: str, **detail: Any) -> dict[str, Any]:
    """Return an event as documented by AWS, reduced to the fields that patterns use.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return {
        "source": "aws.sagemaker",
        "account": samples.ACCOUNT,
        "detail-type": f"SageMaker {kind} State Change",
        "detail": detail,
    }


def matching_rules(template: dict[str, Any], event: dict[str, Any]) -> set[str]:
    """Return the names of the rules that match an event."""
    stack = samples.deployed(template, samples.FEATURES["registry"])
    rules = {name: body["Properties"] for name, body in stack.resources.items() if body["Type"] == "AWS::Events::Rule"}
    patterns: dict[str, Any] = {
        name: EventPattern.load(json.dumps(rule["EventPattern"])) for name, rule in rules.items()
    }
    return {name for name, pattern in patterns.items() if pattern.matches_event(event)}


NOTIFIED = [
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
OTHER_EVENTS = [
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
    *({**event, "account": "444455556666"} for event, _ in NOTIFIED),
    *({**event, "source": "team.sagemaker"} for event, _ in NOTIFIED),
    *({**event, "detail-type": "SageMaker Image State Change"} for event, _ in NOTIFIED),
]


@pytest.mark.parametrize(("event", "rule"), NOTIFIED)
def test_events_that_require_an_action_match_one_rule(
    template: dict[str, Any], event: dict[str, Any], rule: str
) -> None:
    """Failed jobs and decisions about model versions of this workspace match exactly one rule."""
    assert matching_rules(template, event) == {rule}


@pytest.mark.parametrize("event", OTHER_EVENTS)
def test_other_events_match_no_rule(template: dict[str, Any], event: dict[str, Any]) -> None:
    """Events with another state, role, group, account or source match no rule."""
    assert matching_rules(template, event) == set()
