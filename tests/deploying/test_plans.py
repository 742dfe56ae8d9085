"""What a plan says, in each of its forms, of what AWS answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploying.stubs import REQUEST, SET_ID, Aws, change, described, plan_of, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy import changeset, execution
from smtemplates.deploy import tables as show
from smtemplates.deploy.change_plan import describe_change


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def test_values_before_and_after(aws: Aws) -> None:
    """The plan shows each property before and after, what is known only later, and what caused it."""
    plan = plan_of(
        aws,
        described(
            change(
                "Notebook",
                Replacement="True",
                PolicyAction="ReplaceAndDelete",
                BeforeContext=json.dumps({"Properties": {"VolumeSizeInGB": 5, "RoleArn": "old", "KmsKeyId": "a"}}),
                AfterContext=json.dumps(
                    {
                        "Properties": {
                            "VolumeSizeInGB": 50,
                            "RoleArn": "{{changeSet:KNOWN_AFTER_APPLY}}",
                            "KmsKeyId": "b",
                        }
                    }
                ),
                Details=[
                    {
                        "Target": {"Attribute": "Properties", "Name": "KmsKeyId", "RequiresRecreation": "Always"},
                        "ChangeSource": "ParameterReference",
                        "CausingEntity": "KmsKeyArn",
                    }
                ],
            )
        ),
    )
    text = show.table(plan)
    for line in ("VolumeSizeInGB: 5 -> 50", "RoleArn: old -> known after apply"):
        assert line in text
    assert "KmsKeyId: a -> b  [replaces]  (parameter KmsKeyArn)" in text
    assert "because KmsKeyId changes (parameter KmsKeyArn)" in describe_change(plan.changes[0])
    assert "known after apply" in show.markdown(plan)
    assert json.loads(show.as_json(plan))["changes"][0]["destructive"] is True


def test_secrets_are_masked(aws: Aws) -> None:
    """The value of a NoEcho parameter appears in no form of the plan."""
    plan = plan_of(
        aws,
        described(
            change("Notebook", AfterContext=json.dumps({"Properties": {"Env": ["key=hunter2"]}}), BeforeContext="{}"),
            Parameters=[{"ParameterKey": "Password", "ParameterValue": "hunter2"}],
        ),
    )
    for text in (show.table(plan), show.markdown(plan), show.as_json(plan)):
        assert "hunter2" not in text
        assert "****" in text.replace("&#42;", "*")


def test_incomplete_answers_are_merged(aws: Aws) -> None:
    """Resources that AWS drops from the answer with values are taken from the one without; pages are joined."""
    warning = "[WARN] --include-property-values option can return incomplete ChangeSet data"
    aws.answers("describe_change_set", described(change("A"), StatusReason=warning, NextToken="2"))
    aws.answers("describe_change_set", described(change("B")))
    plan = plan_of(aws, described(change("A"), change("B"), change("C")))
    assert [item.logical_id for item in plan.changes] == ["A", "B", "C"]


CAUSES = [
    ("Dynamic", "ParameterReference", "(parameter Size)"),
    ("Static", "ParameterReference", "(parameter Size, the template)"),
    ("Dynamic", "ResourceReference", "(resource Size, the template)"),
]


@pytest.mark.parametrize(("evaluation", "source", "told"), CAUSES)
def test_only_a_parameter_changed(aws: Aws, evaluation: str, source: str, told: str) -> None:
    """A property that only a parameter changes is not blamed on the template too, which AWS merely evaluates again."""
    target = {"Target": {"Attribute": "Properties", "Name": "VolumeSizeInGB", "RequiresRecreation": "Never"}}
    details = [
        {**target, "Evaluation": "Static", "ChangeSource": source, "CausingEntity": "Size"},
        {**target, "Evaluation": evaluation, "ChangeSource": "DirectModification"},
    ]
    assert told in show.table(plan_of(aws, described(change("Notebook", Details=details))))


def test_headline(aws: Aws) -> None:
    """What a plan does reads as English, one or many."""
    maybe = {"Replacement": "Conditional"}
    items = [change("A", **maybe), change("B", **maybe), change("C", Action="Add"), change("D", Action="Remove")]
    text = show.table(plan_of(aws, described(*items)))
    assert "1 to create, 1 to delete, 2 may be replaced" in text
    assert "3 take away what is there now: A, B, D (deploy needs --allow-destructive)" in text
    one = show.markdown(plan_of(aws, described(change("D", Action="Remove"))))
    assert "**1 takes away what is there now: D (deploy needs --allow-destructive)**" in one


@pytest.mark.parametrize(
    ("told", "fate", "destructive"),
    [
        ({"Action": "Remove", "PolicyAction": "Delete"}, "delete", True),
        ({"Action": "Remove", "PolicyAction": "Retain"}, "leave the stack", False),
        ({"Action": "Modify", "Replacement": "False"}, "update", False),
        ({"Action": "Modify", "Replacement": "Conditional"}, "may replace", True),
        ({"Action": "Modify", "Replacement": "Conditional", "ResourceType": "Custom::Folders"}, "may replace", False),
        ({"Action": "Modify", "Replacement": "True", "PolicyAction": "ReplaceAndRetain"}, "replace", True),
        ({"Action": "Import"}, "import", False),
        ({"Action": "Dynamic"}, "may change", False),
        ({"Action": "SyncWithActual"}, "update", False),
    ],
)
def test_fates(aws: Aws, told: dict[str, Any], fate: str, destructive: bool) -> None:  # noqa: FBT001 a table
    """What AWS says of a resource decides what is said of it, and whether it needs consent."""
    (item,) = plan_of(aws, described(change("Notebook", **told))).changes
    assert (item.fate, item.destructive) == (fate, destructive)


def test_early_validation(aws: Aws) -> None:
    """What AWS's validation finds stands beside the plan, and an error stops the deployment before it begins."""
    found = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Notebook",
        "ValidationPath": "/Resources/Notebook/Properties/InstanceType",
        "ValidationStatusReason": "not a valid value",
        "ValidationFailureMode": "FAIL",
    }
    plan = plan_of(aws, described(change("Notebook")), findings=[found])
    shown = " ".join(show.table(plan).split())
    assert "validation error: Notebook /Resources/Notebook/Properties/InstanceType: not a valid value" in shown
    with pytest.raises(DeploymentError, match="not a valid value"):
        execution.check_plan(plan, allow_destructive=True)


