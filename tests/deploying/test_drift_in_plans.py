"""Snapshots, drift and values of a future AWS in a plan, for the answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploying.results import check_result
from deploying.stubs import REQUEST, SET_ID, Aws, change, described, plan_of, stubbed, update_of
from smtemplates.aws.errors import RefusedError
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets import guard
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.change_sets.resource_changes import resource_changes
from smtemplates.deploy.printing import plan_table as show
from smtemplates.deploy.printing.plan_page import plan_page


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def shapes(plan: Plan) -> list[str]:
    """Return the plan in every format, with the spaces of folded lines joined."""
    check_result("plan", show.as_json(plan))
    texts = [show.table(plan), show.markdown(plan), show.as_json(plan), plan_page(plan, {})]
    return [" ".join(text.replace("&#95;", "_").split()) for text in texts]


DATABASE = {"ResourceType": "AWS::RDS::DBInstance"}
REMOVED = {"Action": "Remove"}
REPLACED = {"Action": "Modify", "Replacement": "True"}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            {**DATABASE, **REMOVED, "PolicyAction": "Snapshot"},
            "CloudFormation deletes the resource Db and keeps a snapshot.",
        ),
        (
            {**DATABASE, **REPLACED, "PolicyAction": "ReplaceAndSnapshot"},
            "CloudFormation deletes the resource Db and keeps a snapshot.",
        ),
        ({**DATABASE, **REPLACED, "PolicyAction": "ReplaceAndDelete"}, "The databases of instance Db"),
        (
            {**DATABASE, "Action": "Modify", "Replacement": "Conditional"},
            "If it is replaced: The databases of instance Db",
        ),
        (
            {**REMOVED, "ResourceType": "AWS::EC2::Instance", "PolicyAction": "Snapshot"},
            "The policy Snapshot does not apply to this type. The files on the volumes of instance Db are deleted.",
        ),
    ],
)
def test_lost_data_is_described(aws: Aws, answer: dict[str, Any], text: str) -> None:
    """Every format and the error of deploy describe the data. A snapshot does not replace the permission."""
    plan = plan_of(aws, described(change("Db", **answer)))
    assert all(text in shape for shape in shapes(plan))
    with pytest.raises(RefusedError, match="would replace or delete") as error:
        guard.check_plan(plan, allow_destructive=False)
    assert text in str(error.value)


@pytest.mark.parametrize(
    "answer", [{**REMOVED, "PolicyAction": "Retain"}, {**REPLACED, "PolicyAction": "ReplaceAndRetain"}]
)
def test_retained_data_is_not_lost(aws: Aws, answer: dict[str, Any]) -> None:
    """A resource that is retained outside the stack keeps its data."""
    assert "The databases" not in show.table(plan_of(aws, described(change("Db", **DATABASE, **answer))))


def test_synchronized_resource_is_only_recorded(aws: Aws) -> None:
    """SyncWithActual changes only the record of CloudFormation: no resource, no property, no permission."""
    target = {"Attribute": "Properties", "Name": "VolumeSizeInGB", "AfterValue": "50"}
    detail = {"Target": {**target, "AttributeChangeType": "SyncWithActual"}, "ChangeSource": "NoModification"}
    plan = plan_of(aws, described(change("Notebook", Action="SyncWithActual", Details=[detail])))
    for text in shapes(plan):
        assert "will not be changed, only the record of it in CloudFormation" in text
    assert "VolumeSizeInGB: CloudFormation only records the actual value 50" in " ".join(show.table(plan).split())
    assert "1 to record without a change" in show.headline(plan)
    guard.check_plan(plan, allow_destructive=False)


DRIFT = {"PreviousValue": "5", "ActualValue": "50", "DriftDetectionTimestamp": "2026-11-22T00:00:00Z"}


@pytest.mark.parametrize(
    "values",
    [
        {
            "Details": [
                {
                    "Target": {
                        "Attribute": "Properties",
                        "Path": "/Properties/VolumeSizeInGB",
                        "BeforeValue": "50",
                        "AfterValue": "20",
                        "BeforeValueFrom": "ACTUAL_STATE",
                        "AfterValueFrom": "TEMPLATE",
                        "Drift": DRIFT,
                    }
                }
            ]
        },
        {
            "BeforeContext": '{"Properties": {"VolumeSizeInGB": 50}}',
            "AfterContext": '{"Properties": {"VolumeSizeInGB": 20}}',
            "PreviousDeploymentContext": '{"Properties": {"VolumeSizeInGB": 5}}',
        },
    ],
)
def test_three_values_of_a_changed_property(aws: Aws, values: dict[str, Any]) -> None:
    """The plan shows the value that was deployed last, the actual value and the new value."""
    plan = plan_of(aws, described(change("Notebook", ResourceDriftStatus="MODIFIED", **values)))
    table, markdown, _, page = shapes(plan)
    for text in (table, markdown):
        assert "VolumeSizeInGB: 50 -> 20 (last deployed 5, actual 50)" in text.replace("&#62;", ">")
    assert "last deployed: 5, actual: 50" in page
    for text in (table, markdown, page):
        assert "It was changed outside CloudFormation." in text
    (item,) = json.loads(show.as_json(plan))["changes"][0]["properties"]
    assert (item["drifted"], str(item["previous"]), str(item["actual"]), str(item["after"])) == (True, "5", "50", "20")


def test_ignored_attributes_are_shown_with_the_reason(aws: Aws) -> None:
    """The plan contains each attribute whose drift AWS ignores, with the reason, also one of a future AWS."""
    ignored = [
        {"Path": "/Properties/Password", "Reason": "WRITE_ONLY_PROPERTY"},
        {"Path": "/Properties/Count", "Reason": "MANAGED_BY_AWS"},
        {"Path": "/Properties/Other", "Reason": "LUNAR_PHASE"},
    ]
    plan = plan_of(aws, described(change("Notebook", ResourceDriftIgnoredAttributes=ignored)))
    table, markdown, _, page = shapes(plan)
    for text in (table, markdown, page):
        assert "AWS ignores the drift of Properties.Password: AWS does not return its value." in text
        assert "AWS ignores the drift of Properties.Count: an AWS service manages it." in text
        assert "LUNAR_PHASE" in text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("IN_SYNC", ""),
        ("NOT_CHECKED", ""),
        ("DELETED", "It was deleted outside CloudFormation."),
        ("UNKNOWN", "AWS could not determine"),
        ("UNSUPPORTED", "AWS cannot determine"),
        ("HAUNTED", "Its drift status is HAUNTED."),
    ],
)
def test_drift_status_of_a_resource(aws: Aws, status: str, text: str) -> None:
    """The plan contains the drift status of a resource in words, also one of a future AWS."""
    shown = show.table(plan_of(aws, described(change("Notebook", ResourceDriftStatus=status))))
    assert text in shown
    assert ("outside" in shown or "drift" in shown) is bool(text)


def test_findings_that_cannot_be_read_are_reported(aws: Aws) -> None:
    """Without the permission for DescribeEvents, each format contains the reason, and the plan can be executed."""
    aws.answers("describe_change_set", described(change("Notebook")))
    aws.refuses("describe_events", "AccessDenied")
    made = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    made.id = SET_ID
    plan = made.read()
    table, markdown, _, page = shapes(plan)
    for text in (table, markdown, page):
        assert "The findings of validations and hooks could not be read. DescribeEvents is not allowed" in text
    assert json.loads(show.as_json(plan))["validation_unread"]
    guard.check_plan(plan, allow_destructive=True)


WORDS = st.sampled_from(
    ["Add", "Modify", "Remove", "Dynamic", "True", "Conditional", "Always", "ReplaceAndDelete", "Snapshot", "Later", ""]
)
TARGETS = st.fixed_dictionaries(
    {},
    optional={
        "Attribute": WORDS,
        "Name": WORDS,
        "Path": st.sampled_from(["", "/", "/Properties/A", "/Properties/A/0"]),
        "RequiresRecreation": WORDS,
        "AttributeChangeType": WORDS,
        "BeforeValue": st.text(max_size=5),
        "Drift": st.fixed_dictionaries({}, optional={"PreviousValue": WORDS, "ActualValue": WORDS}),
    },
)
CONTEXTS = st.sampled_from(
    ["", "{", "null", "[]", "1", '{"Properties": {"A": 1}}', '{"Properties": null}', '{"A": [1]}']
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "LogicalResourceId": WORDS,
        "ResourceType": WORDS,
        "Action": WORDS,
        "PolicyAction": WORDS,
        "Replacement": WORDS,
        "ResourceDriftStatus": WORDS,
        "BeforeContext": CONTEXTS,
        "AfterContext": CONTEXTS,
        "PreviousDeploymentContext": CONTEXTS,
        "Details": st.lists(st.fixed_dictionaries({}, optional={"Target": TARGETS, "ChangeSource": WORDS}), max_size=3),
    },
)
ITEMS = st.lists(st.one_of(st.builds(lambda one: {"ResourceChange": one}, CHANGES), st.just({"Type": "Later"})))


@given(ITEMS)
@example([{"ResourceChange": {"Action": "Modify"}}, {"Type": "Later"}])
def test_unknown_values_never_fail(items: list[dict[str, Any]]) -> None:
    """Every answer of AWS is shown in every format. A change that is not known needs permission."""
    changes = resource_changes(items)
    assert len(changes) == len(items)
    plan = update_of(*changes)
    shapes(plan)
    known = ("Add", "Modify", "Remove", "Import", "SyncWithActual")
    strange = [one for one in items if one.get("ResourceChange", {}).get("Action") not in known]
    assert len([one for one in changes if one.guarded]) >= len(strange)
