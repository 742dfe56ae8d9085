"""Ctrl-C, a request to end, and kill -9 at each call of a publication, sent to the real process."""

from __future__ import annotations

import hashlib
import os
import pty
import signal
import subprocess

import pytest

from publishing.conftest import BUCKET, Publisher

CALLS = [
    "ListProvisioningArtifacts",
    "GetCallerIdentity",
    f"HEAD /{BUCKET}",
    "GET {}",
    "PUT {}",
    "CreateProvisioningArtifact",
    "DescribeProvisioningArtifact",
    "UpdateProvisioningArtifact",
]


def held(publisher: Publisher, call: str) -> subprocess.Popen[str]:
    """Start a publication, and stop it where it waits for the answer to a call."""
    publisher.publish("1.0.0")
    catalog = publisher.catalog
    arguments = publisher.arguments("1.1.0", "--yes", size=publisher.product)
    digest = hashlib.sha256((publisher.folder / "template.json").read_bytes()).hexdigest()
    # the first description is that of the version before
    passing = int(call == "DescribeProvisioningArtifact")
    catalog.hold(call.format(f"/{BUCKET}/smtemplates/{digest}.template"), passing=passing)
    process = subprocess.Popen(
        publisher.command(*arguments),
        env=publisher.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert catalog.arrived.wait(60), process.communicate()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("call", CALLS)
def test_interrupted(publisher: Publisher, call: str, number: signal.Signals) -> None:
    """Wherever it is interrupted, a version can be launched, and the same command brings it to its end."""
    process = held(publisher, call)
    process.send_signal(number)
    publisher.catalog.release()
    _, told = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == signal.SIGKILL else 130), told
    assert "Traceback" not in told
    if process.returncode == 130 and call.endswith("ProvisioningArtifact"):
        assert "repeat this command, and it is completed" in told
    assert "default" in publisher.states().values()
    done = publisher.publish("1.1.0", size=publisher.product)
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.1.0": "default"}), done.stderr


def asked(publisher: Publisher, answer: str | None) -> tuple[int, str]:
    """Publish at a terminal of its own, and answer the question; None is Ctrl-C."""
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
    told = b""
    while b"[y/N] " not in told:
        told += os.read(master, 4096)
    if answer is None:
        process.send_signal(signal.SIGINT)
    else:
        os.write(master, f"{answer}\n".encode())
    try:
        while read := os.read(master, 4096):
            told += read
    except OSError:
        os.close(master)
    return process.wait(60), told.decode()


@pytest.mark.parametrize(("answer", "code", "made"), [("y", 0, 1), ("n", 130, 0), ("", 130, 0), (None, 130, 0)])
def test_question(publisher: Publisher, answer: str | None, code: int, made: int) -> None:
    """At a terminal the plan is shown and a question asked; only yes publishes."""
    ended, told = asked(publisher, answer)
    assert (ended, len(publisher.states())) == (code, made), told
    assert "+ 1.0.0" in told