def test_without_permission_to_validate(aws: Aws) -> None:
    """Whoever may not read the validation goes on without."""
    aws.refuses("describe_events", "AccessDenied")
    assert changeset.validation_findings(aws.cloud, SET_ID) == ()


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_no_change(aws: Aws, reason: str) -> None:
    """AWS's failed change set for want of changes is a plan without any, which needs nothing."""
    none = {"Status": "FAILED", "StatusReason": reason, "Capabilities": ["CAPABILITY_IAM"]}
    aws.answers("describe_change_set", described(**none))
    plan = changeset.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()
    assert show.table(plan) == "no change: stack team is as asked"
    aws.answers("describe_change_set", described(**none))
    reverting = changeset.ChangeSet(aws.cloud, replace(REQUEST, revert_drift=True), None, purpose="plan").read()
    assert show.table(reverting) == "no change: AWS planned nothing to revert in stack team"


def test_failed_change_set(aws: Aws) -> None:
    """A change set that AWS cannot make is an error that says why."""
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason="Circular dependency"))
    aws.answers("describe_events", {"OperationEvents": []})
    with pytest.raises(DeploymentError, match="Circular dependency"):
        changeset.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()


def test_markdown_is_inert(aws: Aws) -> None:
    """A value cannot break out of its table cell."""
    after = json.dumps({"Properties": {"Name": "a|b<script>`x`\nnew"}})
    text = show.markdown(plan_of(aws, described(change("Notebook", BeforeContext="{}", AfterContext=after))))
    assert "<script>" not in text
    row = next(line for line in text.splitlines() if "Notebook" in line)
    assert row.count("|") == 6
