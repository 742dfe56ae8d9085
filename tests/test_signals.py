"""Real signals and closed terminals, sent to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from terminals import terminal

ROOT = Path(__file__).parent.parent
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}

# The start of a program that sends itself signals.
START = """
import os, signal, sys, time
from pathlib import Path
from smtemplates.console import signals
from smtemplates.console.files import write

def send(number):
    os.kill(os.getpid(), number)
"""


@contextmanager
def opened_by(process: subprocess.Popen[str] | subprocess.Popen[bytes], pipe: Path) -> Iterator[None]:
    """Wait until a process opens a named pipe to read it, and keep it open for the length of the block."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"exit code {process.wait(0.05)} before {pipe} was opened")
        with suppress(OSError):
            writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            break
    try:
        yield
    finally:
        os.close(writer)


def messages_after(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Send a signal to a process that reads, and return its messages.

    The signal is sent again if it was received between the last instruction of Python and the call that waits.
    """
    while True:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=10)[1]


def run_program(code: str, *arguments: object, ignored: str = "") -> subprocess.CompletedProcess[str]:
    """Run a Python program; with `ignored`, under a shell that ignores this signal, as nohup does."""
    command = [sys.executable, "-c", START + code, *map(str, arguments)]
    if ignored:
        command = ["/bin/sh", "-c", f"trap '' {ignored}; exec \"$@\"", "sh", *command]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("number", SIGNALS)
def test_program_without_handlers_is_ended_after_the_block(number: signal.Signals) -> None:
    """In a program without handlers, a signal has its usual effect after the block."""
    code = """
with signals.uninterrupted():
    send(int(sys.argv[1]))
    print("completed", flush=True)
"""
    done = run_program(code, int(number))
    assert (done.stdout, done.returncode) == ("completed\n", -number)


@pytest.mark.parametrize("name", ["HUP", "INT"])
def test_ignored_signal_stays_ignored(name: str) -> None:
    """Under nohup, and in the background of a shell, a command continues."""
    code = f"""
signals.raise_on_signals()
send(signal.SIG{name})
with signals.uninterrupted():
    send(signal.SIG{name})
print("completed")
"""
    assert run_program(code, ignored=name).stdout == "completed\n"


def test_request_to_end_is_never_ignored() -> None:
    """A CI system can end a command, also if it started the command with SIGTERM ignored."""
    code = """
signals.raise_on_signals()
try:
    send(signal.SIGTERM)
except KeyboardInterrupt:
    print("interrupted")
"""
    assert run_program(code, ignored="TERM").stdout == "interrupted\n"


@pytest.mark.parametrize("number", SIGNALS)
def test_interrupted_write_leaves_a_complete_file(tmp_path: Path, number: signal.Signals) -> None:
    """A signal in the middle of writing a file leaves the complete file, and no temporary one."""
    code = """
def write_text(path, text, **options):
    with path.open("w") as file:
        file.write(text[:4])
        file.flush()
        send(int(sys.argv[2]))
        file.write(text[4:])

Path.write_text = write_text
signals.raise_on_signals()
try:
    write(Path(sys.argv[1]), "complete")
except KeyboardInterrupt:
    print("interrupted")
"""
    done = run_program(code, tmp_path / "template.yaml", int(number))
    assert done.stdout == "interrupted\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("template.yaml", "complete")]


@pytest.mark.parametrize("number", SIGNALS)
def test_signal_ends_lint_with_one_message_and_exit_code_130(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends the command line with a message, not with a traceback."""
    pipe = tmp_path / "template.yaml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "smtemplates", "lint", str(pipe)]
    with (
        subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process,
        opened_by(process, pipe),
    ):
        assert messages_after(process, number) == "smtemplates: interrupted.\n"
    assert process.returncode == 130


def test_closed_terminal_ends_lint_with_exit_code_130(tmp_path: Path) -> None:
    """A command whose terminal was closed ends as interrupted, though it can print nothing."""
    pipe = tmp_path / "template.yaml"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "smtemplates", "lint", str(pipe)]
    with terminal(command, ENVIRONMENT) as opened, opened_by(opened.process, pipe):
        opened.close()
        assert opened.process.wait(60) == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_during_render_changes_no_file(tmp_path: Path, number: signal.Signals) -> None:
    """A signal during the validation of a template does not create or change a file."""
    policy = tmp_path / "policy.guard"
    os.mkfifo(policy)
    output = tmp_path / "templates"
    command = [sys.executable, "-m", "smtemplates", "render", "stack-set", "-o", str(output), "--policy", str(policy)]
    with (
        subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process,
        opened_by(process, policy),
    ):
        assert messages_after(process, number) == "smtemplates: interrupted.\n"
    assert (process.returncode, output.exists()) == (130, False)


# The terminal sends the signal from C when select asks for its descriptor (0): no Python instruction follows before
# the wait, which is the moment that a handler alone would miss.
SIGNAL_BEFORE_THE_WAIT = """
import ctypes, functools, os, signal, sys, types
from smtemplates.console.signals import raise_on_signals, read_line

raise_on_signals()
kill = functools.partial(ctypes.CDLL(None).kill, os.getpid(), int(signal.SIGTERM))
try:
    sys.stdin = types.SimpleNamespace(isatty=lambda: True, fileno=kill, readline=lambda: sys.exit(1))
    read_line()
except KeyboardInterrupt:
    raise SystemExit(130)
"""


def test_signal_just_before_the_wait_for_input_interrupts_it() -> None:
    """A signal that arrives between the last Python instruction and the wait for input is not lost."""
    process = subprocess.Popen([sys.executable, "-c", SIGNAL_BEFORE_THE_WAIT], stdin=subprocess.PIPE)
    try:
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.communicate()
