"""Ctrl-C and kill -9 at each phase of a deployment, sent to the real process."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from deploying.local_aws import Aws
from deploying.proxy import Proxy, proxied

BEFORE = ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DescribeEvents"]
AFTER = ["ExecuteChangeSet", "DescribeStackEvents"]


@pytest.fixture(scope="module")
def proxy(aws: Aws) -> Iterator[Proxy]:
    with proxied(aws.url) as proxy:
        yield proxy


@pytest.fixture
def through(aws: Aws, proxy: Proxy) -> Aws:
    """The local cloud, reached through the proxy."""
    proxy.spoil(None)
    return replace(aws, url=proxy.url)


def held(through: Aws, proxy: Proxy, call: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a deployment, and stop it where it waits for the answer to a call."""
    proxy.hold(call)
    process = through.start("deploy", *arguments)
    assert proxy.arrived.wait(60), process.communicate()
    return process


def ended(process: subprocess.Popen[str]) -> str:
    _, told = process.communicate(timeout=60)
    assert "Traceback" not in told
    return told


@pytest.mark.parametrize("call", BEFORE)
def test_ctrl_c_before_execution(aws: Aws, through: Aws, proxy: Proxy, name: str, call: str) -> None:
    """Ctrl-C before execution leaves neither a stack nor a change set."""
    process = held(through, proxy, call, name, "--yes")
    process.send_signal(signal.SIGINT)
    proxy.release()
    told = ended(process)
    assert (process.returncode, aws.status(name)) == (130, None), told


@pytest.mark.parametrize("call", BEFORE)
def test_ctrl_c_before_an_update(aws: Aws, through: Aws, proxy: Proxy, name: str, call: str) -> None:
    """Ctrl-C before an update leaves the stack as it was, without a change set."""
    aws.deployed(name)
    process = held(through, proxy, call, name, "--yes", "--set", "CreateNotebook=true")
    process.send_signal(signal.SIGTERM)
    proxy.release()
    told = ended(process)
    assert (process.returncode, aws.status(name)) == (130, "CREATE_COMPLETE"), told
    assert aws.change_sets(name) == []


@pytest.mark.parametrize("call", AFTER)
def test_ctrl_c_cancels_an_update(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None], call: str
) -> None:
    """Ctrl-C during an update has AWS cancel it, and waits until it is rolled back."""
    aws.deployed(name)
    settings = ["--set", f"Gate=gate-{name.lower()}", "--set", "CreateNotebook=true"]
    process = held(through, proxy, call, name, "--yes", *settings)
    process.send_signal(signal.SIGINT)
    proxy.hold("CancelUpdateStack")
    proxy.released.set()
    assert proxy.arrived.wait(60)
    proxy.release()
    gate()
    told = ended(process)
    assert (process.returncode, aws.status(name)) == (130, "UPDATE_ROLLBACK_COMPLETE"), told
    assert "NotebookName" not in aws.outputs(name)


def test_ctrl_c_during_a_creation(aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None]) -> None:
    """Ctrl-C during a creation has AWS delete the stack; the bucket that stays is named, with what removes it."""
    process = held(through, proxy, "DescribeStackEvents", name, "--yes", "--set", f"Gate=gate-{name.lower()}")
    process.send_signal(signal.SIGINT)
    proxy.hold("DeleteStack")
    proxy.released.set()
    assert proxy.arrived.wait(60)
    proxy.release()
    gate()
    told = ended(process)
    assert (process.returncode, aws.status(name)) == (130, None), told
    assert "DataBucket (AWS::S3::Bucket)" in told
    command = f"scripts/deploy.py destroy {name} --delete-data"
    assert command in told
    done = aws.run(*command.split()[1:], "--confirm", name)
    assert done.returncode == 0, done.stderr


def test_second_ctrl_c_detaches(aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None]) -> None:
    """A second Ctrl-C leaves AWS at work, and says how to watch on; running the same again finds it and ends well."""
    aws.deployed(name)
    settings = ["--set", f"Gate=gate-{name.lower()}"]
    process = held(through, proxy, "DescribeStackEvents", name, "--yes", *settings)
    process.send_signal(signal.SIGINT)
    proxy.hold("CancelUpdateStack")
    proxy.released.set()
    assert proxy.arrived.wait(60)
    proxy.hold("DescribeStackEvents")
    proxy.released.set()
    assert proxy.arrived.wait(60)
    process.send_signal(signal.SIGINT)
    proxy.release()
    told = ended(process)
    assert process.returncode == 130
    assert f"scripts/deploy.py status --watch {name}" in told
    gate()
    watched = aws.run("status", name, "--watch")
    assert watched.returncode == 0, watched.stderr


