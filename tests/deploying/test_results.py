"""Results in JSON: their schema, and the result of a command that fails."""

from __future__ import annotations

import json

import pytest

from deploying.local_aws import Aws
from deploying.results import check_result


@pytest.mark.parametrize("command", ["plan", "deploy", "status", "outputs", "drift"])
def test_each_result_has_the_version_of_its_schema(aws: Aws, name: str, command: str) -> None:
    """Every field of the result of a command is in the schema."""
    aws.deployed(name)
    yes = ["--yes"] if command == "deploy" else []
    done = aws.run(command, name, *yes, "--json")
    assert check_result(command, done.stdout)["schema"] == 1


@pytest.mark.parametrize("command", ["plan", "deploy", "status", "outputs", "drift"])
def test_a_failure_is_a_result(aws: Aws, name: str, command: str) -> None:
    """A program reads from the result why a command failed, and the exit code is the same."""
    arguments = ["--yes"] if command == "deploy" else []
    if command in ("plan", "deploy"):
        arguments += ["--set", "NoSuchParameter=1"]
    done = aws.run(command, name, *arguments, "--json")
    failure = check_result("failure", done.stdout)
    assert failure["stack"] == name
    assert failure["error"]["exit_code"] == done.returncode != 0
    assert failure["error"]["message"] in done.stderr


def test_a_failed_deployment_returns_the_status_of_the_stack(aws: Aws, name: str) -> None:
    """After a rollback, the result contains the cause and the status of the stack."""
    aws.deployed(name)
    done = aws.run("deploy", name, "--yes", "--set", "Fail=true", "--json")
    failure = check_result("failure", done.stdout)
    assert (done.returncode, failure["status"]) == (1, "UPDATE_ROLLBACK_COMPLETE"), done.stderr
    assert "The first cause is" in failure["error"]["message"]


def test_the_status_of_a_deleted_stack_is_a_result(aws: Aws, name: str) -> None:
    """A program that watches a deletion reads its end from the result."""
    aws.deployed(name)
    found = json.loads(aws.run("status", name, "--json").stdout)
    assert aws.run("destroy", name, "--confirm", name).returncode == 0
    done = aws.run("status", found["id"], "--watch", "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, "DELETE_COMPLETE"), done.stderr
