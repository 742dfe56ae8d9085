"""The fault matrix: every call of every command fails in every way, and a second run makes it good."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff
from deploying.local_aws import SDK
from deploying.matrix import Tally, tallied
from deploying.proxy import SPOILED

from publishing.conftest import BUCKET, template_of
from publishing.service_catalog import ServiceCatalog
from smtemplates.aws.session import Cloud, Connection
from smtemplates.deploy.staging import Bucket
from smtemplates.deploy.template import Template
from smtemplates.deploy.terminal import Terminal
from smtemplates.errors import Error
from smtemplates.publish import commands, publication
from smtemplates.publish.commands import Manner
from smtemplates.publish.publication import Request

CODES = {1, 2, 5}
PUBLISHING = ["version", "version after a failure"]
COMMANDS = [*PUBLISHING, "versions", "prune", "prune --delete"]


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """Print how much of the matrix was survived."""
    with tallied("fault matrix of publishing", pytestconfig) as tally:
        yield tally


@pytest.fixture(scope="module")
def session() -> Any:
    return SDK.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106 the local cloud's


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's retries come at once: how often it asks is what counts here, not when."""
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda _self, _context: 0)


class Scenario:
    """One command, on a product that is first brought where it begins."""

    def __init__(self, service: ServiceCatalog, session: Any, kind: str) -> None:
        self.service, self.session, self.kind = service, session, kind
        self.product = f"prod-{uuid.uuid4().hex[:13]}"
        # a content of its own for each scenario: each has to be staged
        self.size = uuid.uuid4().hex
        service.spoil(None)
        service.polls, service.fails, service.quota = 1, 0, 100
        service.add(self.product, "0.9", Guidance="DEPRECATED", Active=kind != "prune --delete")
        service.add(self.product, "1.0")
        if kind == "version after a failure":
            service.fails = 1
            assert outcome(self)

    def cloud(self) -> Cloud:
        return Cloud(
            Connection(endpoint_url=self.service.url), session=self.session, pause=lambda _seconds: time.sleep(0.001)
        )

    def run(self) -> None:
        cloud = self.cloud()
        manner = Manner(yes=True)
        if self.kind in PUBLISHING:
            commands.version(cloud, self.product, None, self.request(), manner)
        elif self.kind == "versions":
            commands.versions(cloud, self.product, None, as_json=False)
        else:
            commands.prune(cloud, self.product, None, delete=self.kind == "prune --delete", manner=manner)

    def request(self) -> Request:
        content = template_of(Default=self.size)
        template = Template(body=json.dumps(content), content=content)
        return Request(version="1.1", template=template, bucket=Bucket(name=BUCKET))

    def offered(self) -> list[str]:
        """Name what people can launch."""
        return [
            one["Name"]
            for one in self.service.products[self.product]
            if one["Active"] and one["Guidance"] == "DEFAULT" and one["status"] == "AVAILABLE"
        ]

    def check(self) -> None:
        """Fail unless everything is as if nothing had gone wrong."""
        names = [one["Name"] for one in self.service.products[self.product]]
        active = [one["Name"] for one in self.service.products[self.product] if one["Active"]]
        publishes = self.kind in PUBLISHING
        assert self.offered() == (["1.1"] if publishes else ["1.0"])
        assert names == (["0.9"] if self.kind != "prune --delete" else []) + ["1.0"] + (["1.1"] if publishes else [])
        assert ("0.9" in active) == (publishes or self.kind == "versions")
        assert self.service.complaints == []


def outcome(scenario: Scenario) -> Error | None:
    """Run the command, and return how it failed."""
    try:
        scenario.run()
    except Error as error:
        return error
    return None


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", SPOILED)
def test_every_call_may_fail(service: ServiceCatalog, session: Any, tally: Tally, command: str, fault: str) -> None:
    """Whichever call fails, there is always a version to launch, and a second run leaves nothing undone or twice."""
    number, reached = 0, True
    while reached:
        number += 1
        scenario = Scenario(service, session, command)
        service.spoil(fault, number)
        tally.tried += 1
        first = outcome(scenario)
        assert first is None or (first.exit_code in CODES and str(first))
        assert scenario.offered()
        reached = len(service.calls) >= number
        service.spoil(None)
        again = outcome(scenario)
        assert again is None, again
        scenario.check()
        tally.survived += 1


def test_call_budget(service: ServiceCatalog, session: Any) -> None:
    """What is published already takes two calls; a new version takes ten, besides the polling."""
    scenario = Scenario(service, session, "version")
    scenario.service.polls = 0
    scenario.service.spoil(None)
    scenario.run()
    assert len(service.calls) <= 10, service.calls
    service.spoil(None)
    scenario.run()
    assert len(service.calls) <= 3, service.calls


def overtaken(scenario: Scenario, monkeypatch: pytest.MonkeyPatch, status: str) -> Error | None:
    """Run the command, and another one that is first to make its version."""
    service = scenario.service
    create = service._create_provisioning_artifact  # noqa: SLF001 the moment between a run's look and its creation

    def late(**asked: Any) -> dict[str, Any]:
        service.add(scenario.product, "1.1", "sha256:" + "0" * 64, status=status)
        return create(**asked)

    with monkeypatch.context() as patch:
        patch.setattr(service, "_create_provisioning_artifact", late)
        return outcome(scenario)


def test_two_at_once(service: ServiceCatalog, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two runs that publish different contents under one name at the same time, the later one gives way."""
    scenario = Scenario(service, session, "version")
    error = overtaken(scenario, monkeypatch, "AVAILABLE")
    assert "another run has published version 1.1" in str(error)
    assert [one["Name"] for one in service.products[scenario.product]] == ["0.9", "1.0", "1.1"]
    assert "1.0" in scenario.offered()


def test_one_of_two_fails(service: ServiceCatalog, session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later one does not give way to what has failed, and the next run removes that."""
    scenario = Scenario(service, session, "version")
    assert overtaken(scenario, monkeypatch, "FAILED") is None
    assert outcome(scenario) is None
    scenario.check()


def test_same_at_once(service: ServiceCatalog, session: Any) -> None:
    """Two runs that publish the same at the same time, neither of which sees the other, make one version."""
    scenario = Scenario(service, session, "version")
    request = scenario.request()
    plans = [publication.plan(scenario.cloud(), scenario.product, request) for _ in range(2)]
    made = {publication.carry_out(scenario.cloud(), plan, request, Terminal()) for plan in plans}
    assert len(made) == 1
    scenario.check()
