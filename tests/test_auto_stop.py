"""Run the program that stops an idle notebook against a real Jupyter server with a self-signed certificate."""

from __future__ import annotations

import ast
import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import URLError

import pytest
import samples
from certificates import self_signed
from jupyter_client.blocking.client import BlockingKernelClient

PROGRAM = Path(__file__).parent.parent / "smtemplates/templates/workspace/assets" / "auto_stop.py"
ARN = "arn:aws:sagemaker:eu-west-3:111122223333:notebook-instance/team-notebook"
HOUR = "60"
NO_TIME = "0.000001"  # any use that has ended is longer ago
LONG_AGO = (datetime.now(timezone.utc) - timedelta(days=2)).isoformat()


def wait_until(is_reached: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_reached():
            return
        time.sleep(0.05)
    pytest.fail("the expected state was not reached")


@dataclass(frozen=True)
class Server:
    """A Jupyter server as on a notebook instance, with TLS and without a token."""

    url: str
    root: Path

    def call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 a server of this test
            f"{self.url}/api/{path}", json.dumps(body).encode() if body is not None else None, method=method
        )
        tls = ssl.create_default_context(cafile=str(self.root / "certificate.pem"))
        with urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls)).open(request, timeout=30) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def start_kernel(self, code: str = "") -> str:
        """Start a kernel, wait until Jupyter reports that it is idle, and run code in it."""
        kernel = str(self.call("POST", "kernels", {"name": "python3"})["id"])
        client = BlockingKernelClient(connection_file=str(self.root / f"runtime/kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels()
        wait_until(lambda: client.kernel_info() and self.state(kernel) == "idle")
        if code:
            client.execute(code)
        client.stop_channels()
        return kernel

    def state(self, kernel: str) -> str:
        return str(self.call("GET", f"kernels/{kernel}")["execution_state"])

    def open(self, path: str, kind: str) -> None:
        """Open a document or a console with an idle kernel."""
        kernel = {"id": self.start_kernel()}
        self.call("POST", "sessions", {"path": path, "type": kind, "name": "", "kernel": kernel})

    def is_up(self) -> bool:
        try:
            self.call("GET", "status")
        except URLError:
            return False
        return True

    def clear(self) -> None:
        for kind, key in (("sessions", "id"), ("kernels", "id"), ("terminals", "name")):
            for found in self.call("GET", kind):
                self.call("DELETE", f"{kind}/{found[key]}")


@contextmanager
def jupyter(root: Path, *options: str) -> Iterator[Server]:
    certificate, key = self_signed(root)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (root / "notebooks").mkdir()
    stuck = root / "data/kernels/stuck"
    stuck.mkdir(parents=True)
    never = {"argv": [sys.executable, "-c", "input()"], "display_name": "Stuck", "language": "python"}
    (stuck / "kernel.json").write_text(json.dumps(never), encoding="utf-8")
    folders = {f"JUPYTER_{name.upper()}_DIR": str(root / name) for name in ("config", "data", "runtime")}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter_server", "--allow-root", "--ServerApp.ip=127.0.0.1", "--no-browser"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}/notebooks"),
            *(f"--ServerApp.certfile={certificate}", f"--ServerApp.keyfile={key}", "--IdentityProvider.token="),
            *("--ServerApp.disable_check_xsrf=True", *options),
        ],
        env={**os.environ, **folders, "HOME": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(f"https://localhost:{port}", root)
    try:
        wait_until(server.is_up)
        yield server
    finally:
        process.terminate()
        process.communicate()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    yield shared_server
    shared_server.clear()


@dataclass(frozen=True)
class Instance:
    """A notebook instance in a time zone far from UTC, with an AWS CLI that logs its arguments."""

    root: Path

    @property
    def memory(self) -> Path:
        return self.root / "last-use"

    def check(self, minutes: str, server: str, aws: str = 'echo "$*" >>aws.log') -> subprocess.CompletedProcess[str]:
        (self.root / "aws").write_text(f"#!/bin/sh\n{aws}\n", encoding="utf-8")
        (self.root / "aws").chmod(0o755)
        metadata = self.root / "resource-metadata.json"
        metadata.write_text(json.dumps({"ResourceArn": ARN, "ResourceName": "team-notebook"}), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-I", PROGRAM, minutes, server, metadata, self.memory],
            cwd=self.root,
            env={"PATH": f"{self.root}:/usr/bin:/bin", "TZ": "Pacific/Auckland"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def stops(self, minutes: str, server: Server, last_use: str = LONG_AGO) -> bool:
        """Return whether the program stops the instance if the last recorded use was at `last_use`."""
        self.memory.write_text(last_use, encoding="utf-8")
        done = self.check(minutes, server.url)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        stopped = (self.root / "aws.log").exists()
        assert done.stdout.startswith("Stopping: not used since" if stopped else "Not stopping: last used")
        (self.root / "aws.log").unlink(missing_ok=True)
        return stopped


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return Instance(tmp_path)


# --- kinds of use


def test_unused_instance_is_stopped(instance: Instance, server: Server) -> None:
    """An instance without kernels, terminals or recorded use within the idle time is stopped."""
    assert instance.stops(HOUR, server)


def test_idle_kernel(instance: Instance, server: Server) -> None:
    """The last activity of an idle kernel is use. The instance is stopped after the idle time."""
    server.start_kernel()
    assert not instance.stops(HOUR, server)
    assert instance.stops(NO_TIME, server)


def test_busy_kernel(instance: Instance, server: Server) -> None:
    """A busy kernel is use, regardless of the time of its last message."""
    kernel = server.start_kernel("import time; time.sleep(600)")
    wait_until(lambda: server.state(kernel) == "busy")
    assert not instance.stops(NO_TIME, server)


def test_kernel_that_is_stuck_starting(instance: Instance, server: Server) -> None:
    """A kernel that does not finish starting is use only until the idle time is over."""
    kernel = server.call("POST", "kernels", {"name": "stuck"})
    assert kernel["execution_state"] == "starting"
    assert not instance.stops(HOUR, server)
    assert instance.stops(NO_TIME, server)


def test_open_terminal(instance: Instance, server: Server) -> None:
    """The last input or output of a terminal is use."""
    server.call("POST", "terminals", {})
    assert not instance.stops(HOUR, server)
    assert instance.stops(NO_TIME, server)


def test_saved_notebook(instance: Instance, server: Server) -> None:
    """Saving an open notebook is use even if its kernel is idle. An open notebook that is not saved is not use."""
    path = "my notes/été #1.ipynb"
    notebook = server.root / "notebooks" / path
    notebook.parent.mkdir(exist_ok=True)
    notebook.write_text("{}", encoding="utf-8")
    server.open(path, "notebook")
    os.utime(notebook, (0, 0))
    assert instance.stops(NO_TIME, server)
    soon = time.time() + 3600  # a time in the future counts as now
    os.utime(notebook, (soon, soon))
    assert not instance.stops(NO_TIME, server)
    server.clear()
    assert instance.check(NO_TIME, server.url).stdout.startswith("Stopping")


def test_console_has_no_file(instance: Instance, server: Server) -> None:
    """The kernel of a session without a file is use."""
    server.open("console-1", "console")
    assert not instance.stops(HOUR, server)
    assert instance.stops(NO_TIME, server)


@pytest.mark.slow
def test_server_without_terminals(instance: Instance, tmp_path: Path) -> None:
    """On a server without terminals, only kernels are use."""
    (tmp_path / "jupyter").mkdir()
    with jupyter(tmp_path / "jupyter", "--ServerApp.terminals_enabled=False") as server:
        assert instance.check(HOUR, server.url).stdout.startswith("Not stopping: last used")
        assert instance.stops(HOUR, server)


def test_check_is_not_use(instance: Instance, server: Server) -> None:
    """The check does not change the last activity of the Jupyter server."""
    before = server.call("GET", "status")["last_activity"]
    instance.check(HOUR, server.url)
    assert server.call("GET", "status")["last_activity"] == before


# --- recorded use


def test_kernel_that_was_shut_down_counts_until_the_idle_time_is_over(instance: Instance, server: Server) -> None:
    """The use that an earlier check recorded still counts when Jupyter no longer lists the kernel."""
    kernel = server.start_kernel()
    instance.memory.write_text(LONG_AGO, encoding="utf-8")
    instance.check(HOUR, server.url)
    server.call("DELETE", f"kernels/{kernel}")
    assert instance.check(HOUR, server.url).stdout.startswith("Not stopping: last used")


def test_idle_time_begins_with_the_first_check(instance: Instance, server: Server) -> None:
    """After a start, the idle time begins with the first check."""
    assert instance.check(HOUR, server.url).stdout.startswith("Not stopping: last used")
    assert not (instance.root / "aws.log").exists()


@pytest.mark.parametrize("content", ["", "not a time"])
def test_invalid_record_is_replaced(instance: Instance, server: Server, content: str) -> None:
    """A record that cannot be read is replaced and does not disable the program."""
    instance.memory.write_text(content, encoding="utf-8")
    assert instance.check(HOUR, server.url).stdout.startswith("Not stopping: last used")
    assert instance.stops(HOUR, server)


# --- a server that is down or does not answer


@contextmanager
def half_a_server(root: Path, kernels: list[dict[str, str]]) -> Iterator[Server]:
    """Run a server that lists these kernels, and closes the connection without an answer for everything else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/api/kernels"):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(kernels).encode())

        def log_message(self, *_: object) -> None:
            pass

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*self_signed(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
        Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Server(f"https://localhost:{http.server_port}", root)
        http.shutdown()


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"https://localhost:{free.getsockname()[1]}"


def test_server_that_was_never_reached(instance: Instance) -> None:
    """Without an answer since the start, for example on another port, the instance is never stopped."""
    down = closed_port()
    for _ in range(2):
        done = instance.check(NO_TIME, down)
        assert done.returncode == 1
        assert done.stderr.startswith("Not stopping: no answer since the start: <urlopen error [Errno 111]")
    assert not (instance.root / "aws.log").exists()


def test_server_that_crashed(instance: Instance) -> None:
    """If the server was reached before, recorded use counts, so an instance with a crashed server is stopped."""
    down = Server(closed_port(), instance.root)
    assert not instance.stops(HOUR, down, (datetime.now(timezone.utc) - timedelta(minutes=59)).isoformat())
    assert instance.stops(HOUR, down, (datetime.now(timezone.utc) - timedelta(minutes=61)).isoformat())


def test_server_that_answers_partly(instance: Instance) -> None:
    """A busy kernel counts, even if the server is too busy to answer further questions."""
    with half_a_server(instance.root, [{"execution_state": "busy"}]) as server:
        assert not instance.stops(NO_TIME, server)


def test_server_that_returns_an_error(instance: Instance, server: Server) -> None:
    """An error response of the server does not stop the instance."""
    instance.memory.write_text(LONG_AGO, encoding="utf-8")
    done = instance.check(HOUR, f"{server.url}/elsewhere")
    assert done.returncode == 1
    assert done.stderr == "Not stopping: the notebook server returned an error: HTTP Error 404: Not Found\n"
    assert not (instance.root / "aws.log").exists()


# --- stopping


def test_program_stops_its_own_instance(instance: Instance) -> None:
    """The name and the Region of the instance are read from the metadata of SageMaker."""
    instance.memory.write_text(LONG_AGO, encoding="utf-8")
    instance.check(HOUR, closed_port())
    calls = (instance.root / "aws.log").read_text(encoding="utf-8")
    assert calls == "sagemaker stop-notebook-instance --region eu-west-3 --notebook-instance-name team-notebook\n"


def test_denied_stop_is_reported(instance: Instance) -> None:
    """If AWS denies the call, the program prints the message and fails."""
    instance.memory.write_text(LONG_AGO, encoding="utf-8")
    done = instance.check(HOUR, closed_port(), "echo AccessDenied >&2; exit 254")
    assert (done.returncode, done.stderr) == (254, "AccessDenied\n")


def test_role_can_stop_only_its_own_instance(template: dict[str, Any]) -> None:
    """The role can stop only the notebook instance with the ARN of this stack."""
    stack = samples.deployed(template, samples.EVERYTHING)
    statements = [
        statement
        for resource in stack.resources.values()
        for statement in resource["Properties"].get("PolicyDocument", {}).get("Statement", [])
        if statement["Effect"] == "Allow"
        and any(fnmatch("sagemaker:StopNotebookInstance", pattern) for pattern in statement["Action"])
    ]
    assert [statement["Resource"] for statement in statements] == [[samples.physical("Notebook", None)]]


def test_syntax_is_that_of_python_3_9() -> None:
    """The program runs on Python 3.9, the version of Amazon Linux 2023.

    Source: https://docs.aws.amazon.com/linux/al2023/ug/python.html
    """
    ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 9))
