"""Start and stop the local cloud: for the duration of a block, or in the background."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from smtemplates.errors import Error
from smtemplates.local_cloud.environment import CHECKOUT, VENV, prepare

RUNNING = VENV / "running.json"
STARTUP_SECONDS = 60
STOP_SECONDS = 10

# Environment variables with which any AWS SDK calls the local cloud. The keys are the test keys of MiniStack, and not
# those of an account.
CLIENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

# The server's environment does not contain smtemplates. It is the last place that Python searches, so that it hides no
# library of the server.
SERVER = """\
import sys
sys.path.append(sys.argv.pop(1))
from smtemplates.local_cloud.server import main
main()
"""


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def responds(endpoint: str) -> bool:
    """Return whether the local cloud responds."""
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def launch(port: int, folder: str, *extra: str) -> subprocess.Popen[bytes]:
    """Start the server on a port, and wait until it responds. It writes all its files into `folder`."""
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **CLIENT,
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": folder,
        "TMPDIR": folder,
        "S3_DATA_DIR": f"{folder}/s3",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": endpoint,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with Path(folder, "server.log").open("ab") as log_file:
        # the server inherits this file and its lock, and holds the lock until it ends
        fcntl.flock(log_file, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [str(prepare()), "-I", "-c", SERVER, str(CHECKOUT), *extra],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE if extra else subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        started = wait_for_response(process, endpoint)
    except BaseException:  # an interruption, too, must not leave a server that no command can stop
        kill_group(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if not started:
        kill_group(process.pid, signal.SIGKILL)
        log = Path(folder, "server.log").read_text()[-2000:]
        raise Error(f"the local cloud did not start on port {port}. The end of its log:\n{log}")
    return process


def wait_for_response(process: subprocess.Popen[bytes], endpoint: str) -> bool:
    """Wait until the server responds, and return whether it does before it ends or the time is up."""
    deadline = time.monotonic() + STARTUP_SECONDS
    while not responds(endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a local cloud for the duration of the block, and yield its endpoint URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="local-cloud-", ignore_cleanup_errors=True) as folder:
        process = launch(port, folder, "--with-parent")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.communicate()


def start(port: int | None) -> str:
    """Start a local cloud in the background, unless one is running, and return its endpoint URL."""
    if RUNNING.is_file() and responds(endpoint := json.loads(RUNNING.read_text())["endpoint"]):
        return str(endpoint)
    stop()
    chosen = port or free_port()
    folder = tempfile.mkdtemp(prefix="local-cloud-")
    try:
        process = launch(chosen, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    endpoint = f"http://127.0.0.1:{chosen}"
    RUNNING.write_text(json.dumps({"endpoint": endpoint, "pid": process.pid, "folder": folder}))
    return endpoint


def stop() -> bool:
    """Stop the local cloud that `start` started, with all its processes, and return whether it was running."""
    if not RUNNING.is_file():
        return False
    state = json.loads(RUNNING.read_text())
    # do not send a signal to a process that has ended: its ID may belong to a different process now
    was_running = not ended(state["folder"])
    if was_running:
        kill_group(state["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not ended(state["folder"]) and time.monotonic() < deadline:
            time.sleep(0.05)
        # processes that ignored the first signal, and functions that are still running
        kill_group(state["pid"], signal.SIGKILL)
        while not ended(state["folder"]):
            time.sleep(0.05)
    shutil.rmtree(state["folder"], ignore_errors=True)
    RUNNING.unlink()
    return was_running


def ended(folder: str) -> bool:
    """Return whether the server that writes into `folder` has ended. It locks its log while it is running."""
    try:
        with Path(folder, "server.log").open("rb") as log_file:
            fcntl.flock(log_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def kill_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it still exists."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)
