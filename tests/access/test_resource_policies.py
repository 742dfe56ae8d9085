"""Tests of all policies that allow the service of another account: a confused deputy cannot use their resources."""

from __future__ import annotations

import json
import re
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
# The encryption context of an SNS topic.
CONTEXT = "kms:EncryptionContext:aws:sns:topicArn"
ROOT = Path(__file__).parents[2]
TEXTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    *sorted((ROOT / "smtemplates").rglob("assets/*.yaml")),
    *sorted((ROOT / "smtemplates").rglob("assets/*.md")),
]
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


@pytest.mark.parametrize("existing", [{}, samples.TOPIC], ids=["created", "existing"])
def test_eventbridge_publishes_with_a_role_of_its_own_account(
    template: dict[str, Any], existing: dict[str, str]
) -> None:
    """Only EventBridge for this account can assume the role of the rules, which uses only the topic and its key."""
    stack = samples.deployed(template, {**samples.EVERYTHING, "AlarmEmail": ""}, samples.MADE_KEY, existing)
    rules = [body["Properties"] for body in stack.resources.values() if body["Type"] == "AWS::Events::Rule"]
    role_arn = samples.physical("NotificationRole", "Arn")
    assert {target.get("RoleArn") for rule in rules for target in rule["Targets"]} == {role_arn}
    role = stack.resources["NotificationRole"]["Properties"]
    policies = {policy["PolicyName"]: policy["PolicyDocument"] for policy in role["Policies"]}
    topic = existing.get("AlarmTopicArn") or samples.physical("AlarmTopic", None)
    key, other = samples.physical("EncryptionKey", "Arn"), samples.KEY["KmsKeyArn"]
    allowed = [Request("sns:Publish", topic), Request("kms:Decrypt", key), Request("kms:GenerateDataKey", key)]
    denied = [
        Request("sns:Publish", f"{topic}-2"),
        Request("sns:Subscribe", topic),
        Request("kms:Encrypt", key),
        Request("kms:Decrypt", other),
    ]
    found = verdicts([(policies, request) for request in (*allowed, *denied)], role_arn)
    assert found == [*[True] * len(allowed), *[False] * len(denied)]
    # The key of an existing topic is not known. The simulator does not know this condition key.
    conditions = [each["Condition"] for each in policies["Publish"]["Statement"] if "Condition" in each]
    assert conditions == ([{"StringEquals": {CONTEXT: topic}}] if existing else [])
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert _names_the_account(trust)


def test_no_example_allows_a_service_on_behalf_of_another_account() -> None:
    """The policies in the documentation and in the files of `init` also require a source, and a test finds them."""
    found = {f"{path.name}: {name}": body for path in TEXTS for name, body in _examples(path)}
    assert {name.partition(":")[0] for name in found} >= {"policies.md", "shared.yaml"}
    assert [name for name, statement in found.items() if not _names_a_source(statement)] == []


PASSED_TO = "cloudformation.amazonaws.com"


def _examples(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statements in a text that allow an AWS service: those of a template, and those of blocks of JSON.

    A trust policy for CloudFormation needs no source, because a role can be passed only within its account.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    text = path.read_text(encoding="utf-8")
    if "AWSTemplateFormatVersion" in text and path.suffix == ".yaml":
        yield from _admissions(load(text).get("Resources", {}))
    for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        document = json.loads(block)
        statements = document if isinstance(document, list) else document.get("Statement", [])
        for statement in statements:
            principal = statement.get("Principal", {})
            service = principal.get("Service") if isinstance(principal, dict) else None
            if service and statement["Effect"] == "Allow" and service != PASSED_TO:
                yield str(statement.get("Sid")), statement


def _names_a_source(statement: Mapping[str, Any]) -> bool:
    """Return whether a condition names a source. In an example, the account can be a reference."""
    conditions = statement.get("Condition", {})
    return any(key.lower() in SOURCES for operator in OPERATORS for key in conditions.get(operator, {}))
