"""Two runs side by side on one stack: neither harms the operation or the change set of the other."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import processes
import pytest
from terminals import terminal

from deploying.local_aws import SAMPLE, Aws
from deploying.proxy import Proxy, proxied
from deploying.stubs import NOW, REQUEST, SET_ID, STACK_ID, RecordingListener, event, stack, stubbed
from deploying.stubs import Aws as Stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy.change_sets.change_set import ChangeSet
from smtemplates.deploy.planning import planned
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request, operation_token, token_prefix

QUESTION = "[y/N] "
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def gated(name: str) -> list[str]:
    """Return the settings of a deployment that waits at the gate."""
    return ["--set", f"Gate=gate-{name.lower()}"]


def ended(process: processes.Started) -> str:
    """Wait for the end of a process, and return its messages."""
    _, messages = process.communicate(timeout=120)
    assert "Traceback" not in messages
    return messages


@pytest.fixture
def second(aws: Aws) -> Iterator[Proxy]:
    """Run a second proxy, for the second run."""
    with proxied(aws.url) as proxy:
        yield proxy


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_interrupting_the_second_run_detaches_it(
    aws: Aws, second: Proxy, name: str, gate: Callable[[], None], number: signal.Signals
) -> None:
    """A signal to a run that waits for the creation of another run ends only the waiting."""
    with proxied(aws.url) as proxy:
        proxy.hold("DescribeStackEvents")
        first = replace(aws, url=proxy.url).start("deploy", name, "--yes", *gated(name))
        assert proxy.arrived.wait(60)
        proxy.release()
        second.hold("DescribeStackEvents", passing=1)
        waiting = replace(aws, url=second.url).start("deploy", name, "--yes", "--wait", "--set", "Prefix=other")
        assert second.arrived.wait(60)
        waiting.send_signal(number)
        second.release()
        messages = ended(waiting)
        assert waiting.returncode == 130, messages
        assert f"continues in AWS. To watch it, run: scripts/deploy.py status --watch {name}" in messages
        gate()
        messages = ended(first)
    assert (first.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), messages


def test_second_run_waits_and_then_deploys(aws: Aws, second: Proxy, name: str, gate: Callable[[], None]) -> None:
    """With --wait, the second run deploys after the operation of the first one has failed."""
    with proxied(aws.url) as proxy:
        proxy.hold("DescribeStackEvents")
        aws.deployed(name)
        notebook = ["--set", "CreateNotebook=true"]  # an update with more to do after the gate can be cancelled
        first = replace(aws, url=proxy.url).start("deploy", name, "--yes", *gated(name), *notebook)
        assert proxy.arrived.wait(60)
        second.hold("DescribeStackEvents", passing=1)
        waiting = replace(aws, url=second.url).start(
            "deploy", name, "--yes", "--wait", "--set", "CreateNotebook=true", "--set", "Gate="
        )
        assert second.arrived.wait(60)
        aws.client("cloudformation").cancel_update_stack(StackName=name)
        proxy.release()
        second.release()
        gate()
        assert ended(first)
        messages = ended(waiting)
    assert first.returncode == 1
    assert (waiting.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), messages
    assert "NotebookName" in aws.outputs(name)


def test_two_runs_of_one_request(aws: Aws, second: Proxy, name: str, gate: Callable[[], None]) -> None:
    """The second run does not delete the change set of the first. It reports it, and follows its operation."""
    aws.deployed(name)
    settings = gated(name)
    with terminal(aws.command("deploy", name, *settings), aws.environment) as first:
        first.read_until(QUESTION)
        second.hold("DescribeChangeSet")
        other = replace(aws, url=second.url).start("deploy", name, "--yes", *settings)
        assert second.arrived.wait(60)
        first.type("y\n")
        first.read_until("Folders")
        second.release()
        gate()
        messages = ended(other)
        assert (first.process.wait(60), other.returncode) == (0, 0), messages
    assert "It waits for confirmation or a review, or it was stopped." in messages
    assert "Another run of this deployment has started the change." in messages
    assert aws.status(name) == "UPDATE_COMPLETE"
    assert aws.change_sets(name) == []


def test_declining_the_second_run_keeps_the_change_set_of_the_first(aws: Aws, name: str) -> None:
    """A second run that ends without an execution deletes only its change set; the first can be executed."""
    with terminal(aws.command("deploy", name), aws.environment) as first:
        first.read_until(QUESTION)
        with terminal(aws.command("deploy", name), aws.environment) as other:
            other.read_until(QUESTION)
            other.type("n\n")
            assert other.process.wait(60) == 130
        assert len(aws.change_sets(name)) == 1
        first.type("y\n")
        assert first.process.wait(60) == 0
    assert aws.status(name) == "CREATE_COMPLETE"


def test_two_plans_of_a_new_stack(aws: Aws, second: Proxy, name: str) -> None:
    """Two plans at the same time both succeed, and the last one deletes the stack without resources."""
    second.hold("DescribeChangeSet")
    first = replace(aws, url=second.url).start("plan", name)
    assert second.arrived.wait(60)
    other = aws.run("plan", name)
    assert (other.returncode, aws.status(name)) == (0, "REVIEW_IN_PROGRESS"), other.stderr
    assert f"scripts/deploy.py destroy {name}" in other.stderr
    second.release()
    messages = ended(first)
    assert (first.returncode, aws.status(name)) == (0, None), messages


def test_two_destructions(aws: Aws, second: Proxy, name: str) -> None:
    """Two runs of destroy at the same time both end when the stack is deleted."""
    aws.deployed(name)
    second.hold("DescribeStacks")
    first = replace(aws, url=second.url).start("destroy", name, "--confirm", name)
    assert second.arrived.wait(60)
    other = aws.run("destroy", name, "--confirm", name)
    assert other.returncode == 0, other.stderr
    second.release()
    messages = ended(first)
    assert aws.status(name) is None
    assert first.returncode in (0, 1), messages


def test_change_after_the_plan(aws: Aws, second: Proxy, name: str) -> None:
    """If another actor changes the stack after the plan, nothing is executed, and the message recommends a new plan."""
    aws.deployed(name)
    second.hold("DescribeChangeSet")
    planning = replace(aws, url=second.url).start("deploy", name, "--yes", "--set", "Prefix=mine")
    assert second.arrived.wait(60)
    aws.deployed(name, "Prefix=theirs")
    second.release()
    messages = ended(planning)
    assert planning.returncode == 1
    assert "Nothing was executed. Repeat this command to plan again." in messages
    assert {one["ParameterKey"]: one["ParameterValue"] for one in parameters(aws, name)}["Prefix"] == "theirs"


def parameters(aws: Aws, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0][
        "Parameters"
    ]
    return found


def test_started_and_not_followed(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """With --no-wait, deploy returns while AWS creates the stack, and `status --watch` follows the creation."""
    done = aws.run("deploy", name, "--yes", "--no-wait", "--json", *gated(name))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "CREATE_IN_PROGRESS"
    assert f"scripts/deploy.py status --watch {name}" in done.stderr
    again = aws.run("deploy", name, "--yes", "--no-wait", *gated(name))
    assert again.returncode == 0, again.stderr
    watching = aws.start("status", name, "--watch")
    gate()
    messages = ended(watching)
    assert (watching.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), messages


@pytest.mark.parametrize("option", [["--termination-protection"], ["--stack-policy", str(SAMPLE)]])
def test_settings_after_the_end_need_the_end(aws: Aws, name: str, option: list[str]) -> None:
    """--no-wait is rejected with the settings that are made after the operation."""
    done = aws.run("deploy", name, "--yes", "--no-wait", *option)
    assert (done.returncode, aws.status(name)) == (2, None)
    assert option[0] in done.stderr


@pytest.mark.parametrize("exists", [False, True])
def test_secret_request_has_random_names(aws: Aws, name: str, *, exists: bool) -> None:
    """Two equal requests with a NoEcho value have different names, and neither is taken for the other."""
    if exists:
        aws.deployed(name)
    names = set()
    for _ in range(2):
        done = aws.run("plan", name, "--keep-change-set", "--json", "--set", "Secret=hunter2", "--set", "Prefix=other")
        assert done.returncode == 0, done.stderr
        assert "Another run" not in done.stderr
        names = set(aws.change_sets(name))
    assert len(names) == 2


def secret(value: str) -> Request:
    return replace(REQUEST, settings=Settings(parameters={"Password": value}))


def test_fingerprint_of_a_secret_request_is_random() -> None:
    """The fingerprint of a request with a NoEcho value is the same within a run only."""
    first, other = secret("hunter2"), secret("hunter2")
    assert first.fingerprint == first.fingerprint
    assert first.fingerprint != other.fingerprint
    without = replace(REQUEST, settings=Settings())
    assert without.fingerprint == replace(without).fingerprint


def test_secret_default_counts_as_a_secret_value() -> None:
    """A NoEcho parameter with a default in the template makes the fingerprint random too."""
    content = {"Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": "hunter2"}}, "Resources": {}}
    template = replace(REQUEST.template, body=json.dumps(content), content=content)
    requests = [replace(REQUEST, template=template, settings=Settings()) for _ in range(2)]
    assert requests[0].fingerprint != requests[1].fingerprint


def test_token_is_unique() -> None:
    """Two runs with the same change set have different tokens with a common start."""
    first, other = operation_token("f", SET_ID), operation_token("f", SET_ID)
    assert first != other
    assert first.startswith(token_prefix("f"))
    assert len(first) <= 128


@pytest.fixture
def aws_answers() -> Iterator[Stubbed]:
    with stubbed() as answers:
        yield answers


PLAIN = replace(REQUEST, settings=Settings())
OLD = event(1, "team", "CREATE_COMPLETE", operation="old")


def prepare(answers: Stubbed, request: Request, options: Options, purpose: str = "deploy") -> list[str]:
    """Plan until the change set is created, which AWS rejects here, and return the messages."""
    answers.refuses("create_change_set", "Stop")
    listener = RecordingListener()
    with (
        pytest.raises(Exception, match="CreateChangeSet failed"),
        planned(answers.cloud, request, options, listener, purpose=purpose),
    ):
        pass
    return listener.messages


@pytest.mark.parametrize("end", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", None])
def test_waiting_ends_with_every_result(aws_answers: Stubbed, end: str | None) -> None:
    """With --wait, a failed update or a deletion of another actor is waited for, and then the stack is deployed."""
    kind = "UPDATE" if end else "DELETE"
    started = event(2, "team", f"{kind}_IN_PROGRESS", operation="other")
    aws_answers.answers("describe_stacks", {"Stacks": [stack(f"{kind}_IN_PROGRESS")]})
    if end is None:
        aws_answers.answers(
            "describe_stack_events", {"StackEvents": [started, OLD, event(0, "team", "CREATE_IN_PROGRESS")]}
        )
    aws_answers.answers("describe_stack_events", {"StackEvents": [started, OLD]})
    for _ in range(2 if end else 1):
        last = event(3, "team", end or "DELETE_COMPLETE", operation="other")
        aws_answers.answers("describe_stack_events", {"StackEvents": [last, started, OLD]})
        aws_answers.answers("describe_stacks", {"Stacks": [stack(end or "DELETE_COMPLETE")]})
    if end:
        aws_answers.answers("describe_stacks", {"Stacks": [stack(end)]})
    else:
        aws_answers.refuses("describe_stacks", "ValidationError", "Stack team does not exist")
    messages = prepare(aws_answers, PLAIN, Options(wait=True))
    assert any("Waiting for the operation" in message for message in messages)


@pytest.mark.parametrize("purpose", ["deploy", "plan"])
def test_stack_without_resources_in_deletion_is_waited_for(aws_answers: Stubbed, purpose: str) -> None:
    """A stack that an earlier plan created and that AWS is deleting is waited for, without --wait."""
    deleting = {"Stacks": [stack("DELETE_IN_PROGRESS")]}
    aws_answers.answers("describe_stacks", deleting)
    events = [event(2, "team", "DELETE_IN_PROGRESS"), event(1, "team", "REVIEW_IN_PROGRESS")]
    aws_answers.answers("describe_stack_events", {"StackEvents": events})
    aws_answers.answers("describe_stacks", deleting)
    aws_answers.answers("describe_stacks", {"Stacks": [stack("DELETE_COMPLETE")]})
    aws_answers.refuses("describe_stacks", "ValidationError", "Stack team does not exist")
    messages = prepare(aws_answers, PLAIN, Options(), purpose)
    assert any("which has no resources" in message for message in messages)


def test_operation_of_a_secret_request_is_not_adopted(aws_answers: Stubbed) -> None:
    """The operation of another run with the same NoEcho value counts as another operation."""
    token = f"{token_prefix(secret('hunter2').fingerprint)}1"
    aws_answers.answers("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    aws_answers.answers(
        "describe_stack_events", {"StackEvents": [event(2, "team", "UPDATE_IN_PROGRESS", operation=token)]}
    )
    with (
        pytest.raises(DeploymentError, match="Another operation is in progress"),
        planned(aws_answers.cloud, secret("hunter2"), Options(), RecordingListener(), purpose="deploy"),
    ):
        pass


def summary(**more: Any) -> dict[str, Any]:
    return {"ChangeSetId": SET_ID, "StackId": STACK_ID, "Status": "CREATE_COMPLETE", "CreationTime": NOW, **more}


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"Status": "CREATE_IN_PROGRESS"}, "is creating change set"),
        ({"ExecutionStatus": "AVAILABLE"}, "delete-change-set --change-set-name"),
        ({"ExecutionStatus": "EXECUTE_IN_PROGRESS"}, "is executing change set"),
    ],
)
def test_progress_of_the_other_run_is_reported(aws_answers: Stubbed, described: dict[str, Any], message: str) -> None:
    """The second run reports the progress of the first, and creates a change set with another name."""
    listener, sent = RecordingListener(), []
    aws_answers.cloud.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: sent.append(params["ChangeSetName"])
    )
    change_set = ChangeSet(aws_answers.cloud, PLAIN, None, purpose="deploy")
    aws_answers.refuses("create_change_set", "AlreadyExistsException")
    aws_answers.answers("list_change_sets", {"Summaries": [summary(ChangeSetName=change_set.name, **described)]})
    aws_answers.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    change_set.create(listener)
    assert message in "".join(listener.messages)
    assert len(set(sent)) == 2


def test_lost_answer_does_not_create_a_second_change_set(aws_answers: Stubbed) -> None:
    """A change set whose description names this run is that of a call whose answer was lost."""
    change_set = ChangeSet(aws_answers.cloud, PLAIN, None, purpose="deploy")
    sent: list[str] = []
    aws_answers.cloud.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: sent.append(params["Description"])
    )
    aws_answers.refuses("create_change_set", "AlreadyExistsException")
    hooks = aws_answers.cloud.client("cloudformation").meta.events
    own = summary(ChangeSetName=change_set.name)
    hooks.register("provide-client-params.cloudformation.ListChangeSets", lambda **_: own.update(Description=sent[0]))
    aws_answers.answers("list_change_sets", {"Summaries": [own]})
    change_set.create(RecordingListener())
    assert change_set.id == SET_ID


def test_placeholder_that_may_not_be_deleted_is_reported(aws_answers: Stubbed) -> None:
    """Without permission for DeleteStack, the message names the stack that remains, not the deleted change set."""
    change_set, listener = ChangeSet(aws_answers.cloud, PLAIN, None, purpose="plan"), RecordingListener()
    aws_answers.answers("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    change_set.create(listener)
    aws_answers.answers("delete_change_set", {})
    aws_answers.answers("describe_stacks", {"Stacks": [stack("REVIEW_IN_PROGRESS")]})
    aws_answers.answers("list_change_sets", {"Summaries": []})
    aws_answers.refuses("delete_stack", "AccessDenied")
    assert change_set.remove(listener) is None
    (message,) = listener.messages
    assert message.startswith("Stack team, which has no resources, was not deleted.")
    assert "To delete it instead, run: smtemplates destroy team" in message
