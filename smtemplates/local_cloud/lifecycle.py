"""Run the server of the local cloud, and end it."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from smtemplates.console import program
from smtemplates.console.signals import uninterrupted
from smtemplates.errors import Error
from smtemplates.local_cloud.environment import local_cloud

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

PACKAGE = Path(__file__).parents[1]
# The server's environment does not contain smtemplates. Only this package is loaded from its folder. Other libraries
# there have no effect on the server.
SERVER = """\
import importlib.util, sys
folder = sys.argv.pop(1)
places = {"submodule_search_locations": [folder]}
spec = importlib.util.spec_from_file_location("smtemplates", folder + "/__init__.py", **places)
sys.modules["smtemplates"] = package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
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
    cloud = local_cloud()
    command = [str(cloud.python), "-I", "-c", SERVER, str(PACKAGE), *extra]
    with cloud.installed() as lock, uninterrupted() as deferral:
        with Path(folder, "server.log").open("ab") as log_file:
            # the server inherits the log file and its lock, and holds the lock until it ends
            fcntl.flock(log_file, fcntl.LOCK_EX)
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.PIPE if extra else subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock],
            )
        try:
            with deferral.allowed():
                started = wait_for_response(process, endpoint)
        except BaseException:  # an interruption, too, must not leave a server that no command can stop
            kill_group(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if not started:
        kill_group(process.pid, signal.SIGKILL)
        log = Path(folder, "server.log").read_text()[-2000:]
        raise Error(
            f"The local cloud did not start on port {port}. If its installation is damaged, delete it with "
            f"{program.command('local', 'remove')} and repeat this command. The end of its log:\n{log}"
        )
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


def end(leader: int, folder: str) -> None:
    """End the server that writes into `folder`, with all its processes. `leader` is the ID of their group."""
    kill_group(leader, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while not ended(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    # processes that ignored the first signal, and functions that are still running
    kill_group(leader, signal.SIGKILL)
    while not ended(folder):
        time.sleep(0.05)


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
