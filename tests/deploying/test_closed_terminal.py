"""Deployments whose terminal is closed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from terminals import Terminal, terminal

from deploying.local_aws import Aws
from deploying.proxy import Proxy

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
QUESTION = "[y/N] "


@contextmanager
def deploying(aws: Aws, name: str, *arguments: str) -> Iterator[Terminal]:
    """Start a deployment in a terminal."""
    with terminal(aws.command("deploy", name, *arguments), aws.environment) as opened:
        yield opened


def waiting_update(name: str) -> list[str]:
    """Return the settings of an update that waits at the gate, and has more to do after it."""
    return ["--set", f"Gate=gate-{name.lower()}", "--set", "CreateNotebook=true"]


@pytest.mark.parametrize("exists", [False, True])
def test_closed_terminal_at_the_question_leaves_no_change_set(aws: Aws, name: str, *, exists: bool) -> None:
    """Closing the terminal instead of answering leaves the stack as it was, and no change set."""
    if exists:
        aws.deployed(name)
    with deploying(aws, name, "--set", "CreateNotebook=true") as opened:
        opened.read_until(QUESTION)
        opened.close()
        assert opened.process.wait(60) == 130
    assert aws.status(name) == ("CREATE_COMPLETE" if exists else None)
    assert not exists or aws.change_sets(name) == []


def test_closed_terminal_cancels_an_update(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None]
) -> None:
    """If the terminal is closed during an update, the update is cancelled without a question."""
    aws.deployed(name)
    with deploying(through, name, *waiting_update(name)) as opened:
        opened.read_until(QUESTION)
        proxy.hold("DescribeStackEvents")
        opened.type("y\n")
        assert proxy.arrived.wait(60)
        proxy.hold("CancelUpdateStack")  # before the signal, after which the call can arrive at any time
        opened.close()
        proxy.released.set()
        assert proxy.arrived.wait(60)
        proxy.release()
        gate()
        assert opened.process.wait(60) == 130
    assert aws.status(name) == "UPDATE_ROLLBACK_COMPLETE"


def test_nohup_deployment_continues_after_sighup(aws: Aws, through: Aws, proxy: Proxy, name: str) -> None:
    """A deployment that was started to ignore SIGHUP succeeds after its terminal was closed."""
    command = ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *through.command("deploy", name, "--yes")]
    with terminal(command, through.environment) as opened:
        proxy.hold("ExecuteChangeSet")
        assert proxy.arrived.wait(60)
        opened.close()
        proxy.release()
        opened.process.wait(60)
    assert aws.status(name) == "CREATE_COMPLETE"
