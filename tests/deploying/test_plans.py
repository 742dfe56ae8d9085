"""The contents of a plan, in each of its formats, for the answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploying.stubs import REQUEST, Aws, change, described, plan_of, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets import description, guard
from smtemplates.deploy.change_sets.change_text import describe_change
from smtemplates.deploy.printing import plan_table as show


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def test_plan_shows_values_before_and_after(aws: Aws) -> None:
    """The plan shows each property before and after, values that are not known yet, and the cause of each change."""
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
    for line in ("VolumeSizeInGB: 5 -> 50", "RoleArn: old -> known after the deployment"):
        assert line in text
    assert "KmsKeyId: a -> b  [replaces]  (parameter KmsKeyArn)" in text
    assert "because KmsKeyId changes (parameter KmsKeyArn)" in describe_change(plan.changes[0])
    assert "known after the deployment" in show.markdown(plan)
    assert json.loads(show.as_json(plan))["changes"][0]["destructive"] is True


def test_secrets_are_masked(aws: Aws) -> None:
    """The value of a NoEcho parameter does not appear in any format of the plan."""
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
    """Resources that are missing in the answer with values are read from the answer without them; pages are joined."""
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


@pytest.mark.parametrize(("evaluation", "source", "cause"), CAUSES)
def test_cause_of_a_change_by_a_parameter(aws: Aws, evaluation: str, source: str, cause: str) -> None:
    """If only a parameter changes a property, the template is not shown as a second cause."""
    target = {"Target": {"Attribute": "Properties", "Name": "VolumeSizeInGB", "RequiresRecreation": "Never"}}
    details = [
        {**target, "Evaluation": "Static", "ChangeSource": source, "CausingEntity": "Size"},
        {**target, "Evaluation": evaluation, "ChangeSource": "DirectModification"},
    ]
    assert cause in " ".join(show.table(plan_of(aws, described(change("Notebook", Details=details)))).split())


def test_headline_counts_the_changes(aws: Aws) -> None:
    """The headline and the warning are correct for one change and for several."""
    maybe = {"Replacement": "Conditional"}
    items = [change("A", **maybe), change("B", **maybe), change("C", Action="Add"), change("D", Action="Remove")]
    text = show.table(plan_of(aws, described(*items)))
    assert "1 to create, 1 to delete, 2 may be replaced" in text
    assert "3 changes replace or delete existing resources: A, B, D (deploy needs --allow-destructive)" in " ".join(
        text.split()
    )
    one = show.markdown(plan_of(aws, described(change("D", Action="Remove"))))
    assert "**1 change replaces or deletes an existing resource: D (deploy needs --allow-destructive)**" in one


def test_markdown_starts_with_the_destructive_changes(aws: Aws) -> None:
    """A summary in a pull request has the warning before the table, and the changes in the order of their meaning."""
    queue = {"ResourceType": "AWS::SQS::Queue"}
    items = [change("A", Action="Add"), change("B", Action="Modify"), change("C", Action="Remove", **queue)]
    text = show.markdown(plan_of(aws, described(*items)))
    parts = [
        "needs --allow-destructive",
        "| `-` | C |",
        "The messages of queue C are deleted.",
        "| `~` | B |",
        "| `+` | A |",
    ]
    assert sorted(parts, key=text.index) == parts


@pytest.mark.parametrize(
    ("answer", "fate", "destructive"),
    [
        ({"Action": "Remove", "PolicyAction": "Delete"}, "delete", True),
        ({"Action": "Remove", "PolicyAction": "Retain"}, "leave the stack", False),
        ({"Action": "Modify", "Replacement": "False"}, "update", False),
        ({"Action": "Modify", "Replacement": "Conditional"}, "may replace", True),
        ({"Action": "Modify", "Replacement": "Conditional", "ResourceType": "Custom::Folders"}, "may replace", False),
        ({"Action": "Modify", "Replacement": "True", "PolicyAction": "ReplaceAndRetain"}, "replace", True),
        ({"Action": "Import"}, "import", False),
        ({"Action": "Dynamic"}, "may change", False),
        ({"Action": "SyncWithActual"}, "record", False),
    ],
)
def test_fate_of_a_resource(aws: Aws, answer: dict[str, Any], fate: str, destructive: bool) -> None:  # noqa: FBT001 a row of the table
    """The answer of AWS determines the fate of a resource and whether the change needs consent."""
    (item,) = plan_of(aws, described(change("Notebook", **answer))).changes
    assert (item.fate, item.destructive) == (fate, destructive)


def test_early_validation_is_shown_and_stops_the_deployment(aws: Aws) -> None:
    """The plan shows the findings of the AWS validation, and an error stops the deployment before it starts."""
    found = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Notebook",
        "ValidationPath": "/Resources/Notebook/Properties/InstanceType",
        "ValidationStatusReason": "not a valid value",
        "ValidationStatus": "FAILED",
        "ValidationFailureMode": "FAIL",
    }
    plan = plan_of(aws, described(change("Notebook")), findings=[found])
    shown = " ".join(show.table(plan).split())
    assert "validation error: Notebook /Resources/Notebook/Properties/InstanceType: not a valid value" in shown
    with pytest.raises(DeploymentError, match="not a valid value"):
        guard.check_plan(plan, allow_destructive=True)


@pytest.mark.parametrize(
    "reason", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
def test_empty_change_set_is_a_plan_without_changes(aws: Aws, reason: str) -> None:
    """A change set that fails because it has no changes is an empty plan without capabilities."""
    none = {"Status": "FAILED", "StatusReason": reason, "Capabilities": ["CAPABILITY_IAM"]}
    aws.answers("describe_change_set", described(**none))
    plan = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()
    assert show.table(plan) == "No change. Stack team is up to date."
    aws.answers("describe_change_set", described(**none))
    reverting = change_sets.ChangeSet(aws.cloud, replace(REQUEST, revert_drift=True), None, purpose="plan").read()
    assert show.table(reverting) == "No change. AWS found no drift to revert in stack team."


def test_failed_change_set_reports_the_reason(aws: Aws) -> None:
    """A change set that AWS cannot create is an error with the reason."""
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason="Circular dependency"))
    aws.answers("describe_events", {"OperationEvents": []})
    with pytest.raises(DeploymentError, match="Circular dependency"):
        change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()


def test_incomplete_change_set_is_not_a_plan(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """If AWS needs too long for a change set, there is no plan, because the guard would not see the other changes."""
    monkeypatch.setattr(description, "MAX_POLLS", 2)
    for _ in range(2):
        aws.answers("describe_change_set", described(Status="CREATE_IN_PROGRESS", ExecutionStatus="UNAVAILABLE"))
    with pytest.raises(DeploymentError, match="the change set of stack team is CREATE_IN_PROGRESS"):
        change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()


def test_markdown_is_escaped(aws: Aws) -> None:
    """A value cannot leave its table cell."""
    after = json.dumps({"Properties": {"Name": "a|b<script>`x`\nnew"}})
    text = show.markdown(plan_of(aws, described(change("Notebook", BeforeContext="{}", AfterContext=after))))
    assert "<script>" not in text
    row = next(line for line in text.splitlines() if "Notebook" in line)
    assert row.count("|") == 6
