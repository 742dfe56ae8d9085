"""The user's local cloud: start, stop, reset and remove it, as a user does in a shell."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import processes
import pytest
from cloud_cache import with_local_cloud
from deploying.local_aws import Aws

from smtemplates.local_cloud.environment import LOCK, local_cloud
from smtemplates.local_cloud.lifecycle import running

pytestmark = [pytest.mark.server, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
PROCESSES: Any = import_module("psutil")  # it has no types


class User:
    """A user with a cache directory, in which the local cloud is installed."""

    def __init__(self, cache: Path, **variables: str) -> None:
        self.files = cache / "smtemplates" / "local-cloud"
        own = {"PATH": os.environ["PATH"], "HOME": str(cache), "XDG_CACHE_HOME": str(cache)}
        self.environment = {**own, "PYTHONPATH": str(ROOT), **variables}

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "smtemplates", "local", *words]
        return processes.start(command, self.environment, Path(self.environment["HOME"]))

    def local(self, *words: str) -> tuple[int, str, str]:
        """Run a command to its end, and return its exit code, output and messages."""
        process = self.start(*words)
        output, messages = process.communicate(timeout=120)
        return process.returncode, output, messages

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.files / "running.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def user(tmp_path: Path) -> Any:
    """Return a user, and stop the user's local cloud at the end."""
    one = User(with_local_cloud(tmp_path))
    yield one
    one.local("stop")


def test_life(user: User) -> None:
    """It keeps its data until a reset or stop, listens on loopback only, and ends with all its processes."""
    name = "Trial"
    code, exports, messages = user.local("start")
    aws = Aws(user.state["endpoint"])
    assert (code, f"export AWS_ENDPOINT_URL={aws.url}\n" in exports) == (0, True), messages
    server = PROCESSES.Process(user.state["pid"])
    listening = {one.laddr.ip for one in server.net_connections() if one.status == PROCESSES.CONN_LISTEN}
    assert listening == {"127.0.0.1"}

    aws.deployed(name)
    group = [server, *server.children(recursive=True)]
    assert len(group) > 1
    assert user.local("start")[1] == exports
    assert aws.status(name) == "CREATE_COMPLETE"

    code, _, messages = user.local("reset")
    assert (code, messages) == (0, f"deleted all data of the local cloud at {aws.url}\n")
    assert (user.state["endpoint"], aws.status(name)) == (aws.url, None)
    assert not alive(group)

    data = Path(user.state["folder"])
    code, _, messages = user.local("stop")
    assert (code, messages.splitlines()[0]) == (0, "stopped the local cloud")
    assert not data.exists()
    assert user.local("stop")[::2] == (0, "no local cloud was running\n")
    done = aws.run("status", name)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"The local cloud is not running at {aws.url}" in done.stderr
    assert "unset AWS_ENDPOINT_URL" in done.stderr


def alive(processes: list[Any]) -> list[Any]:
    return [one for one in processes if one.is_running() and one.status() != PROCESSES.STATUS_ZOMBIE]


def test_terminals_that_start_it_at_the_same_time_share_it(user: User) -> None:
    """Several parallel starts print the same endpoint, and leave one server."""
    processes = [user.start("start") for _ in range(3)]
    outputs = {process.communicate(timeout=120)[0] for process in processes}
    assert ([process.returncode for process in processes], len(outputs)) == ([0, 0, 0], 1)
    assert len(list(user.files.glob("data-*"))) == 1


