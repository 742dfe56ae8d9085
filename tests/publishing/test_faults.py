"""The fault matrix: each call of each command fails in each way, and a second run completes the command."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from deploying.matrix import Tally, tallied
from deploying.proxy import AFFECTED_ATTEMPTS

from publishing.conftest import BUCKET, template_of
from publishing.service_catalog import ServiceCatalog
from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy.printing.terminal import Terminal
from smtemplates.deploy.requests.staging import Bucket
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import Error
from smtemplates.publish import commands, publication
from smtemplates.publish.commands import Options
from smtemplates.publish.publication import Request

pytestmark = pytest.mark.usefixtures("no_backoff")

CODES = {1, 2, 5}
PUBLISHING = ["version", "version after a failure"]
COMMANDS = [*PUBLISHING, "versions", "prune", "prune --delete"]


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """Count the cases of the matrix, and print the result."""
    with tallied("fault matrix of publishing", pytestconfig) as tally:
        yield tally


class Scenario:
    """One command, on a product in the state in which the command starts."""

    def __init__(self, service: ServiceCatalog, session: Any, kind: str) -> None:
        self.service, self.session, self.kind = service, session, kind
        self.product = f"prod-{uuid.uuid4().hex[:13]}"
        # each scenario has different content, so that each must be staged
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
        options = Options(yes=True)
        if self.kind in PUBLISHING:
            commands.version(cloud, self.product, None, self.request(), options)
        elif self.kind == "versions":
            commands.versions(cloud, self.product, None, as_json=False)
        else:
            commands.prune(cloud, self.product, None, delete=self.kind == "prune --delete", options=options)

    def request(self) -> Request:
        content = template_of(Default=self.size)
        template = Template(body=json.dumps(content), content=content)
        return Request(version="1.1", template=template, bucket=Bucket(name=BUCKET))

    def available(self) -> list[str]:
        """Return the names of the versions that users can launch."""
        return [
            one["Name"]
            for one in self.service.products[self.product]
            if one["Active"] and one["Guidance"] == "DEFAULT" and one["status"] == "AVAILABLE"
        ]

    def check(self) -> None:
        """Check that the result is the same as without a fault."""
        names = [one["Name"] for one in self.service.products[self.product]]
        active = [one["Name"] for one in self.service.products[self.product] if one["Active"]]
        publishes = self.kind in PUBLISHING
        assert self.available() == (["1.1"] if publishes else ["1.0"])
        assert names == (["0.9"] if self.kind != "prune --delete" else []) + ["1.0"] + (["1.1"] if publishes else [])
        assert ("0.9" in active) == (publishes or self.kind == "versions")
        assert self.service.complaints == []


def outcome(scenario: Scenario) -> Error | None:
    """Run the command, and return its error, if any."""
    try:
        scenario.run()
    except Error as error:
        return error
    return None


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("fault", AFFECTED_ATTEMPTS)
def test_second_run_completes_after_any_fault(
    service: ServiceCatalog, session: Any, tally: Tally, command: str, fault: str
) -> None:
    """After a fault in any call a version can be launched, and a second run completes without duplicates."""
    number, reached = 0, True
    while reached:
        scenario = Scenario(service, session, command)
        service.spoil(fault, number + 1)
        tally.tried += 1
        first = outcome(scenario)
        assert first is None or (first.exit_code in CODES and str(first))
        assert scenario.available()
        number = service.first
        reached = len(service.calls) >= number
        if fault == "lost request":
            assert first is None, first
            reached = False  # all calls were affected
        service.spoil(None)
        again = outcome(scenario)
        assert again is None, again
        scenario.check()
        tally.survived += 1


def test_number_of_calls_is_limited(service: ServiceCatalog, session: Any) -> None:
    """A new version takes at most ten calls without polling, and a published version at most three."""
    scenario = Scenario(service, session, "version")
    scenario.service.polls = 0
    scenario.service.spoil(None)
    scenario.run()
    assert len(service.calls) <= 10, service.calls
    service.spoil(None)
    scenario.run()
    assert len(service.calls) <= 3, service.calls


def overtaken(scenario: Scenario, monkeypatch: pytest.MonkeyPatch, status: str) -> Error | None:
    """Run the command while another run creates the same version first."""
    service = scenario.service
    create = service.create_provisioning_artifact  # called between the plan of a run and its creation

    def late(**arguments: Any) -> dict[str, Any]:
        service.add(scenario.product, "1.1", "sha256:" + "0" * 64, status=status)
        return create(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(service, "create_provisioning_artifact", late)
        return outcome(scenario)


def test_later_of_two_runs_deletes_its_version(
    service: ServiceCatalog, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If two runs publish different content under one name at the same time, the later one fails and cleans up."""
    scenario = Scenario(service, session, "version")
    error = overtaken(scenario, monkeypatch, "AVAILABLE")
    assert "another run published version 1.1" in str(error)
    assert [one["Name"] for one in service.products[scenario.product]] == ["0.9", "1.0", "1.1"]
    assert "1.0" in scenario.available()


def test_failed_version_of_another_run_is_replaced(
    service: ServiceCatalog, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed version of another run does not stop this run, and the next run deletes it."""
    scenario = Scenario(service, session, "version")
    assert overtaken(scenario, monkeypatch, "FAILED") is None
    assert outcome(scenario) is None
    scenario.check()


def test_two_runs_with_the_same_content_create_one_version(service: ServiceCatalog, session: Any) -> None:
    """Two runs that publish the same content at the same time create one version."""
    scenario = Scenario(service, session, "version")
    request = scenario.request()
    plans = [publication.plan(scenario.cloud(), scenario.product, request) for _ in range(2)]
    created = {publication.execute(scenario.cloud(), plan, request, Terminal()) for plan in plans}
    assert len(created) == 1
    scenario.check()
