"""Calls to AWS use TLS with a checked certificate, or stay on this machine."""

from __future__ import annotations

import ast
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import processes
import pytest
from certificates import self_signed

from deploying.local_aws import ROOT
from smtemplates.local_cloud.lifecycle import CLIENT

pytestmark = pytest.mark.server

COMMANDS = [
    ["deploy.py", "status", "team"],
    ["deploy.py", "plan", "team"],
    ["publish.py", "versions", "--product", "prod-abcdefghijklm"],
]


class Refusing(BaseHTTPRequestHandler):
    """Rejects every call as AWS does, and records the calls that reached it."""

    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.headers.get("Authorization", ""))
        body = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>reached</Message></Error></ErrorResponse>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815 the names that http.server wants

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    Refusing.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    once = {"AWS_MAX_ATTEMPTS": "1", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
    script = [sys.executable, str(ROOT / "scripts" / command[0]), *command[1:]]
    return processes.run(script, {**CLIENT, **once, **environment})


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_untrusted_certificate_is_rejected(server: ThreadingHTTPServer, command: list[str]) -> None:
    """A server with an untrusted certificate receives no request, and the error is one line."""
    done = run(command, AWS_ENDPOINT_URL=f"https://localhost:{server.server_port}")
    assert (done.returncode, done.stdout, Refusing.asked) == (1, "", [])
    assert "certificate" in done.stderr.lower()
    assert "AWS_CA_BUNDLE" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_certificate_of_a_proxy_is_trusted(server: ThreadingHTTPServer, tmp_path: Path, command: list[str]) -> None:
    """A certificate in AWS_CA_BUNDLE, which a company proxy can require, is trusted."""
    url = f"https://localhost:{server.server_port}"
    done = run(command, AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(tmp_path / "certificate.pem"))
    assert Refusing.asked
    assert "reached" in done.stderr


def test_missing_certificate_bundle_is_an_error(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    """A missing certificate bundle is an error, and no other certificate is trusted instead."""
    url = f"https://localhost:{server.server_port}"
    done = run(COMMANDS[0], AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(tmp_path / "none.pem"))
    assert (done.returncode in (1, 2), Refusing.asked) == (True, [])
    assert "none.pem" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_endpoint_without_tls_is_rejected(command: list[str], variable: str) -> None:
    """An endpoint without TLS in the environment is rejected before any call."""
    done = run(command, **{variable: "http://192.0.2.1"})
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be https" in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_endpoint_without_tls_in_a_profile_is_rejected(tmp_path: Path, command: list[str]) -> None:
    """An endpoint without TLS in a profile is rejected before any call."""
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://192.0.2.1\n")
    done = run(command, AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "must be https" in done.stderr


UNCHECKED = {"_create_unverified_context", "CERT_NONE", "disable_warnings"}
SWITCHES = {"verify", "check_hostname", "use_ssl"}


def unchecked(source: str) -> list[int]:
    """Return the lines that disable a check of TLS."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        off = (
            [
                keyword.arg
                for keyword in node.keywords
                if isinstance(keyword.value, ast.Constant) and not keyword.value.value
            ]
            if isinstance(node, ast.Call)
            else []
        )
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and not node.value.value:
            off = [target.attr for target in node.targets if isinstance(target, ast.Attribute)]
        named = getattr(node, "attr", getattr(node, "id", ""))
        if SWITCHES & set(off) or named in UNCHECKED:
            lines.append(getattr(node, "lineno", 0))
    return lines


@pytest.mark.parametrize(
    "source",
    [
        "session.client('s3', verify=False)",
        "session.client('s3', use_ssl=False)",
        "ssl._create_unverified_context()",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
    ],
)
def test_search_finds_disabled_checks(source: str) -> None:
    """The search finds each way to disable a check of TLS."""
    assert unchecked(source) == [1]


def test_checks_of_tls_are_enabled() -> None:
    """Only one line disables a check of TLS: a notebook calls its Jupyter server, which has no trusted certificate."""
    files = [path for folder in ("smtemplates", "scripts") for path in (ROOT / folder).rglob("*.py")]
    found = {path.name: lines for path in files if (lines := unchecked(path.read_text()))}
    assert {name: len(lines) for name, lines in found.items()} == {"auto_stop.py": 1}
