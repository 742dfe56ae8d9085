"""A command in a forked process has the same result as in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import forked
import processes
import pytest
from deploying.local_aws import SAMPLE

from smtemplates.local_cloud.lifecycle import CLIENT

NOWHERE = {**CLIENT, "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
DEPLOY, PUBLISH = (str(forked.ROOT / "scripts" / name) for name in ("deploy.py", "publish.py"))
COMMANDS = [
    [DEPLOY, "status", "team"],
    [DEPLOY, "plan", "team", "--template", str(SAMPLE), "--json"],
    [DEPLOY, "plan", "--help"],
    [DEPLOY, "status"],
    [PUBLISH, "versions", "--product", "prod-abcdefghijklm"],
    ["-m", "smtemplates", "config", "check"],
    ["-m", "smtemplates", "--version"],
]
# Print the state of a process that the process can observe.
PROBE = """\
import json, os, signal, sys, time
print(json.dumps({
    "words": sys.argv, "name": __name__, "folder": os.getcwd(), "path": sys.path[0], "input": sys.stdin.read(),
    "variables": dict(sorted(os.environ.items())),
    "files": sorted(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else [],
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "encodings": [[each.encoding, each.errors, each.isatty()] for each in (sys.stdin, sys.stdout, sys.stderr)],
    "bytecode": sys.dont_write_bytecode, "leads": os.getsid(0) == os.getpid(),
}, indent=1))
"""
ENDS = {
    "nothing": "",
    "code": "sys.exit(7)",
    "sentence": "sys.exit('Nothing was found.')",
    "exception": "raise ValueError('é')",
    "signal": "sys.stdout.flush(); os.kill(os.getpid(), signal.SIGTERM)",
    "interruption": "os.kill(os.getpid(), signal.SIGINT); time.sleep(60)",
    "exit of a thread": "import threading; threading.Timer(0.01, print, ['later']).start()",
    "at exit": "import atexit; atexit.register(print, 'last')",
}


def both(
    command: list[str], environment: dict[str, str], folder: Path, *, new_session: bool = False
) -> list[tuple[int, str, str]]:
    """Run a command in a new process and in a forked one, and return both results."""
    done = (
        processes.new_process(command, environment, folder, new_session=new_session),
        forked.run(command, environment, folder, 60, new_session=new_session),
    )
    return [(each.returncode, each.stdout, each.stderr) for each in done]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words).replace(f"{forked.ROOT}/", ""))
def test_commands_of_the_package(words: list[str], tmp_path: Path) -> None:
    """Commands of the package are forked, with the exit code, the output and the messages of a new process."""
    command = [sys.executable, *words]
    assert forked.can_run(command, NOWHERE)
    new, copy = both(command, NOWHERE, tmp_path)
    assert copy == new
    assert any(new[1:])


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_process(end: str, tmp_path: Path) -> None:
    """A forked process observes the same about itself, and ends in the same way."""
    program = tmp_path / "probe.py"
    program.write_text(f"{PROBE}{end}\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "NAME": "ü"}
    (tmp_path / "here").mkdir()
    new, copy = both([sys.executable, str(program), "-x", "ä"], environment, tmp_path / "here", new_session=bool(end))
    assert new[1]
    # the frames of the server come first in a traceback
    assert copy[:2] == new[:2]
    assert copy[2].splitlines()[-1:] == new[2].splitlines()[-1:]


def test_processes_run_at_the_same_time(tmp_path: Path) -> None:
    """Threads can run commands side by side: each waits for a file that the other one creates."""
    program = tmp_path / "wait.py"
    program.write_text(
        "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\n"
        "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)\nprint(sys.argv[1])"
    )
    commands = [[sys.executable, str(program), *names] for names in ("ab", "ba")]
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda command: forked.run(command, {}, tmp_path, 60, new_session=False), commands)
    assert [each.stdout for each in done] == ["a\n", "b\n"]


def test_command_that_hangs_is_killed(tmp_path: Path) -> None:
    """A command that does not end in time is killed, and the tests continue."""
    program = tmp_path / "hang.py"
    program.write_text("import os, time\nopen('process', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    with pytest.raises(subprocess.TimeoutExpired):
        forked.run([sys.executable, str(program)], {}, tmp_path, 2, new_session=False)
    process = int((tmp_path / "process").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    program.write_text("print(7)")
    assert forked.run([sys.executable, str(program)], {}, tmp_path, 60, new_session=False).stdout == "7\n"


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        ([sys.executable, DEPLOY], {"PYTHONPATH": "/elsewhere"}),
        ([sys.executable, DEPLOY], {"LC_ALL": "C"}),
        ([sys.executable, "-m", "build"], {}),
        ([sys.executable, "-X", "importtime", DEPLOY], {}),
        (["/usr/bin/python3", DEPLOY], {}),
    ],
)
def test_other_commands_are_new_processes(command: list[str], environment: dict[str, str]) -> None:
    """Other programs, and commands whose start is different, are not forked."""
    assert not forked.can_run(command, environment)


@pytest.fixture(scope="module")
def server() -> Iterator[forked.Server]:
    """Start a server with a variable that Python reads at its start."""
    started = forked.Server(sys.executable, {"PATH": os.environ["PATH"], "PYTHONPATH": str(forked.ROOT)})
    yield started
    started.stop()


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_program(server: forked.Server, end: str, tmp_path: Path) -> None:
    """A program that a server forks observes the same as a new process, and its exit status is the same."""
    script, program = tmp_path / "probe.py", tmp_path / "program"
    script.write_text(f"{PROBE}{end}\n", encoding="utf-8")
    server.write_program(program, [script])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(forked.ROOT), "NAME": "ü"}
    commands = ([sys.executable, str(script), "-x", "ä"], [str(program), "-x", "ä"])
    new, copy = (processes.new_process(command, environment, tmp_path) for command in commands)
    assert new.stdout
    assert (copy.returncode, copy.stdout) == (new.returncode, new.stdout)
    assert copy.stderr.splitlines()[-1:] == new.stderr.splitlines()[-1:]


@pytest.mark.parametrize(
    ("words", "variables", "forks"),
    [
        (["loaded.py"], {}, True),
        (["loaded.py"], {"LC_ALL": "C"}, False),
        (["loaded.py"], {"PYTHONPATH": "/elsewhere"}, False),
        (["other.py"], {}, False),
    ],
)
def test_program_forks_if_it_can(
    server: forked.Server, tmp_path: Path, words: list[str], variables: dict[str, str], *, forks: bool
) -> None:
    """Words or variables that change the start of Python lead to a new process."""
    (tmp_path / words[0]).write_text("import sys\nprint('boto3' in sys.modules)")
    server.write_program(tmp_path / "python", [], [["loaded.py"]])
    done = processes.new_process([str(tmp_path / "python"), *words], variables, tmp_path)
    assert (done.stdout, done.stderr) == (f"{forks}\n", "")
