"""The policies that an existing key and an existing topic need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from troposphere import encode_to_dict

from smtemplates.evaluate import Stack
from smtemplates.reference.examples import ACCOUNT, PSEUDO, REGION
from smtemplates.reference.markdown import block
from smtemplates.templates.workspace.encryption import required_key_policy
from smtemplates.templates.workspace.monitoring import required_topic_policy

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
OTHER_ACCOUNT = "444455556666"


def key_policy() -> Iterator[str]:
    """Yield the policy of an existing key."""
    yield "The key policy of an existing key that you specify as `KmsKeyArn` must contain at least these statements:\n"
    yield _json(required_key_policy())


def topic_policy() -> Iterator[str]:
    """Yield the policy of an existing topic, and the statement for the workspaces of another account."""
    yield (
        "The policy of an existing topic that you specify as `AlarmTopicArn` must contain the first statement. AWS "
        "Budgets is needed only with `MonthlyBudgetUsd`. EventBridge publishes with the role `NotificationRole` of the "
        "stack, so do not allow `events.amazonaws.com`, which would also publish for other accounts:\n"
    )
    yield _json(required_topic_policy(TOPIC))
    yield (
        "If the topic is encrypted with a KMS key, the key policy must delegate access control to IAM policies, and "
        "contain the statement Alarms of the key policy above. If the topic is in another account, its policy must "
        "also allow the alarms and the role of the account with the workspace:\n"
    )
    alarms, _ = resolved(required_topic_policy(TOPIC))["Statement"]
    yield _json([{**alarms, "Condition": {"StringEquals": {"aws:SourceAccount": OTHER_ACCOUNT}}}, _role_statement()])


def _role_statement() -> dict[str, Any]:
    """Return the statement that allows the notification roles of another account.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    return {
        "Sid": "EventsPublish",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
        "Action": ["sns:Publish"],
        "Resource": [TOPIC],
        "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER_ACCOUNT}:role/*-NotificationRole-*"}},
    }


def resolved(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy with the values of the examples."""
    template = {"Resources": {"Existing": {"Type": "AWS::KMS::Key", "Properties": encode_to_dict(policy)}}}
    found: dict[str, Any] = Stack(template, pseudo=PSEUDO).resources["Existing"]["Properties"]
    return found


def _json(document: Any) -> str:
    return block(json.dumps(document if isinstance(document, list) else resolved(document), indent=2), "json")
