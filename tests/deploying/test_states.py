"""Every status of a stack has a sentence and commands that the parser and AWS accept in that status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploying.local_aws import SDK
from deploying.stubs import REQUEST, Aws, RecordingListener, event, stack, stubbed
from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.cli.parser import parser
from smtemplates.deploy.commands import recovery, reports
from smtemplates.deploy.operations import states
from smtemplates.deploy.planning import planned
from smtemplates.deploy.requests.request import Options
from smtemplates.errors import Error

MODEL: Any = SDK.client("cloudformation", region_name="us-east-1").meta.service_model
STATUSES: list[str] = MODEL.shape_for("StackStatus").enum
RUNNING = {status for status in STATUSES if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"}
OWN = [{"Key": "smtemplates:deployer", "Value": "deploy"}]

# The statuses in which AWS accepts the operations of a command.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackStack.html
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
FAILED = {"CREATE_FAILED", "UPDATE_FAILED"}
STABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
DELETABLE = set(STATUSES) - RUNNING - {"DELETE_COMPLETE"}
ACCEPTED = {
    ("status", ""): set(STATUSES),
    ("status", "--watch"): RUNNING,
    ("deploy", "--wait"): RUNNING,
    ("deploy", ""): STABLE | {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"},
    ("deploy", "--no-rollback"): FAILED,
    ("deploy", "--continue-rollback"): {"UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"},
    ("deploy", "--recreate"): DELETABLE - STABLE,
    ("rollback", ""): FAILED | {"UPDATE_ROLLBACK_FAILED"},
    ("rollback", "--skip A,B"): {"UPDATE_ROLLBACK_FAILED"},
    ("destroy", ""): DELETABLE,
    ("destroy", "--retain A,B"): {"DELETE_FAILED"},
    ("destroy", "--force"): {"DELETE_FAILED"},
}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with stubbed() as aws:
        yield aws


def answer_status(aws: Aws, status: str) -> None:
    aws.answers("describe_stacks", {"Stacks": [stack(status, Tags=OWN)]})


def answer_deployable(aws: Aws, status: str) -> None:
    """Add the answers for a stack in this status, and the events that show that it has resources."""
    answer_status(aws, status)
    if status == "DELETE_IN_PROGRESS":
        events = [
            event(3, "Domain", "DELETE_IN_PROGRESS"),
            event(2, "team", status),
            event(1, "team", "CREATE_COMPLETE"),
        ]
        aws.answers("describe_stack_events", {"StackEvents": events})


def test_every_status_of_the_model_has_a_row() -> None:
    """The table has a row for each status that AWS can return, and no other row."""
    assert set(states.STATES) == set(STATUSES)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_recommended_commands_are_valid(status: str, *, own: bool) -> None:
    """The parser accepts each command that a status recommends, and AWS accepts its operation in that status."""
    ways = states.ways_of(status, own=own)
    assert ways
    for way in ways:
        parser().parse_args([way.command, "team", *way.options.split()])
        assert status in ACCEPTED[way.command, way.options], way
        if way.command == "deploy":
            assert states.next_step("team", status, [way.options], own=own)


@pytest.mark.parametrize("status", [status for status in STATUSES if states.STATES[status].step is None])
def test_deployment_names_the_commands_that_work(aws: Aws, status: str) -> None:
    """A deployment in a failed status ends with the meaning of the status and the commands that work."""
    answer_status(aws, status)
    with (
        pytest.raises(DeploymentError) as caught,
        planned(aws.cloud, REQUEST, Options(), RecordingListener(), purpose="deploy"),
    ):
        pass
    text = str(caught.value)
    assert text == "\n".join([states.description("team", status), *states.next_commands("team", status, own=True)])


@pytest.mark.parametrize("status", sorted(RUNNING))
def test_deployment_during_an_operation_names_the_commands_that_work(aws: Aws, status: str) -> None:
    """A deployment during an operation of another actor says how to watch it and how to wait for it."""
    answer_deployable(aws, status)
    aws.answers("describe_stack_events", {"StackEvents": [event(1, "team", "UPDATE_IN_PROGRESS")]})
    with (
        pytest.raises(DeploymentError, match=r"(?s)--wait.*status --watch team"),
        planned(aws.cloud, REQUEST, Options(), RecordingListener(), purpose="deploy"),
    ):
        pass


@pytest.mark.parametrize("status", STATUSES)
def test_plan_shows_changes_or_names_the_commands_that_work(aws: Aws, status: str) -> None:
    """A plan reaches CreateChangeSet in the statuses in which AWS accepts it, and otherwise names the next commands."""
    answer_deployable(aws, status)
    planable = status in STABLE | FAILED | {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}
    if planable:
        aws.refuses("create_change_set", "Reached")
    with pytest.raises(Error) as caught, planned(aws.cloud, REQUEST, Options(), RecordingListener(), purpose="plan"):
        pass
    if planable:
        assert isinstance(caught.value, CloudError)
        assert caught.value.code == "Reached"
    else:
        assert states.description("team", status) in str(caught.value)
        for text in states.next_commands("team", status, own=True):
            assert text in str(caught.value)


@pytest.mark.parametrize("status", STATUSES)
def test_status_shows_the_commands_that_work(aws: Aws, capsys: pytest.CaptureFixture[str], status: str) -> None:
    """The status of a stack contains its meaning and the next commands."""
    answer_status(aws, status)
    aws.answers("list_stack_resources", {"StackResourceSummaries": []})
    assert reports.status(aws.cloud, "team", watch=False, as_json=False) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert states.description("team", status) in printed
    for text in states.next_commands("team", status, own=True):
        assert text in printed


@pytest.mark.parametrize("status", sorted(set(STATUSES) - states.ROLLBACKS.keys() - states.ROLLING_BACK))
def test_rollback_changes_nothing_in_other_statuses(aws: Aws, capsys: pytest.CaptureFixture[str], status: str) -> None:
    """A rollback in another status reports that there is nothing to roll back, or names the commands that work."""
    answer_status(aws, status)
    if status in STABLE | {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"}:
        assert recovery.rollback(aws.cloud, "team", yes=True) == 0
        assert "There is nothing to roll back." in capsys.readouterr().err
        return
    with pytest.raises(DeploymentError) as caught:
        recovery.rollback(aws.cloud, "team", yes=True)
    assert states.description("team", status) in str(caught.value)
    for text in states.next_commands("team", status, own=True):
        assert text in str(caught.value)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"])
def test_stack_of_another_tool_is_not_recreated(aws: Aws, status: str) -> None:
    """A stack without the tag of this deployer is not deleted to create it again. The message names other commands."""
    aws.answers("describe_stacks", {"Stacks": [stack(status)]})
    with (
        pytest.raises(DeploymentError, match="This deployer did not create the stack") as caught,
        planned(aws.cloud, REQUEST, Options(recreate=True), RecordingListener(), purpose="deploy"),
    ):
        pass
    assert "--recreate" not in str(caught.value)
    assert states.next_commands("team", status, own=False)[-1] in str(caught.value)


def test_status_that_aws_adds_later() -> None:
    """An unknown status is not an exception: an operation in progress is waited for, and other statuses are shown."""
    assert states.next_step("team", "REPAIR_IN_PROGRESS", [], own=True) == "wait"
    with pytest.raises(DeploymentError, match=r"REPAIR_FAILED. This deployer does not support this status.\n.*status"):
        states.next_step("team", "REPAIR_FAILED", [], own=True)
