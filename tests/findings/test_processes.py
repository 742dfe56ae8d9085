"""Several templates are validated in child processes, with the findings of one process, and none is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import processes
import pytest

KINDS = ("AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket")
ONE = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
LINT = "import sys; from smtemplates.cli.main import main; sys.exit(main(['lint', '--no-cache', *sys.argv[1:]]))"

PROGRAM = """
import os, signal, sys
from smtemplates.console.processes import Processes
from smtemplates.console.signals import raise_on_signals
from smtemplates.errors import Error, UsageError

def wait(number):
    os.write(1, b"working\\n")  # in one piece, also if Python does not buffer
    signal.pause()

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def reject(message):
    raise UsageError(message)

os.setpgid(0, 0)
raise_on_signals()
"""
WORKING = """
try:
    with Processes(2) as children:
        for number in range(5):
            children.submit("t.yaml", {number: lambda: wait(number)})
        children.result(0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
RESULTS = """
with Processes(2) as children:
    children.submit("all", {number: lambda number=number: number * "x" for number in (1, 0, 3)})
    children.submit("large", {"large": lambda: "x" * 5_000_000})
    children.submit("k.yaml", {"killed": kill, "late": lambda: "late"})
    children.submit("r.yaml", {"rejected": lambda: reject("Wrong Region."), "same": lambda: "same process"})
    print(*(children.result(key) for key in (0, 3, 1, "same")), len(children.result("large")), sep="|")
    for key in ("killed", "late", "rejected"):
        try:
            children.result(key)
        except Error as error:
            print(type(error).__name__, error)
"""


@contextmanager
def working() -> Iterator[subprocess.Popen[str]]:
    """Run five functions in two processes at a time, until both work. All processes are in one group."""
    with processes.start([sys.executable, "-c", f"{PROGRAM}{WORKING}"], os.environ) as parent:
        assert parent.stdout is not None
        try:
            assert [parent.stdout.readline() for _ in range(2)] == ["working\n"] * 2
            yield parent
        finally:
            parent.kill()


def templates(folder: Path) -> list[str]:
    """Write templates with one finding each. The last of them is the largest, and is checked first."""
    files = []
    for number, kind in enumerate(KINDS):
        body = {"Resources": {f"Wrong{number}": {"Type": kind, "Properties": {f"Nothing{number}": ""}}}}
        body["Resources"] |= {f"Other{count}": {"Type": "AWS::SNS::Topic"} for count in range(5 * number)}
        files.append(folder / f"{number}.json")
        files[-1].write_text(json.dumps(body, indent=1), encoding="utf-8")
    return [str(file) for file in files]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems validate in one process")
def test_findings_and_their_order_do_not_depend_on_the_number_of_processors(tmp_path: Path) -> None:
    """The findings are printed in the order of the command line, before the error about an unreadable file."""
    files = [*templates(tmp_path), str(tmp_path / "missing.json")]
    several, one = (
        processes.new_process([sys.executable, "-c", f"{first}{LINT}", *files], os.environ) for first in ("", ONE)
    )
    named = [f"{number}.json" for number in range(len(KINDS)) if f"Nothing{number}" in several.stdout]
    assert named == ["0.json", "1.json", "2.json"]
    assert (several.stdout, several.stderr, several.returncode) == (one.stdout, one.stderr, one.returncode)
    assert [line.split(":")[0] for line in several.stdout.splitlines() if "Nothing" in line] == files[:3]
    assert "missing.json" in several.stderr
    assert several.returncode == 2


def test_each_function_has_its_result_or_its_error() -> None:
    """The error about a process that was killed names the template. The other processes continue."""
    done = processes.run([sys.executable, "-c", f"{PROGRAM}{RESULTS}"], os.environ)
    killed = (
        "Error The process that checked k.yaml ended with SIGKILL. The memory of this machine may be too small. "
        "Close other programs, and repeat the command."
    )
    expected = ["|xxx|x|same process|5000000", killed, killed, "UsageError Wrong Region."]
    assert done.stdout.splitlines() == expected
    assert done.stderr == ""


@pytest.mark.parametrize("send", [os.kill, os.killpg])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_ends_all_processes(send: Callable[[int, int], None], number: signal.Signals) -> None:
    """A terminal interrupts all processes. Only the parent process reports it. The output ends with its last writer."""
    with working() as parent:
        send(parent.pid, number)
        output, errors = parent.communicate(timeout=processes.TIMEOUT_SECONDS)
    assert (output, errors, parent.returncode) == ("interrupted\n", "", 0)


def test_the_processes_end_with_a_parent_that_is_killed() -> None:
    """The output ends when no process has it open any more."""
    with working() as parent:
        parent.kill()
        assert parent.communicate(timeout=processes.TIMEOUT_SECONDS) == ("", "")
