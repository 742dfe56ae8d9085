"""SIGINT, SIGTERM and SIGKILL during each call of a publication, sent to the real process."""

from __future__ import annotations

import hashlib
import os
import pty
import signal
import subprocess

import processes
import pytest

from publishing.conftest import BUCKET, Publisher

CALLS = [
    "ListProvisioningArtifacts",
    "GetCallerIdentity",
    "PUT {}",
    "CreateProvisioningArtifact",
    "DescribeProvisioningArtifact",
    "UpdateProvisioningArtifact",
]


def stopped_at(publisher: Publisher, call: str) -> subprocess.Popen[str]:
    """Start a publication, and hold back the response to one of its calls."""
    publisher.publish("1.0.0")
    catalog = publisher.catalog
    arguments = publisher.arguments("1.1.0", "--yes", size=publisher.product)
    digest = hashlib.sha256((publisher.folder / "template.json").read_bytes()).hexdigest()
    # the first of these calls is about the previous version
    passing = int(call == "DescribeProvisioningArtifact")
    catalog.hold(call.format(f"/{BUCKET}/smtemplates/{digest}.template"), passing=passing)
    process = processes.start(publisher.command(*arguments), publisher.environment)
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
    master, slave = pty.openpty()
    process = subprocess.Popen(
        publisher.command(*publisher.arguments("1.0.0")),
        env=publisher.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        text=True,
    )
    os.close(slave)
    output = b""
    while b"[y/N] " not in output:
        output += os.read(master, 4096)
    if answer is None:
        process.send_signal(signal.SIGINT)
    else:
        os.write(master, f"{answer}\n".encode())
    try:
        while read := os.read(master, 4096):
            output += read
    except OSError:
        os.close(master)
    return process.wait(60), output.decode()


@pytest.mark.parametrize(("answer", "code", "created"), [("y", 0, 1), ("n", 130, 0), ("", 130, 0), (None, 130, 0)])
def test_only_yes_confirms(publisher: Publisher, answer: str | None, code: int, created: int) -> None:
    """The plan is shown before the question, and only the answer yes publishes."""
    code_returned, output = publish_at_terminal(publisher, answer)
    assert (code_returned, len(publisher.states())) == (code, created), output
    assert "+ 1.0.0" in output
