#!/usr/bin/env python3
"""A local AWS to try the deployer against: no account, no Docker.

It is MiniStack with the SageMaker types added (scripts/local_cloud_server.py),
in .venv-local-cloud, which it makes on first use from
requirements/local-cloud.txt. Nothing leaves 127.0.0.1. What it holds is gone
when it stops, and nothing here is AWS: prices and most of the checks that
services make are not simulated, and IAM judges calls and functions, but not
what CloudFormation does for a stack. A catalog and a stack set can be deployed,
but not asked: publish.py, but for its link, and status of a fleet fail here.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import venvs

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-local-cloud"
SERVER = Path(__file__).resolve().with_name("local_cloud_server.py")
RUNNING = VENV / "running.json"
STARTUP_SECONDS = 60
STOP_SECONDS = 10
MAX_PORT = 65_535

START = '  eval "$(scripts/local_cloud.py start)"\n  scripts/deploy.py plan churn --create-staging-bucket\n'
STOP = "  scripts/local_cloud.py stop\n"

# What any AWS SDK needs to talk to it; the keys are MiniStack's own test keys, which no account knows.
CLIENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

# AWS offers this module to functions whose code is inline in the template.
CFNRESPONSE = '''\
"""Answer a custom resource's request."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")
    urllib.request.urlopen(request).close()
'''


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(endpoint: str) -> bool:
    """Tell whether the local cloud is up."""
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def prepare() -> Path:
    """Make the server's environment where it is not there yet, and return its Python."""
    return venvs.prepare("local-cloud", {"cfnresponse.py": CFNRESPONSE})


def launch(port: int, folder: str, *extra: str) -> subprocess.Popen[bytes]:
    """Start the server on a port, with `folder` for what it writes, and wait until it answers."""
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
        # the server inherits this file, and so the lock, until it ends
        fcntl.flock(log_file, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [str(prepare()), str(SERVER), *extra],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE if extra else subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + STARTUP_SECONDS
    while not answers(endpoint):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            log = Path(folder, "server.log").read_text()[-2000:]
            raise SystemExit(f"the local cloud did not start on port {port}; its log ends:\n{log}")
        time.sleep(0.05)
    return process


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run a local cloud for as long as the block lasts, and give its endpoint URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="local-cloud-", ignore_cleanup_errors=True) as folder:
        process = launch(port, folder, "--with-parent")
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.communicate()


def start(port: int | None) -> str:
    """Start a local cloud that goes on in the background, and return its endpoint; one that runs is kept."""
    if RUNNING.is_file() and answers(endpoint := json.loads(RUNNING.read_text())["endpoint"]):
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
    """Stop the local cloud that `start` started, with all it started itself; tell whether there was one."""
    if not RUNNING.is_file():
        return False
    noted = json.loads(RUNNING.read_text())
    # a process that has ended is left alone: its number may be another's by now
    up = not ended(noted["folder"])
    if up:
        kill_group(noted["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while not ended(noted["folder"]) and time.monotonic() < deadline:
            time.sleep(0.05)
        # what did not listen, and the functions that still run
        kill_group(noted["pid"], signal.SIGKILL)
        while not ended(noted["folder"]):
            time.sleep(0.05)
    shutil.rmtree(noted["folder"], ignore_errors=True)
    RUNNING.unlink()
    return up


def ended(folder: str) -> bool:
    """Tell whether the server that writes into `folder` has ended: its log is locked for as long as it lives."""
    try:
        with Path(folder, "server.log").open("rb") as log_file:
            fcntl.flock(log_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def kill_group(leader: int, number: signal.Signals) -> None:
    """Send a signal to a process and all that it started, as far as they are still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, number)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""

    def shown(examples: str) -> dict[str, Any]:
        return {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": f"examples:\n{examples}"}

    whole = argparse.ArgumentParser(description=__doc__, **shown(START + STOP))
    commands = whole.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("start", help="start it in the background, and print how to use it", **shown(START))
    starting.add_argument("--port", type=port, help="default: any free port")
    commands.add_parser("stop", help="stop it; all it held is gone", **shown(STOP))
    return whole


def port(text: str) -> int:
    """Read --port."""
    number = int(text)
    if not 0 < number <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to {MAX_PORT:,}, not {text}")
    return number


def main() -> None:
    """Parse the command and print what to do next."""
    arguments = parser().parse_args()
    if arguments.command == "stop":
        print("stopped" if stop() else "no local cloud was running", file=sys.stderr)
        return
    endpoint = start(arguments.port)
    print(f"the local cloud runs at {endpoint}; stop it with: scripts/local_cloud.py stop", file=sys.stderr)
    if sys.stdout.isatty():
        print('to use it in this shell: eval "$(scripts/local_cloud.py start)"', file=sys.stderr)
    for name, value in {**CLIENT, "AWS_ENDPOINT_URL": endpoint}.items():
        print(f"export {name}={value}")


if __name__ == "__main__":
    main()