@pytest.mark.parametrize("call", BEFORE)
def test_killed_before_execution(aws: Aws, through: Aws, proxy: Proxy, name: str, call: str) -> None:
    """After kill -9 the same command begins again, ends well, and no change set of the first run is left."""
    process = held(through, proxy, call, name, "--yes")
    process.kill()
    proxy.release()
    ended(process)
    again = aws.run("deploy", name, "--yes")
    assert (again.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), again.stderr
    assert aws.change_sets(name) == []


def test_killed_plan(aws: Aws, through: Aws, proxy: Proxy, name: str) -> None:
    """After kill -9 of a plan, the same plan removes what the first one left."""
    proxy.hold("DescribeChangeSet")
    process = through.start("plan", name)
    assert proxy.arrived.wait(60)
    process.kill()
    proxy.release()
    ended(process)
    assert aws.status(name) == "REVIEW_IN_PROGRESS"
    assert aws.run("plan", name).returncode == 0
    assert aws.status(name) is None


@pytest.mark.parametrize("call", AFTER)
def test_killed_during_execution(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None], call: str
) -> None:
    """After kill -9 during execution, the same command finds its operation by its token, and follows it to the end."""
    settings = ["--set", f"Gate=gate-{name.lower()}"]
    process = held(through, proxy, call, name, "--yes", *settings)
    process.kill()
    proxy.release()
    ended(process)
    proxy.hold("DescribeStackEvents")
    again = through.start("deploy", name, "--yes", *settings)
    assert proxy.arrived.wait(60)
    gate()
    proxy.release()
    told = ended(again)
    assert (again.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), told
    assert "an earlier run of this deployment is still under way" in told


def asked(aws: Aws, name: str, *arguments: str) -> tuple[subprocess.Popen[str], int, str]:
    """Start a deployment at a terminal of its own, and read on to the question."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        aws.command("deploy", name, *arguments),
        env=aws.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        text=True,
    )
    os.close(slave)
    return process, master, until(master, "[y/N] ")


def until(master: int, text: str) -> str:
    told = ""
    while text not in told:
        told += os.read(master, 4096).decode()
    return told


@pytest.mark.parametrize(("answer", "code", "status"), [("y", 0, "CREATE_COMPLETE"), ("n", 130, None), ("", 130, None)])
def test_question(aws: Aws, name: str, answer: str, code: int, status: str | None) -> None:
    """At a terminal the plan is shown and a question asked; only yes executes it."""
    process, master, told = asked(aws, name)
    os.write(master, f"{answer}\n".encode())
    drain(master)
    assert (process.wait(60), aws.status(name)) == (code, status), told


def test_bar_is_erased(aws: Aws, name: str) -> None:
    """At a terminal the progress bar is gone for good before the closing line and the outputs."""
    process, master, _ = asked(aws, name)
    os.write(master, b"y\n")
    told = drain(master)
    # what stays on a line is what was written since it was last erased
    lines = [line.rstrip("\r").split("\r\033[K")[-1] for line in told.split("\n")]
    assert (process.wait(60), "\r\033[K[" in told) == (0, True), told
    assert f"stack {name} is CREATE_COMPLETE" in lines
    assert [line for line in lines if line.startswith("[")] == []


def test_ctrl_c_at_the_question(aws: Aws, name: str) -> None:
    """Ctrl-C instead of an answer leaves nothing."""
    process, master, _ = asked(aws, name)
    process.send_signal(signal.SIGINT)
    drain(master)
    assert (process.wait(60), aws.status(name)) == (130, None)


def test_ctrl_c_during_creation_asks(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """At a terminal, Ctrl-C asks before a stack in creation is deleted; no means going on, to a good end."""
    process, master, _ = asked(aws, name, "--set", f"Gate=gate-{name.lower()}")
    os.write(master, b"y\n")
    until(master, "Initializer")
    process.send_signal(signal.SIGINT)
    until(master, "Delete the stack")
    os.write(master, b"n\n")
    gate()
    drain(master)
    assert (process.wait(60), aws.status(name)) == (0, "CREATE_COMPLETE")


def drain(master: int) -> str:
    """Read on until the process has closed its terminal."""
    told = b""
    try:
        while read := os.read(master, 4096):
            told += read
    except OSError:
        os.close(master)
    return told.decode()
