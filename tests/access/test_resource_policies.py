"""Tests of all policies that allow the service of another account: a confused deputy cannot use their resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import samples

from access.simulator import Request, verdicts
from smtemplates.evaluate import Stack
from smtemplates.reference.iam_policies import policy_documents
from smtemplates.synth.loader import load

TEMPLATES = sorted((Path(__file__).parents[2] / "templates").glob("*.yaml"))
# Keys whose value names the account for which a service acts. The key of CloudWatch Logs contains the log group.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
# Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
SOURCES = {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "kms:encryptioncontext:aws:logs:arn"}
OPERATORS = {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}
CHOICES: dict[str, list[dict[str, str]]] = {
    "workspace": [{}, samples.EVERYTHING, {**samples.EVERYTHING, **samples.KEY, "CreateKmsKey": "false"}],
    "stack-set": [{}],
    **samples.OTHERS,
}


def _physical(logical_id: str, attribute: str | None) -> str:
    """Return an ARN of this account for each reference, as most resources have one."""
    return f"arn:aws:service:us-east-1:{samples.ACCOUNT}:{logical_id}{attribute or ''}"


def _admissions(resources: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements of resource policies that allow an AWS service, except trust policies."""
    for name, body in resources.items():
        for path, document in policy_documents(body.get("Properties", {})):
            for statement in document["Statement"]:
                principal = statement.get("Principal")
                is_service = isinstance(principal, dict) and "Service" in principal
                if path[-1:] != ("AssumeRolePolicyDocument",) and statement["Effect"] == "Allow" and is_service:
                    yield f"{name} {statement.get('Sid')}", statement


def _names_the_account(statement: Mapping[str, Any]) -> bool:
    """Return whether a condition requires this account as the source."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            if operator in OPERATORS and key.lower() in SOURCES:
                listed = values if isinstance(values, list) else [values]
                return bool(listed) and all(samples.ACCOUNT in str(value) for value in listed)
    return False


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_services_act_only_for_this_account(path: Path) -> None:
    """No topic, queue, key or bucket allows a service on behalf of another account."""
    template = load(path.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = {}
    for choice in CHOICES[path.stem]:
        stack = Stack(template, choice, pseudo={"AWS::AccountId": samples.ACCOUNT}, physical=_physical)
        found |= dict(_admissions(stack.resources))
    assert [name for name, statement in found.items() if not _names_the_account(statement)] == []
    if path.stem == "workspace":
        assert found.keys() >= {"AlarmTopicPolicy AlarmsPublish", "EncryptionKey Alarms", "EncryptionKey LogGroups"}
        assert "UndeliveredEventsPolicy RulesSend" in found


def test_eventbridge_publishes_with_a_role_of_its_own_account(template: dict[str, Any]) -> None:
    """The rules use a role, which only EventBridge for this account can assume, if the stack creates the topic."""
    for parameters, creates in (({}, True), (samples.TOPIC, False)):
        stack = samples.deployed(template, {**samples.EVERYTHING, "AlarmEmail": ""}, parameters)
        rules = [body["Properties"] for body in stack.resources.values() if body["Type"] == "AWS::Events::Rule"]
        role_arn = samples.physical("NotificationRole", "Arn") if creates else None
        assert {target.get("RoleArn") for rule in rules for target in rule["Targets"]} == {role_arn}
        assert stack.exists("NotificationRole") is creates
    role = samples.deployed(template, samples.MADE_KEY).resources["NotificationRole"]["Properties"]
    policies = {policy["PolicyName"]: policy["PolicyDocument"] for policy in role["Policies"]}
    topic, key = samples.physical("AlarmTopic", None), samples.physical("EncryptionKey", "Arn")
    allowed = [Request("sns:Publish", topic), Request("kms:Decrypt", key), Request("kms:GenerateDataKey", key)]
    denied = [
        Request("sns:Publish", f"{topic}-2"),
        Request("sns:Subscribe", topic),
        Request("kms:Encrypt", key),
        Request("kms:Decrypt", samples.KEY["KmsKeyArn"]),
    ]
    found = verdicts(
        [(policies, request) for request in (*allowed, *denied)], samples.physical("NotificationRole", "Arn")
    )
    assert found == [*[True] * len(allowed), *[False] * len(denied)]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert _names_the_account(trust)
