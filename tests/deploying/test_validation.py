"""The findings of AWS on a change set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploying.stubs import REQUEST, SET_ID, Aws, described, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets.validation import read_validation

INVALID = {
    "EventType": "VALIDATION_ERROR",
    "LogicalResourceId": "Notebook",
    "ValidationName": "PROPERTY_VALIDATION",
    "ValidationPath": "/Resources/Notebook/Properties/InstanceType",
    "ValidationStatusReason": "not a valid value",
    "ValidationStatus": "FAILED",
    "ValidationFailureMode": "FAIL",
}
REFUSED_BY_HOOK = {
    "EventType": "HOOK_INVOCATION_ERROR",
    "LogicalResourceId": "Bucket",
    "HookType": "Company::Security::Encryption",
    "HookStatus": "HOOK_COMPLETE_FAILED",
    "HookStatusReason": "The bucket has no KMS key",
    "HookFailureMode": "FAIL",
}
NOT_PROVISIONED = {
    "EventType": "PROVISIONING_ERROR",
    "LogicalResourceId": "Table",
    "ResourceStatus": "CREATE_FAILED",
    "ResourceStatusReason": "Table team already exists",
}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


@pytest.mark.parametrize(
    ("event", "text", "fatal"),
    [
        (INVALID, "Notebook /Resources/Notebook/Properties/InstanceType: not a valid value", True),
        ({**INVALID, "ValidationFailureMode": "WARN"}, "not a valid value (PROPERTY_VALIDATION)", False),
        ({**INVALID, "ValidationStatus": "SKIPPED"}, "not a valid value", False),
        (REFUSED_BY_HOOK, "Bucket: The bucket has no KMS key (hook Company::Security::Encryption)", True),
        ({**REFUSED_BY_HOOK, "HookFailureMode": "WARN"}, "The bucket has no KMS key", False),
        (NOT_PROVISIONED, "Table: Table team already exists", False),
    ],
)
def test_message_on_a_rejected_change_set_contains_the_findings(
    aws: Aws,
    event: dict[str, Any],
    text: str,
    fatal: bool,  # noqa: FBT001 a row of the table
) -> None:
    """If AWS cannot create a change set, the message contains the finding in addition to the general reason."""
    general = "The following hook(s)/validation failed. To troubleshoot, use the DescribeEvents API."
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason=general))
    progress = {"EventType": "STACK_EVENT", "LogicalResourceId": "team", "ResourceStatusReason": "not a finding"}
    aws.answers("describe_events", {"OperationEvents": [progress, event, event]}, {"ChangeSetName": SET_ID})
    if not fatal:
        aws.answers("list_hook_results", {"HookResults": []}, {"TargetType": "CHANGE_SET", "TargetId": SET_ID})
    change_set = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    change_set.id = SET_ID
    with pytest.raises(DeploymentError) as error:
        change_set.read()
    assert general in str(error.value)
    assert str(error.value).count(text) == 1
    assert "not a finding" not in str(error.value)
    aws.answers("describe_events", {"OperationEvents": [event]})
    assert [one.fatal for one in read_validation(aws.cloud, SET_ID).findings] == [fatal]


def test_warnings_do_not_hide_the_finding_that_refused_the_change_set(aws: Aws) -> None:
    """If one finding is an error, the warnings are not among the causes."""
    aws.answers("describe_events", {"OperationEvents": [{**INVALID, "ValidationFailureMode": "WARN"}, REFUSED_BY_HOOK]})
    found = read_validation(aws.cloud, SET_ID)
    assert [one.source for one in found.findings] == ["validation", "hook"]
    assert [one.source for one in found.causes()] == ["hook"]


def test_missing_permission_to_read_the_findings(aws: Aws) -> None:
    """Without the permission to read the findings, the message contains that error and the general reason."""
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason="The following hook(s) failed"))
    aws.refuses("describe_events", "AccessDenied", "not authorized to perform cloudformation:DescribeEvents")
    aws.refuses("list_hook_results", "AccessDenied", "not authorized to perform cloudformation:ListHookResults")
    with pytest.raises(DeploymentError) as error:
        change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan").read()
    assert "The following hook(s) failed." in str(error.value)
    assert "cloudformation:DescribeEvents" in str(error.value)


def test_endpoint_without_the_operation_has_no_findings(aws: Aws) -> None:
    """An endpoint that does not know the operation has no findings and no problem."""
    aws.refuses("describe_events", "InvalidAction")
    found = read_validation(aws.cloud, SET_ID)
    assert (found.findings, found.unread) == ((), "")


def test_hook_whose_result_is_not_an_event(aws: Aws) -> None:
    """The reason of a Hook that the events of the change set do not contain is read from the results of Hooks."""
    general = "The following hook(s) failed: [Company::Security::Encryption]"
    aws.answers("describe_change_set", described(Status="FAILED", StatusReason=general))
    aws.answers("describe_events", {"OperationEvents": []})
    result = {"TypeName": "Company::Security::Encryption", "Status": "HOOK_COMPLETE_FAILED", "FailureMode": "FAIL"}
    warning = {**result, "FailureMode": "WARN", "HookStatusReason": "only a warning"}
    passed = {**result, "Status": "HOOK_COMPLETE_SUCCEEDED", "HookStatusReason": "all is well"}
    failed = {**result, "HookStatusReason": "Bucket has no KMS key"}
    aws.answers("list_hook_results", {"HookResults": [warning, passed, failed]})
    change_set = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    change_set.id = SET_ID
    with pytest.raises(DeploymentError) as error:
        change_set.read()
    assert "  Bucket has no KMS key (hook Company::Security::Encryption)" in str(error.value)
    assert "warning" not in str(error.value)
    assert "all is well" not in str(error.value)
