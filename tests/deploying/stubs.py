"""Answers of AWS for cases that the local cloud cannot show. Stubber of botocore checks each call and each answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from typing import Any

from deploying.local_aws import SDK
from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets import change_set as change_sets
from smtemplates.deploy.change_sets.change_plan import Plan, ResourceChange
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Request
from smtemplates.deploy.requests.template import Template

STUBS: Any = import_module("botocore.stub")  # it has no types
STACK_ID = "arn:aws:cloudformation:us-east-1:111122223333:stack/team/0a1b2c3d-0000-0000-0000-000000000000"
SET_ID = "arn:aws:cloudformation:us-east-1:111122223333:changeSet/smtemplates-plan/11112222-0000-0000-0000-000000000000"
NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
CONTENT = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True, "Default": ""}},
    "Resources": {"Notebook": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {}}},
}
REQUEST = Request(
    stack="team",
    template=Template(body=json.dumps(CONTENT), content=CONTENT),
    settings=Settings(parameters={"Password": "hunter2"}),
)


class Session:
    """Returns clients that answer from a list."""

    region_name = "us-east-1"

    def __init__(self, service: str) -> None:
        real = _session()
        self.stubbed, self.get_credentials = real.client(service), real.get_credentials

    def client(self, _service: str, **_arguments: Any) -> Any:
        return self.stubbed


@cache
def _session() -> Any:
    """Return a session that reads each model of the SDK once; each client of it has its own answers."""
    return SDK.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")  # noqa: S106 not a real key


class RecordingListener:
    """A listener that records its messages and events."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def say(self, message: str) -> None:
        self.messages.append(message)

    def on_event(self, event: Any, _done: int, _total: int) -> None:
        self.messages.append(f"{event.logical_id} {event.status}")

    def cancel(self, question: str) -> bool:
        self.messages.append(question)
        return True

    def close(self) -> None:
        self.messages.append("closed")


class Aws:
    """The answers of AWS in their order, and the pauses between the calls."""

    def __init__(self, service: str) -> None:
        session = Session(service)
        self.stub = STUBS.Stubber(session.stubbed)
        self.pauses: list[float] = []
        self.cloud = Cloud(Connection(), session=session, pause=self.pauses.append)

    def answers(self, operation: str, answer: dict[str, Any], expected: dict[str, Any] | None = None) -> None:
        self.stub.add_response(operation, answer, expected)

    def refuses(self, operation: str, code: str, message: str = "no") -> None:
        self.stub.add_client_error(operation, code, message)


@contextmanager
def stubbed(service: str = "cloudformation") -> Iterator[Aws]:
    """Yield AWS with a list of answers, and check at the end that every answer was used."""
    aws = Aws(service)
    with aws.stub:
        yield aws
        aws.stub.assert_no_pending_responses()


def stack(status: str, **more: Any) -> dict[str, Any]:
    return {"StackName": "team", "StackId": STACK_ID, "StackStatus": status, "CreationTime": NOW, **more}


def change(logical_id: str, **more: Any) -> dict[str, Any]:
    kind = {"LogicalResourceId": logical_id, "ResourceType": "AWS::SageMaker::NotebookInstance", "Action": "Modify"}
    return {"Type": "Resource", "ResourceChange": {**kind, **more}}


def described(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "StackName": "team",
        "StackId": STACK_ID,
        "ChangeSetId": SET_ID,
        "ChangeSetName": "smtemplates-plan",
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Changes": list(changes),
        **more,
    }


def event(number: int, logical_id: str, status: str, reason: str = "", operation: str = "t") -> dict[str, Any]:
    of_stack = {"PhysicalResourceId": STACK_ID, "ResourceType": "AWS::CloudFormation::Stack"}
    kind = of_stack if logical_id == "team" else {"ResourceType": "AWS::SageMaker::Domain"}
    return {
        "StackId": STACK_ID,
        "StackName": "team",
        "EventId": str(number),
        "LogicalResourceId": logical_id,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "ClientRequestToken": operation,
        "Timestamp": NOW,
        **kind,
    }


def plan_of(aws: Aws, *answers: dict[str, Any], findings: list[dict[str, Any]] | None = None) -> Plan:
    """Return the plan of a change set for these answers of AWS."""
    for answer in answers:
        aws.answers("describe_change_set", answer)
    aws.answers("describe_events", {"OperationEvents": findings or []})
    change_set = change_sets.ChangeSet(aws.cloud, REQUEST, None, purpose="plan")
    change_set.id = SET_ID
    return change_set.read()


def update_of(*changes: ResourceChange, **more: Any) -> Plan:
    """Return a plan that updates the stack with these changes."""
    place: dict[str, Any] = {
        "stack": "team",
        "stack_id": STACK_ID,
        "change_set_id": SET_ID,
        "kind": "UPDATE",
        "region": "us-east-1",
    }
    return Plan(**{**place, "changes": changes, "tags": {}, "parameters": {}, **more})
