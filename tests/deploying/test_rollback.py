"""Deployments without rollback, and rollbacks: the states in which they leave a stack, and the commands that work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from deploying.local_aws import Aws
from deploying.results import check_result

FAILING = Path(__file__).with_name("failing.yaml")
TOPIC = Path(__file__).with_name("topic.yaml")

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def gate(aws: Aws, name: str) -> str:
    """Create the bucket whose object named stuck prevents the rollback."""
    bucket = f"gate-{name.lower()}"
    aws.client("s3").create_bucket(Bucket=bucket)
    return bucket


@pytest.fixture
def deploy(aws: Aws, name: str, gate: str) -> Run:
    """Return a function that deploys the failing template."""

    def run(*arguments: str) -> CompletedProcess[str]:
        return aws.run("deploy", name, "--yes", "--set", f"Gate={gate}", *arguments, template=FAILING)

    return run


FAIL = ("--set", "Fail=true")
WORK = ("--set", "Fail=false")


def test_creation_without_rollback_is_continued(aws: Aws, name: str, deploy: Run) -> None:
    """A failed creation keeps its resources, names the commands that work, and is continued by the same option."""
    failed = deploy(*FAIL, "--no-rollback")
    assert (failed.returncode, aws.status(name)) == (1, "CREATE_FAILED"), failed.stderr
    assert "asked to fail" in failed.stderr
    assert "deploy with --no-rollback" in failed.stderr
    refused = deploy(*WORK)
    assert (refused.returncode, "Its creation failed, and rollback was disabled." in refused.stderr) == (1, True)
    assert f"scripts/deploy.py rollback {name}" in refused.stderr
    done = deploy(*WORK, "--no-rollback")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr


def test_rolling_back_a_creation_needs_the_name_of_the_stack(aws: Aws, name: str, deploy: Run) -> None:
    """A rollback of a failed creation shows the resources that it deletes, and waits for the name of the stack."""
    assert deploy(*FAIL, "--no-rollback").returncode == 1
    assert aws.run("rollback", name).returncode == 2
    for arguments in (["--yes"], ["--confirm", "other"]):
        refused = aws.run("rollback", name, *arguments)
        assert (refused.returncode, aws.status(name)) == (4, "CREATE_FAILED"), refused.stderr
        assert "- Queue (AWS::SQS::Queue)" in refused.stderr
    before = deploy(*WORK, "--continue-rollback")
    assert (before.returncode, aws.status(name)) == (4, "CREATE_FAILED"), before.stderr
    done = aws.run("rollback", name, "--confirm", name, "--json")
    assert (done.returncode, aws.status(name)) == (0, "ROLLBACK_COMPLETE"), done.stderr
    assert check_result("rollback", done.stdout)["status"] == "ROLLBACK_COMPLETE"
    queues = aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls", [])
    assert queues == []
    again = aws.run("rollback", name, "--yes", "--json")
    assert (again.returncode, check_result("rollback", again.stdout)["changed"]) == (0, False)


def test_protected_stack_is_not_rolled_back_to_nothing(aws: Aws, name: str, deploy: Run) -> None:
    """Termination protection also prevents a rollback that deletes the stack."""
    assert deploy(*FAIL, "--no-rollback").returncode == 1
    client = aws.client("cloudformation")
    client.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    refused = aws.run("rollback", name, "--confirm", name)
    assert (refused.returncode, aws.status(name)) == (1, "CREATE_FAILED")
    assert f"scripts/deploy.py destroy {name} --disable-protection" in refused.stderr


def test_failed_update_is_rolled_back(aws: Aws, name: str, deploy: Run) -> None:
    """After an update without rollback, a plan and a rollback work, and a second rollback has nothing to do."""
    assert deploy(*WORK).returncode == 0
    failed = deploy(*FAIL, "--no-rollback")
    assert (failed.returncode, aws.status(name)) == (1, "UPDATE_FAILED"), failed.stderr
    assert f"scripts/deploy.py rollback {name}" in failed.stderr
    refused = deploy(*WORK)
    assert (refused.returncode, aws.status(name)) == (1, "UPDATE_FAILED")
    planned = aws.run("plan", name, "--json", *WORK, template=FAILING)
    assert (planned.returncode, json.loads(planned.stdout)["rollback_disabled"]) == (0, True), planned.stderr
    skipped = aws.run("rollback", name, "--yes", "--skip", "First")
    assert (skipped.returncode, "applies only to a rollback that failed" in skipped.stderr) == (2, True)
    started = aws.run("rollback", name, "--yes", "--no-wait")
    assert (
        started.returncode,
        f"status --watch {name}" in started.stderr.replace(f"{name} --watch", f"--watch {name}"),
    ) == (0, True)
    done = aws.run("rollback", name, "--yes")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_ROLLBACK_COMPLETE"), done.stderr
    again = aws.run("rollback", name, "--yes")
    assert (again.returncode, "There is nothing to roll back." in again.stderr) == (0, True)


def test_deployment_rolls_back_first(aws: Aws, name: str, deploy: Run) -> None:
    """The option --continue-rollback rolls a failed update back and then deploys."""
    assert deploy(*WORK).returncode == 0
    assert deploy(*FAIL, "--no-rollback").returncode == 1
    done = deploy(*WORK, "--set", "QueueName=renamed", "--continue-rollback", "--allow-destructive")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr


def test_failed_rollback_is_continued_without_a_resource(aws: Aws, name: str, gate: str, deploy: Run) -> None:
    """A failed rollback names the commands that work, can fail again, and continues without a skipped resource."""
    assert deploy(*WORK).returncode == 0
    aws.client("s3").put_object(Bucket=gate, Key="stuck")
    failed = deploy(*FAIL)
    assert (failed.returncode, aws.status(name)) == (1, "UPDATE_ROLLBACK_FAILED"), failed.stderr
    for text in (f"rollback {name}", f"rollback {name} --skip A,B", "deploy with --continue-rollback"):
        assert text in failed.stderr
    again = aws.run("rollback", name, "--yes")
    assert (again.returncode, "The rollback of stack" in again.stderr) == (1, True), again.stderr
    wrong = aws.run("rollback", name, "--yes", "--skip", "Nothing")
    assert (wrong.returncode, "has no resource Nothing" in wrong.stderr) == (2, True), wrong.stderr
    working = aws.run("rollback", name, "--yes", "--skip", "Queue")
    assert (working.returncode, "can be skipped" in working.stderr) == (1, True), working.stderr
    done = aws.run("rollback", name, "--yes", "--skip", "First")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_ROLLBACK_COMPLETE"), done.stderr
    assert "= First" in done.stderr


def test_deployment_continues_a_failed_rollback(aws: Aws, name: str, gate: str, deploy: Run) -> None:
    """The options --continue-rollback and --skip of deploy continue a failed rollback and then deploy."""
    assert deploy(*WORK).returncode == 0
    aws.client("s3").put_object(Bucket=gate, Key="stuck")
    assert deploy(*FAIL).returncode == 1
    refused = deploy(*WORK, "--skip", "First")
    assert (refused.returncode, "--skip requires --continue-rollback" in refused.stderr) == (2, True)
    done = deploy(*WORK, "--set", "QueueName=renamed", "--continue-rollback", "--skip", "First", "--allow-destructive")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr


def test_replacement_without_rollback_is_refused_in_the_plan(aws: Aws, name: str, deploy: Run) -> None:
    """An update without rollback cannot replace a resource, so it ends with an error before it starts."""
    assert deploy(*WORK).returncode == 0
    change = ("--set", "QueueName=renamed", "--allow-destructive")
    refused = deploy(*change, "--no-rollback")
    assert (refused.returncode, aws.status(name), aws.change_sets(name)) == (1, "CREATE_COMPLETE", [])
    assert "AWS cannot replace a resource while rollback is disabled. Deploy without --no-rollback." in refused.stderr
    assert deploy(*FAIL, "--no-rollback").returncode == 1
    stuck = deploy(*WORK, *change, "--no-rollback")
    assert (stuck.returncode, aws.status(name)) == (1, "UPDATE_FAILED")
    assert f"Roll the stack back first (scripts/deploy.py rollback {name})" in stuck.stderr


@pytest.mark.parametrize("action", ["ROLLBACK", "DELETE", "DO_NOTHING"])
def test_command_line_of_a_pipeline_works_every_time(aws: Aws, name: str, action: str) -> None:
    """The same options create and update a stack. An option for creations is left out of the update, with a message."""
    command = ("deploy", name, "--yes", "--on-failure", action)
    first = aws.run(*command, template=TOPIC)
    assert (first.returncode, "is not used" in first.stderr) == (0, False), first.stderr
    second = aws.run(*command, "--set", "P=other", template=TOPIC)
    assert (second.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), second.stderr
    assert f"--on-failure {action} applies only to the creation of a stack." in second.stderr


def test_option_for_updates_is_left_out_of_a_creation(aws: Aws, name: str) -> None:
    """AWS reverts drift only in an update, so a creation says that it does not use the option."""
    done = aws.run("deploy", name, "--yes", "--revert-drift", template=TOPIC)
    assert (done.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), done.stderr
    assert "--revert-drift applies only to the update of a stack." in done.stderr


def test_creation_that_does_nothing_on_failure_is_continued(aws: Aws, name: str, deploy: Run) -> None:
    """A creation with --on-failure DO_NOTHING keeps its resources, and the same command line continues it."""
    failed = deploy(*FAIL, "--on-failure", "DO_NOTHING")
    assert (failed.returncode, aws.status(name)) == (1, "CREATE_FAILED"), failed.stderr
    done = deploy(*WORK, "--on-failure", "DO_NOTHING")
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr
    assert "is not used" not in done.stderr


def test_options_for_a_failure_that_contradict_each_other(aws: Aws, name: str) -> None:
    """A creation cannot both be deleted and be kept."""
    done = aws.run("deploy", name, "--yes", "--no-rollback", "--on-failure", "DELETE", template=TOPIC)
    assert (done.returncode, aws.status(name)) == (2, None)
    assert "contradict each other" in done.stderr
