"""SIGINT, SIGTERM, SIGHUP and SIGKILL in each phase of a deployment, sent to the real process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import processes
import pytest
from terminals import Terminal, terminal

from deploying.local_aws import Aws
from deploying.proxy import Proxy, serving

BEFORE = ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "DescribeEvents"]
AFTER = ["ExecuteChangeSet", "DescribeStackEvents"]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
TOGETHER = [[signal.SIGHUP, signal.SIGTERM], SIGNALS]

each_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


class Delaying(Proxy):
    """Delays the request of one call until it is released; `hold` delays the answer."""

    def __init__(self, upstream: str, delayed: str) -> None:
        super().__init__(upstream)
        self.delayed = delayed

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.call_name(method, path, headers, body) == self.delayed:
            self.delayed = ""
            self.arrived.set()
            self.released.wait(60)
        return super().forward(method, path, headers, body)


def held(through: Aws, proxy: Proxy, call: str, *arguments: str) -> processes.Started:
    """Start a deployment, and stop it while it waits for the answer to a call."""
    proxy.hold(call)
    process = through.start("deploy", *arguments)
    assert proxy.arrived.wait(60), process.communicate()
    return process


def go_on(process: processes.Started, proxy: Proxy, *, until: str) -> None:
    """Send the answer for which a process waits, and hold the answer to another call."""
    proxy.hold(until)
    proxy.released.set()
    assert proxy.arrived.wait(60), process.communicate()


def send_together(process: subprocess.Popen[Any], numbers: list[signal.Signals]) -> None:
    """Send several signals that the process receives at the same time."""
    process.send_signal(signal.SIGSTOP)
    for number in numbers:
        process.send_signal(number)
    process.send_signal(signal.SIGCONT)


def ended(process: processes.Started) -> str:
    """Wait for the end of a process, and return its messages."""
    _, messages = process.communicate(timeout=60)
    assert "Traceback" not in messages
    return messages


@each_signal
@pytest.mark.parametrize("call", BEFORE)
def test_interruption_before_a_creation(
    aws: Aws, through: Aws, proxy: Proxy, name: str, call: str, number: signal.Signals
) -> None:
    """A signal before the execution leaves neither a stack nor a change set."""
    process = held(through, proxy, call, name, "--yes")
    process.send_signal(number)
    proxy.release()
    messages = ended(process)
    assert (process.returncode, aws.status(name)) == (130, None), messages


@pytest.mark.parametrize("call", BEFORE)
def test_interruption_before_an_update(aws: Aws, through: Aws, proxy: Proxy, name: str, call: str) -> None:
    """A signal before an update leaves the stack unchanged and no change set."""
    aws.deployed(name)
    process = held(through, proxy, call, name, "--yes", "--set", "CreateNotebook=true")
    process.send_signal(signal.SIGTERM)
    proxy.release()
    messages = ended(process)
    assert (process.returncode, aws.status(name)) == (130, "CREATE_COMPLETE"), messages
    assert aws.change_sets(name) == []


@each_signal
def test_interruption_before_aws_receives_the_change_set(aws: Aws, name: str, number: signal.Signals) -> None:
    """A change set that AWS creates after the signal is deleted too."""
    with serving(Delaying(aws.url, "CreateChangeSet")) as proxy:
        process = replace(aws, url=proxy.url).start("deploy", name, "--yes")
        assert proxy.arrived.wait(60), process.communicate()
        process.send_signal(number)
        proxy.release()
        messages = ended(process)
        assert (process.returncode, aws.status(name)) == (130, None), messages


@each_signal
def test_second_signal_during_the_clean_up(
    aws: Aws, through: Aws, proxy: Proxy, name: str, number: signal.Signals
) -> None:
    """A second signal during the clean-up leaves neither a stack nor a change set."""
    process = held(through, proxy, "DescribeChangeSet", name, "--yes")
    proxy.hold("DeleteChangeSet")
    process.send_signal(signal.SIGINT)
    assert proxy.arrived.wait(60), process.communicate()
    process.send_signal(number)
    proxy.release()
    messages = ended(process)
    assert (process.returncode, aws.status(name)) == (130, None), messages


@each_signal
@pytest.mark.parametrize("call", AFTER)
def test_interruption_cancels_an_update(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None], call: str, number: signal.Signals
) -> None:
    """A signal during an update cancels the update, and the deployment waits until it is rolled back."""
    aws.deployed(name)
    settings = ["--set", f"Gate=gate-{name.lower()}", "--set", "CreateNotebook=true"]
    process = held(through, proxy, call, name, "--yes", *settings)
    process.send_signal(number)
    go_on(process, proxy, until="CancelUpdateStack")
    proxy.release()
    gate()
    messages = ended(process)
    assert (process.returncode, aws.status(name)) == (130, "UPDATE_ROLLBACK_COMPLETE"), messages
    assert "NotebookName" not in aws.outputs(name)


@each_signal
def test_interruption_before_aws_receives_the_execution(
    aws: Aws, name: str, gate: Callable[[], None], number: signal.Signals
) -> None:
    """An execution that AWS starts after the signal is cancelled."""
    with serving(Delaying(aws.url, "ExecuteChangeSet")) as proxy:
        settings = ["--set", f"Gate=gate-{name.lower()}"]
        process = replace(aws, url=proxy.url).start("deploy", name, "--yes", *settings)
        assert proxy.arrived.wait(60), process.communicate()
        process.send_signal(number)
        go_on(process, proxy, until="DeleteStack")
        proxy.release()
        gate()
        messages = ended(process)
        assert (process.returncode, aws.status(name)) == (130, None), messages
        assert "was cancelled and undone" in messages


def test_interruption_during_a_creation(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None]
) -> None:
    """A signal during a creation deletes the stack, and the message contains the command that deletes its bucket."""
    process = held(through, proxy, "DescribeStackEvents", name, "--yes", "--set", f"Gate=gate-{name.lower()}")
    process.send_signal(signal.SIGINT)
    go_on(process, proxy, until="DeleteStack")
    proxy.release()
    gate()
    messages = ended(process)
    assert (process.returncode, aws.status(name)) == (130, None), messages
    assert "DataBucket (AWS::S3::Bucket)" in messages
    assert "AWS is deleting the stack.\n" in messages  # without advice on a key, because there is no terminal
    command = f"scripts/deploy.py destroy {name} --delete-data"
    assert command in messages
    done = aws.run(*command.split()[1:], "--confirm", name)
    assert done.returncode == 0, done.stderr


def test_second_ctrl_c_detaches(aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None]) -> None:
    """After a second Ctrl-C the operation continues in AWS, and the message contains the command that watches it."""
    aws.deployed(name)
    settings = ["--set", f"Gate=gate-{name.lower()}"]
    process = held(through, proxy, "DescribeStackEvents", name, "--yes", *settings)
    process.send_signal(signal.SIGINT)
    go_on(process, proxy, until="CancelUpdateStack")
    go_on(process, proxy, until="DescribeStackEvents")
    process.send_signal(signal.SIGINT)
    proxy.release()
    messages = ended(process)
    assert process.returncode == 130
    assert f"scripts/deploy.py status --watch {name}" in messages
    gate()
    watched = aws.run("status", name, "--watch")
    assert watched.returncode == 0, watched.stderr


@each_signal
def test_interruption_before_the_stack_settings(
    aws: Aws, through: Aws, proxy: Proxy, name: str, tmp_path: Path, number: signal.Signals
) -> None:
    """A production stack is protected although a signal arrives after its creation and before the protection."""
    policy = tmp_path / "policy.json"
    policy.write_text('{"Statement": []}')
    settings = ["--set", "Environment=prd", "--stack-policy", str(policy)]
    process = held(through, proxy, "SetStackPolicy", name, "--yes", *settings)
    process.send_signal(number)
    proxy.release()
    messages = ended(process)
    found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert (process.returncode, found["EnableTerminationProtection"]) == (130, True), messages


@each_signal
def test_interruption_of_a_deletion(aws: Aws, through: Aws, proxy: Proxy, name: str, number: signal.Signals) -> None:
    """A signal while AWS accepts a deletion ends destroy with the command that watches the deletion."""
    aws.deployed(name)
    proxy.hold("DeleteStack")
    process = through.start("destroy", name, "--confirm", name)
    assert proxy.arrived.wait(60), process.communicate()
    process.send_signal(number)
    proxy.release()
    messages = ended(process)
    assert (process.returncode, f"scripts/deploy.py status --watch {name}" in messages) == (130, True), messages


@pytest.mark.parametrize("call", BEFORE)
def test_repeat_after_a_kill_before_the_execution(aws: Aws, through: Aws, proxy: Proxy, name: str, call: str) -> None:
    """After SIGKILL the same command succeeds, and the change set of the first run is deleted."""
    process = held(through, proxy, call, name, "--yes")
    process.kill()
    proxy.release()
    ended(process)
    again = aws.run("deploy", name, "--yes")
    assert (again.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), again.stderr
    assert aws.change_sets(name) == []


def test_repeat_after_a_kill_of_a_plan(aws: Aws, through: Aws, proxy: Proxy, name: str) -> None:
    """After SIGKILL of a plan, the same plan deletes the change set and the placeholder stack of the first run."""
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
def test_repeat_after_a_kill_during_the_execution(
    aws: Aws, through: Aws, proxy: Proxy, name: str, gate: Callable[[], None], call: str
) -> None:
    """After SIGKILL during the execution, the same command finds the operation by its token and follows it."""
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
    messages = ended(again)
    assert (again.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), messages
    assert "An earlier run of this deployment is still in progress" in messages


@contextmanager
def asked(aws: Aws, name: str, *arguments: str) -> Iterator[Terminal]:
    """Start a deployment at its own terminal, and read its output up to the question."""
    with terminal(aws.command("deploy", name, *arguments), aws.environment) as opened:
        opened.read_until("[y/N] ")
        yield opened


@pytest.mark.parametrize(("answer", "code", "status"), [("y", 0, "CREATE_COMPLETE"), ("n", 130, None), ("", 130, None)])
def test_only_yes_executes(aws: Aws, name: str, answer: str, code: int, status: str | None) -> None:
    """A terminal shows the plan and a question, and only the answer yes executes the plan."""
    with asked(aws, name) as opened:
        opened.type(f"{answer}\n")
        output = opened.read_all()
        assert (opened.process.wait(60), aws.status(name)) == (code, status), output


def test_progress_bar_is_erased(aws: Aws, name: str) -> None:
    """A terminal does not show the progress bar any more when the result is printed."""
    with asked(aws, name) as opened:
        opened.type("y\n")
        output = opened.read_all().partition("[y/N] ")[2]
        assert opened.process.wait(60) == 0, output
    # a line shows the text that was written after it was last erased
    lines = [line.rstrip("\r").split("\r\033[K")[-1] for line in output.split("\n")]
    assert "\r\033[K[" in output
    assert f"Stack {name} is CREATE_COMPLETE." in lines
    assert [line for line in lines if line.startswith("[")] == []


@each_signal
def test_interruption_at_the_question(aws: Aws, name: str, number: signal.Signals) -> None:
    """A signal instead of an answer leaves neither a stack nor a change set."""
    with asked(aws, name) as opened:
        opened.process.send_signal(number)
        output = opened.read_all()
        assert opened.process.wait(60) == 130, output
    assert aws.status(name) is None


@pytest.mark.parametrize("numbers", TOGETHER, ids=["hangup and termination", "all"])
def test_signals_together_at_the_question(aws: Aws, name: str, numbers: list[signal.Signals]) -> None:
    """Several signals at the same time leave the stack unchanged and no change set."""
    aws.deployed(name)
    with asked(aws, name, "--set", "Prefix=other") as opened:
        send_together(opened.process, numbers)
        output = opened.read_all()
        assert (opened.process.wait(60), aws.change_sets(name)) == (130, []), output


def test_interruption_during_a_creation_asks(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """At a terminal, Ctrl-C asks before it deletes a stack in creation, and the answer no continues to the end."""
    with asked(aws, name, "--set", f"Gate=gate-{name.lower()}") as opened:
        opened.printed = ""
        opened.type("y\n")
        opened.read_until("Initializer")
        opened.process.send_signal(signal.SIGINT)
        opened.read_until("Delete stack")
        opened.type("n\n")
        gate()
        opened.read_all()
        assert (opened.process.wait(60), aws.status(name)) == (0, "CREATE_COMPLETE")
