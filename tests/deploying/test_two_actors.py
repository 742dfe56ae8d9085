"""The matrix of the second actor, who starts, ends or deletes an operation on the stack at every step of a command."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploying.acting import Actors, Answer, each_effect
from deploying.local_aws import Aws
from deploying.matrix import Tally, tallied
from deploying.test_faults import CODES, TEMPLATE
from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.errors import Error

PAUSES = 300  # more than any of these commands needs: a command with more of them hangs
MINE, THEIRS = "7", "5"


class Step:
    """A command on one stack, and the actor who acts on the stack during one of its calls."""

    def __init__(self, aws: Aws, session: Any, kind: str) -> None:
        self.aws, self.session, self.kind = aws, session, kind
        self.stack = f"Actor-{uuid.uuid4().hex[:10]}"
        self.cloudformation = aws.client("cloudformation")
        self.direct = Cloud(Connection(endpoint_url=aws.url), session=self.session, pause=lambda _: time.sleep(0.02))

    def request(self, size: str) -> Request:
        return Request(stack=self.stack, template=TEMPLATE, settings=Settings(parameters={"Size": size}))

    def run(self, url: str) -> Error | None:
        """Run the command, and return its error; None if it succeeded."""
        pauses = 0

        def pause(_seconds: float) -> None:
            nonlocal pauses
            pauses += 1
            assert pauses < PAUSES, "the command hangs"
            time.sleep(0.02)

        cloud = Cloud(Connection(endpoint_url=url), session=self.session, pause=pause)
        try:
            if self.kind == "plan":
                api.plan(cloud, self.request(MINE))
            elif self.kind == "destroy":
                api.destroy(cloud, self.stack, delete_data=True)
            else:
                api.deploy(cloud, self.request(MINE), options=Options(wait=self.kind == "wait"))
        except Error as error:
            return error
        return None

    def prepare(self) -> None:
        if self.kind != "create":
            self.aws.created(self.stack, TEMPLATE.body, Size="1")

    def status(self) -> str | None:
        try:
            found = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]
        except ClientError:
            return None
        status: str = found["StackStatus"]
        return status

    def nothing(self) -> None:
        """Do nothing."""

    def update(self) -> None:
        """Start an update, or a creation, as a user of another tool does."""
        arguments: dict[str, Any] = {
            "StackName": self.stack,
            "TemplateBody": TEMPLATE.body,
            "Parameters": [{"ParameterKey": "Size", "ParameterValue": THEIRS}],
        }
        with suppress(ClientError):
            call = self.cloudformation.create_stack if self.status() is None else self.cloudformation.update_stack
            call(**arguments)

    def deploy(self) -> None:
        """Execute the same request as the command in another run."""
        with suppress(Error):
            api.deploy(self.direct, self.request(MINE))

    def cancel(self) -> None:
        with suppress(ClientError):
            self.cloudformation.cancel_update_stack(StackName=self.stack)

    def delete(self) -> None:
        with suppress(ClientError):
            self.cloudformation.delete_stack(StackName=self.stack)

    def destroy(self) -> None:
        """Delete the stack in another run of the same command."""
        with suppress(Error):
            api.destroy(self.direct, self.stack, delete_data=True)

    def check(self) -> None:
        """Check that the command, repeated without the actor, has its usual result."""
        again = self.run(self.aws.url)
        if self.kind in ("plan", "destroy"):
            assert again is None or "does not exist" in str(again), again
        else:
            assert again is None, again
            assert self.status() in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
            found = self.cloudformation.describe_stacks(StackName=self.stack)["Stacks"][0]
            assert {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}["Size"] == MINE
        if self.status() is not None:
            assert not [
                one
                for one in self.cloudformation.list_change_sets(StackName=self.stack)["Summaries"]
                if one["ExecutionStatus"] == "AVAILABLE"
            ]


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """Print the number of steps at which the commands survived the second actor."""
    with tallied("second actor on a stack", pytestconfig) as tally:
        yield tally


@pytest.fixture(scope="module")
def undisturbed(actors: Actors) -> Callable[[str], list[Answer]]:
    """Return a function that returns the answers to the calls of a command without an actor."""
    return cache(lambda command: attempt(actors, command, "nothing", 0))


def attempt(actors: Actors, command: str, action: str, number: int) -> list[Answer]:
    """Run a command with an action before a call, check the result, and return the answers."""
    step = Step(actors.aws, actors.session, command)
    step.prepare()
    actors.acting.watch(number, getattr(step, action))
    actors.tally.tried += 1
    first, answers = step.run(actors.acting.url), actors.acting.answers
    assert first is None or (first.exit_code in CODES and str(first)), first
    step.check()
    actors.tally.survived += 1
    return answers


@pytest.mark.parametrize("command", ["plan", "create", "update", "wait", "destroy"])
@pytest.mark.parametrize("action", ["update", "deploy", "cancel", "delete", "destroy"])
def test_second_actor_at_every_step(
    actors: Actors, undisturbed: Callable[[str], list[Answer]], command: str, action: str
) -> None:
    """A second actor lets the command succeed or end with a message, and the repeated command succeeds."""
    each_effect(undisturbed(command), lambda number: attempt(actors, command, action, number))
