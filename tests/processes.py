"""Processes that are not at a terminal, as a pipeline runs commands."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import forked
from forked_start import Forked

TIMEOUT_SECONDS = 300
Started = subprocess.Popen[str] | Forked


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    *,
    text: str = "",
    new_session: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with a text as its standard input, and return its exit code, output and messages.

    No command prints a traceback.
    """
    if forked.can_run(command, environment):
        done = forked.run(command, environment, folder, TIMEOUT_SECONDS, text=text, new_session=new_session)
    else:
        done = new_process(command, environment, folder, text=text, new_session=new_session)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def new_process(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    *,
    text: str = "",
    new_session: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a command in a new process of the operating system."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
        start_new_session=new_session,
    )


def start(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> subprocess.Popen[str]:
    """Start a command whose output and messages can be read separately."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_command(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> Started:
    """Start a command in a forked process, or in a new process if it needs one."""
    if forked.can_run(command, environment):
        return Forked(command, environment, folder)
    return start(command, environment, folder)
