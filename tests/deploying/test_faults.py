"""The fault matrix: every call of every command fails in every way, and a second run completes the command."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from deploying.local_aws import Aws
from deploying.matrix import Tally, tallied
from deploying.proxy import AFFECTED_ATTEMPTS, Proxy
from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.commands import change, recovery, removal
from smtemplates.deploy.destruction import DestroyOptions
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import Error

pytestmark = pytest.mark.usefixtures("no_backoff")

CONTENT: dict[str, Any] = {
    "Parameters": {"Size": {"Type": "String", "Default": "1"}},
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"Tags": [{"Key": "size", "Value": {"Ref": "Size"}}]},
        }
    },
    "Outputs": {"Size": {"Value": {"Ref": "Size"}}},
}
TEMPLATE = Template(body=json.dumps(CONTENT), content=CONTENT)
CODES = {1, 2, 4, 5}


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """Print the number of faults that the commands survived."""
    with tallied("fault matrix", pytestconfig) as tally:
        yield tally


class Scenario:
    """One command, and the preparation of the stack that it needs."""

    def __init__(self, aws: Aws, url: str, session: Any, kind: str) -> None:
        self.aws, self.url, self.session, self.kind = aws, url, session, kind
        self.stack = f"Fault-{uuid.uuid4().hex[:10]}"

    def cloud(self) -> Cloud:
        return Cloud(Connection(endpoint_url=self.url), session=self.session, pause=lambda _seconds: time.sleep(0.02))

    def request(self, size: str) -> Request:
        return Request(stack=self.stack, template=TEMPLATE, settings=Settings(parameters={"Size": size}))

    def prepare(self) -> None:
        if self.kind in ("update", "destroy", "rollback"):
            self.aws.created(self.stack, TEMPLATE.body, Size="1")
        if self.kind == "rollback":
            self.fail()

    def fail(self) -> None:
        """Start an update without rollback that fails, because a bucket of the name exists already."""
        taken = f"taken-{self.stack.lower()}"
        self.aws.client("s3").create_bucket(Bucket=taken)
        other = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": taken}}
        body = json.dumps({**CONTENT, "Resources": {**CONTENT["Resources"], "Other": other}})
        self.aws.client("cloudformation").update_stack(
            StackName=self.stack,
            TemplateBody=body,
            DisableRollback=True,
            Parameters=[{"ParameterKey": "Size", "ParameterValue": "7"}],
        )
        self.aws.wait(self.stack, "UPDATE_FAILED")

    def deploy(self, size: str) -> None:
        change.deploy(self.cloud(), self.request(size), Options(), api.Allowed(), yes=True, as_json=False)

    def run(self) -> None:
        if self.kind == "plan":
            change.plan(self.cloud(), self.request("7"), keep=False, shape="table", detailed=False)
        elif self.kind == "destroy":
            self.destroy()
        elif self.kind == "rollback":
            recovery.rollback(self.cloud(), self.stack, yes=True)
        else:
            self.deploy("7")

    def destroy(self) -> None:
        options = DestroyOptions(delete_data=True)
        removal.destroy(self.cloud(), self.stack, options, confirmed=self.stack, timeout_seconds=None)

    def check(self) -> None:
        """Check that the result is the same as without a fault."""
        status = self.aws.status(self.stack)
        ends = {"create": "CREATE_COMPLETE", "update": "UPDATE_COMPLETE", "rollback": "UPDATE_ROLLBACK_COMPLETE"}
        expected = ends.get(self.kind)
        assert status == expected
        assert self.aws.change_sets(self.stack) == []
        if expected:
            found = self.aws.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
            outputs = {item["OutputKey"]: item["OutputValue"] for item in found[0]["Outputs"]}
            assert outputs["Size"] == ("1" if self.kind == "rollback" else "7")
        prefix = self.stack.lower()
        buckets = [one for one in self.aws.client("s3").list_buckets()["Buckets"] if one["Name"].startswith(prefix)]
        assert len(buckets) == (1 if expected else 0)


def outcome(scenario: Scenario) -> Error | None:
    """Run the command and return its error, or None if it succeeded."""
    try:
        scenario.run()
    except Error as error:
        return error
    return None


@pytest.mark.parametrize("command", ["plan", "create", "update", "rollback", "destroy"])
@pytest.mark.parametrize("fault", AFFECTED_ATTEMPTS)
def test_every_call_can_fail(aws: Aws, proxy: Proxy, session: Any, tally: Tally, command: str, fault: str) -> None:
    """If a call fails, the command succeeds or ends with a message, and a second run completes it."""
    number, reached = 0, True
    while reached:
        scenario = Scenario(aws, proxy.url, session, command)
        scenario.prepare()
        proxy.spoil(fault, number + 1)
        tally.tried += 1
        first = outcome(scenario)
        assert first is None or (first.exit_code in CODES and str(first))
        number = proxy.first
        reached = len(proxy.calls) >= number
        if fault == "lost request":
            assert first is None, first
            reached = False  # all calls were affected
        scenario.url = aws.url
        again = outcome(scenario)
        # a stack that the first run destroyed completely does not exist in the second
        assert again is None or (command == "destroy" and "does not exist" in str(again)), again
        scenario.check()
        tally.survived += 1


def test_number_of_calls(aws: Aws, proxy: Proxy, session: Any) -> None:
    """A deployment without changes needs at most 5 calls, and a change at most 8 without the polling of events."""
    scenario = Scenario(aws, proxy.url, session, "update")
    scenario.prepare()
    proxy.spoil(None)
    scenario.deploy("1")
    assert len(proxy.calls) <= 5, proxy.calls
    proxy.spoil(None)
    scenario.deploy("7")
    assert len([call for call in proxy.calls if call != "DescribeStackEvents"]) <= 8, proxy.calls


def test_lost_answer_to_execute_change_set(aws: Aws, proxy: Proxy, session: Any) -> None:
    """If AWS accepted the execution and only its answer was lost, the same run continues and succeeds."""
    scenario = Scenario(aws, proxy.url, session, "create")
    proxy.spoil(None)
    scenario.run()
    number = proxy.calls.index("ExecuteChangeSet") + 1
    lost = Scenario(aws, proxy.url, session, "create")
    proxy.spoil("lost answer", number)
    lost.run()
    lost.check()
