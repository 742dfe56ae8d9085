"""The demo: a stack is created, updated and deleted on a separate local cloud."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cloud_cache import with_local_cloud
from wheel import Installation

pytestmark = [pytest.mark.server, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PROCESSES: Any = import_module("psutil")  # it has no types


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a user whose AWS configuration and proxy do not work."""
    (tmp_path / "home").mkdir()
    (tmp_path / "files").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "files"),
        "XDG_CACHE_HOME": str(with_local_cloud(tmp_path / "cache")),
        "PYTHONPATH": str(ROOT),
        "AWS_PROFILE": "missing",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }


def start(variables: dict[str, str], *program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*(program or (sys.executable, "-m", "smtemplates")), "demo"],
        cwd=variables["HOME"],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(variables: dict[str, str]) -> list[Path]:
    """Return the files of the user that the demo did not delete, other than those of findings and runs."""
    data = Path(variables["XDG_CACHE_HOME"], "smtemplates", "local-cloud")
    folders = [Path(variables[name]) for name in ("HOME", "TMPDIR")]
    return [*(path for folder in folders for path in folder.rglob("*")), *data.glob("data-*"), *data.glob("*.json")]


def test_whole_life(variables: dict[str, str], installation: Installation) -> None:
    """The installed demo prints each command before it runs it, and deletes the stack, its data, and its own files."""
    del variables["PYTHONPATH"]
    process = start(variables, str(installation.programs / "smtemplates"))
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    commands = [shlex.split(line) for line in output.splitlines() if line[:2] == "$ "]
    assert {words[1] for words in commands} == {"smtemplates"}
    assert [words[2] for words in commands] == ["render", "plan", *["deploy"] * 4, *["destroy"] * 2]
    expected = [
        " to create",
        "Stack demo-workspace is CREATE_COMPLETE.",
        "    training/\n",
        "InService",
        "The files of notebook instance Notebook are deleted.",
        "This change would replace or delete existing resources",
        "exit code 4\n",
        "These resources are retained outside any stack:",
        "Deleted bucket demo-workspace-modelbucket",
    ]
    positions = [output.find(text) for text in expected]
    assert positions == sorted(positions)
    assert positions[0] > 0
    assert "\x1b" not in output
    assert left_behind(variables) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(variables: dict[str, str], number: signal.Signals) -> None:
    """An interruption ends the command that runs and the local cloud, and deletes their files."""
    with start(variables) as process:
        assert process.stdout
        seen = iter(process.stdout.readline, "")
        assert any("Stack demo-workspace is CREATE_COMPLETE." in line for line in seen)
        family = PROCESSES.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        rest = "".join(seen)
    assert (process.returncode, "Traceback" in rest) == (130, False), rest
    assert rest.splitlines()[-1] == "smtemplates: interrupted."
    PROCESSES.wait_procs(family, timeout=60)
    assert [one for one in family if one.is_running()] == []
    assert left_behind(variables) == []


def test_failed_command_ends_the_demo(variables: dict[str, str], tmp_path: Path) -> None:
    """If a command ends with an unexpected exit code, the demo stops after its message, and deletes its files."""
    (tmp_path / "broken" / "troposphere").mkdir(parents=True)
    variables["PYTHONPATH"] = f"{tmp_path / 'broken'}{os.pathsep}{ROOT}"
    (tmp_path / "broken" / "troposphere" / "__init__.py").write_text("raise SystemExit(7)")
    process = start(variables)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output.splitlines()[-1] == "smtemplates: The command above ended with exit code 7 instead of 0."
    assert output.count("\n$ ") == 1
    assert left_behind(variables) == []


def test_without_the_sdk(variables: dict[str, str]) -> None:
    """Without boto3, one sentence names the command that installs it, and nothing is started."""
    code = "import sys; sys.modules['boto3'] = None; from smtemplates.cli.main import main; sys.exit(main(['demo']))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "boto3 is required but not installed" in done.stderr
    assert left_behind(variables) == []
