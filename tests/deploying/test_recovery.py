"""Rollbacks with answers of AWS that the local cloud does not give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploying.stubs import REQUEST, STACK_ID, Aws, RecordingListener, event, stack, stubbed, update_of
from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError
from smtemplates.deploy import recovery
from smtemplates.deploy.change_sets.change_plan import ResourceChange
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.planning import planned
from smtemplates.deploy.requests.request import Options
from smtemplates.errors import UsageError

CHILD_ID = STACK_ID.replace("stack/team/", "stack/team-Child-1ABC/")
GRANDCHILD_ID = STACK_ID.replace("stack/team/", "stack/team-Child-1ABC-Inner-2DEF/")
BEFORE_CREATION = [event(2, "team", "CREATE_FAILED"), event(1, "team", "CREATE_IN_PROGRESS")]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def found(status: str, **more: Any) -> Stack:
    return stacks.read(stack(status, **more))


def resource(logical_id: str, status: str, kind: str = "AWS::SQS::Queue", physical_id: str = "x") -> dict[str, Any]:
    return {
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": kind,
        "ResourceStatus": status,
        "LastUpdatedTimestamp": event(1, "x", "y")["Timestamp"],
    }


def resources(aws: Aws, stack_id: str, *items: dict[str, Any]) -> None:
    aws.answers("list_stack_resources", {"StackResourceSummaries": list(items)}, {"StackName": stack_id})


def test_skipped_resource_of_a_nested_stack_has_the_name_of_its_stack(aws: Aws) -> None:
    """A path of logical IDs is translated: AWS expects the name of the nested stack, not its logical ID."""
    nested = "AWS::CloudFormation::Stack"
    resources(aws, STACK_ID, resource("Child", "UPDATE_FAILED", nested, CHILD_ID))
    resources(aws, CHILD_ID, resource("Inner", "UPDATE_FAILED", nested, GRANDCHILD_ID))
    resources(aws, GRANDCHILD_ID, resource("Queue", "UPDATE_FAILED"))
    resources(aws, STACK_ID, resource("Top", "UPDATE_FAILED"))
    rollback = recovery.plan_rollback(aws.cloud, found("UPDATE_ROLLBACK_FAILED"), ["Child.Inner.Queue", "Top"])
    assert rollback.skipped == ("team-Child-1ABC-Inner-2DEF.Queue", "Top")


def test_skipped_resource_that_does_not_exist_is_an_error(aws: Aws) -> None:
    """A wrong path is bad input. The message contains the resources whose rollback failed."""
    cancelled = {**resource("Other", "UPDATE_FAILED"), "ResourceStatusReason": "Resource update cancelled"}
    resources(aws, STACK_ID, resource("Queue", "UPDATE_FAILED"), resource("Topic", "UPDATE_COMPLETE"), cancelled)
    with pytest.raises(UsageError, match=r"no resource Queu, .* The rollback of these resources failed: Queue\. "):
        recovery.plan_rollback(aws.cloud, found("UPDATE_ROLLBACK_FAILED"), ["Queu"])
    resources(aws, STACK_ID, resource("Queue", "UPDATE_FAILED"))
    with pytest.raises(UsageError, match="has no nested stack Queue"):
        recovery.plan_rollback(aws.cloud, found("UPDATE_ROLLBACK_FAILED"), ["Queue.Inner"])


def test_rollback_returns_to_the_last_stable_state(aws: Aws) -> None:
    """An earlier success in the events of the stack means that a rollback does not delete the stack."""
    pages = [event(4, "team", "UPDATE_FAILED"), event(3, "team", "UPDATE_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": pages, "NextToken": "more"})
    aws.answers("describe_stack_events", {"StackEvents": [event(2, "team", "CREATE_COMPLETE")]})
    assert recovery.plan_rollback(aws.cloud, found("UPDATE_FAILED")).deletes is False


@pytest.mark.parametrize("older", [BEFORE_CREATION, []])
def test_rollback_without_a_visible_stable_state_is_guarded(aws: Aws, older: list[dict[str, Any]]) -> None:
    """A stack that was never stable, or whose events AWS no longer lists, is treated as one that is deleted."""
    failed = [event(4, "team", "UPDATE_FAILED"), event(3, "team", "UPDATE_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": [*failed, *older]})
    policies = {"Keep": "Retain", "New": "RetainExceptOnCreate"}
    declared = {name: {"Type": "AWS::SQS::Queue", "DeletionPolicy": policy} for name, policy in policies.items()}
    aws.answers("get_template", {"TemplateBody": json.dumps({"Resources": declared})})
    resources(aws, STACK_ID, resource("Keep", "CREATE_COMPLETE"), resource("New", "CREATE_COMPLETE"))
    rollback = recovery.plan_rollback(aws.cloud, found("UPDATE_FAILED"))
    assert rollback.deletes
    assert [item.logical_id for item in rollback.deleted] == ["New"]
    assert [item.logical_id for item in rollback.retained] == ["Keep"]
    with pytest.raises(RefusedError, match=r"rolling it back deletes it.*rollback team"):
        recovery.check_before_deployment(rollback)


def test_rollback_that_deletes_the_stack_succeeds(aws: Aws) -> None:
    """If AWS deletes the stack, the rollback has succeeded, and the rollback is an identified operation."""
    before = BEFORE_CREATION
    rollback = recovery.Rollback(stack=found("CREATE_FAILED"), operation="rollback_stack", deletes=True)
    aws.answers("describe_stack_events", {"StackEvents": before})
    aws.answers("rollback_stack", {"StackId": STACK_ID, "OperationId": "1"})
    deleted = [event(4, "team", "DELETE_COMPLETE"), event(3, "team", "ROLLBACK_IN_PROGRESS")]
    aws.answers("describe_stack_events", {"StackEvents": [*deleted, *before]})
    aws.refuses("describe_stacks", "ValidationError", "Stack with id team does not exist")
    assert recovery.roll_back(aws.cloud, rollback, RecordingListener(), deadline=None) is None


def test_rejected_rollback_is_reported(aws: Aws) -> None:
    """If AWS rejects a skipped resource and the stack is unchanged, the message explains which can be skipped."""
    rollback = recovery.Rollback(
        stack=found("UPDATE_ROLLBACK_FAILED"), operation="continue_update_rollback", skipped=("Queue",)
    )
    aws.answers("describe_stack_events", {"StackEvents": BEFORE_CREATION})
    aws.refuses("continue_update_rollback", "ValidationError", "Queue cannot be skipped")
    aws.answers("describe_stacks", {"Stacks": [stack("UPDATE_ROLLBACK_FAILED")]})
    with pytest.raises(CloudError, match=r"Queue cannot be skipped\. Only resources whose rollback failed"):
        recovery.roll_back(aws.cloud, rollback, RecordingListener(), deadline=None)


def test_replacement_in_a_nested_stack_is_refused_without_rollback() -> None:
    """AWS also rejects the replacement of a resource in a nested stack while rollback is disabled."""
    queue = ResourceChange(logical_id="Queue", type="AWS::SQS::Queue", fate="replace", stack_path="Child")
    child = ResourceChange(logical_id="Child", type="AWS::CloudFormation::Stack", fate="update", nested=(queue,))
    plan = update_of(child)
    findings = recovery.without_rollback(plan, None, disabled=True).findings
    assert [(one.resource, one.fatal) for one in findings] == [("Child/Queue", True)]


DO_NOTHING = (
    "This stack cannot be updated from [CREATE_FAILED] state because it contains [on-failure: DO_NOTHING]. Please use "
    "disable-rollback option instead during stack creation."
)
NON_TERMINAL = (
    "This stack is currently in a non-terminal [UPDATE_FAILED] state. To update the stack from this state, please use "
    "the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the "
    "rollback-stack API"
)


@pytest.mark.parametrize(
    ("status", "answer", "offered"),
    [("CREATE_FAILED", DO_NOTHING, False), ("UPDATE_FAILED", NON_TERMINAL, True)],
)
def test_options_of_the_api_are_translated(aws: Aws, status: str, answer: str, *, offered: bool) -> None:
    """A stack that was created with OnStackFailure=DO_NOTHING is never updated. The message names our own commands."""
    aws.answers("describe_stacks", {"Stacks": [stack(status)]})
    aws.refuses("create_change_set", "ValidationError", answer)
    request = replace(REQUEST, on_failure="DO_NOTHING")
    with (
        pytest.raises(DeploymentError) as caught,
        planned(aws.cloud, request, Options(no_rollback=True), RecordingListener(), purpose="deploy"),
    ):
        pass
    text = str(caught.value)
    assert answer.split(".", maxsplit=1)[0] in text
    assert "run: smtemplates rollback team" in text
    assert ("deploy with --no-rollback" in text) is offered
