"""SIGINT, SIGTERM and SIGKILL during each call of a publication, sent to the real process."""

from __future__ import annotations

import hashlib
import signal

import processes
import pytest
from terminals import terminal

from publishing.conftest import BUCKET, Publisher

CALLS = [
    "ListProvisioningArtifacts",
    "GetCallerIdentity",
    "PUT {}",
    "CreateProvisioningArtifact",
    "DescribeProvisioningArtifact",
    "UpdateProvisioningArtifact",
]


def stopped_at(publisher: Publisher, call: str) -> processes.Started:
    """Start a publication, and hold back the response to one of its calls."""
    publisher.publish("1.0.0")
    catalog = publisher.catalog
    arguments = publisher.arguments("1.1.0", "--yes", size=publisher.product)
    digest = hashlib.sha256((publisher.folder / "template.json").read_bytes()).hexdigest()
    # the first of these calls is about the previous version
    passing = int(call == "DescribeProvisioningArtifact")
    catalog.hold(call.format(f"/{BUCKET}/smtemplates/{digest}.template"), passing=passing)
    process = processes.start_command(publisher.command(*arguments), publisher.environment)
    assert catalog.arrived.wait(60), process.communicate()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("call", CALLS)
def test_interrupted_publication_is_completed_by_the_next_run(
    publisher: Publisher, call: str, number: signal.Signals
) -> None:
    """After an interruption at any call a version can be launched, and the same command completes the publication."""
    process = stopped_at(publisher, call)
    process.send_signal(number)
    publisher.catalog.release()
    _, output = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130), output
    assert "Traceback" not in output
    if process.returncode == 130 and call.endswith("ProvisioningArtifact"):
        assert "Repeat this command to complete the publication" in output
    assert "default" in publisher.states().values()
    done = publisher.publish("1.1.0", size=publisher.product)
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.1.0": "default"}), done.stderr


def publish_at_terminal(publisher: Publisher, answer: str | None) -> tuple[int, str]:
    """Publish at a pseudo-terminal, and answer the question; None means Ctrl-C."""
    with terminal(publisher.command(*publisher.arguments("1.0.0")), publisher.environment) as opened:
        opened.read_until("[y/N] ")
        if answer is None:
            opened.process.send_signal(signal.SIGINT)
        else:
            opened.type(f"{answer}\n")
        output = opened.read_all()
        return opened.process.wait(60), output


@pytest.mark.parametrize(("answer", "code", "created"), [("y", 0, 1), ("n", 130, 0), ("", 130, 0), (None, 130, 0)])
def test_only_yes_confirms(publisher: Publisher, answer: str | None, code: int, created: int) -> None:
    """The plan is shown before the question, and only the answer yes publishes."""
    code_returned, output = publish_at_terminal(publisher, answer)
    assert (code_returned, len(publisher.states())) == (code, created), output
    assert "+ 1.0.0" in output