def test_port(user: User) -> None:
    """It uses the requested port. A port that is in use, and a different port while it is running, are rejected."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        code, output, messages = user.local("start", "--port", number)
    assert (code, output, messages.count("\n")) == (2, "", 1)
    assert f"Port {number} is in use by another program. Choose another one, or omit --port." in messages
    assert user.local("start", "--port", number)[0] == 0
    assert user.state["endpoint"] == f"http://127.0.0.1:{number}"
    assert user.local("start", "--port", number)[0] == 0
    code, output, messages = user.local("start", "--port", str(int(number) - 1))
    assert (code, output) == (2, "")
    assert f"The local cloud is running at http://127.0.0.1:{number}. To use port" in messages


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_invalid_port(tmp_path: Path, port: str) -> None:
    """An invalid port is rejected before anything is started."""
    code, output, messages = User(tmp_path).local("start", f"--port={port}")
    assert (code, output) == (2, "")
    assert "error: argument --port: " in messages
    assert not list(tmp_path.iterdir())


def test_server_that_died_is_replaced(user: User) -> None:
    """After a crash, the next start deletes the old data and starts a new server."""
    user.local("start")
    dead = user.state
    os.killpg(dead["pid"], signal.SIGKILL)
    PROCESSES.wait_procs([PROCESSES.Process(dead["pid"])] if PROCESSES.pid_exists(dead["pid"]) else [])
    code, _, messages = user.local("reset")
    assert (code, messages.count("\n")) == (1, 1)
    assert "No local cloud is running. Start it with: python -m smtemplates local start" in messages
    assert user.local("start")[0] == 0
    assert user.state["pid"] != dead["pid"]
    assert [str(folder) for folder in user.files.glob("data-*")] == [user.state["folder"]]


def test_damaged_installation(user: User) -> None:
    """If the server cannot start, the message contains its log and the command that deletes the installation."""
    (package,) = user.files.glob("*/lib/python3*/site-packages/ministack")
    shutil.rmtree(package)
    code, output, messages = user.local("start")
    assert (code, output) == (1, "")
    assert "delete it with python -m smtemplates local remove and repeat this command" in messages
    assert "No module named 'ministack'" in messages
    assert not list(user.files.glob("data-*"))
    assert user.local("remove") == (0, "", "deleted the local cloud\n")


def test_other_version(user: User) -> None:
    """A start reports that a different version of smtemplates started the running server."""
    _, exports, _ = user.local("start")
    state = user.files / "running.json"
    state.write_text(json.dumps({**user.state, "version": "0.0.1"}))
    code, output, messages = user.local("start")
    assert (code, output) == (0, exports)
    assert "version 0.0.1 of smtemplates started it. To use this version, run python -m smtemplates local" in messages


def test_stop_and_reset_create_no_files(tmp_path: Path) -> None:
    """Without an installation, stop and reset only report that no local cloud is running."""
    fresh = User(tmp_path)
    assert fresh.local("stop") == (0, "", "no local cloud was running\n")
    assert fresh.local("reset")[0] == 1
    assert not list(tmp_path.iterdir())


def test_installation_matches_the_lock() -> None:
    """The environment contains the locked versions only, and pip if pip installed it."""
    cloud = local_cloud()
    code = "from importlib.metadata import distributions as d; print(*(f'{x.name}=={x.version}'.lower() for x in d()))"
    with cloud.installed():
        done = subprocess.run([str(cloud.python), "-I", "-c", code], capture_output=True, text=True, check=True)
    found = {name.replace("_", "-") for name in done.stdout.split() if not name.startswith(("pip=", "setuptools="))}
    locked = re.findall(r"^([\w.-]+==[\w.]+) (;)?", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, condition in locked if not condition} <= found <= {name for name, _ in locked}


def test_remove(user: User) -> None:
    """It stops the server and deletes every file. A second removal has nothing to delete."""
    user.local("start")
    server = PROCESSES.Process(user.state["pid"])
    assert user.local("remove") == (0, "", "deleted the local cloud\n")
    assert not alive([server])
    assert not user.files.exists()
    assert user.local("remove") == (0, "", "the local cloud is not installed\n")


def test_environment_in_use_is_not_removed(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a server that another process runs, such as a demo, are not deleted."""
    monkeypatch.setenv("XDG_CACHE_HOME", user.environment["XDG_CACHE_HOME"])
    with running() as url:
        code, _, messages = user.local("remove")
        assert (code, messages.count("\n")) == (1, 1)
        assert "was not deleted because another process uses it" in messages
        assert Aws(url).client("sts").get_caller_identity()["Account"]
    assert user.local("remove")[0] == 0


def test_exports_replace_conflicting_variables(user: User) -> None:
    """The printed lines let the AWS SDK call the local cloud, despite a proxy, a profile and an old session token."""
    user.environment |= {
        "AWS_PROFILE": "missing",
        "AWS_SESSION_TOKEN": "of another account",
        "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "intranet",
    }
    call = "import boto3, os; print(boto3.client('sts').get_caller_identity()['Account'], os.environ['NO_PROXY'])"
    script = f'eval "$("$0" -m smtemplates local start)" && "$0" -c "{call}"'
    done = subprocess.run(
        ["/bin/bash", "-c", script, sys.executable],
        cwd=user.environment["HOME"],
        env=user.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "000000000000 intranet,127.0.0.1\n"), done.stderr
