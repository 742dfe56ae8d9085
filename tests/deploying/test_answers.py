"""Answers that do not come from AWS: a page of a proxy, or a server that is not AWS."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploying.local_aws import ROOT, Aws
from deploying.proxy import Proxy, serving

PAGE = b"<html>\n<h1>Log in to the guests' network</h1>\n</html>"
CATALOG = ["versions", "--product", "prod-abcdefghijklm"]


class OtherServer(Proxy):
    """Returns the same answer to every call."""

    def __init__(self, status: int, content: bytes) -> None:
        super().__init__("")
        self.status, self.content = status, content

    def forward(
        self, _method: str, _path: str, _headers: dict[str, str], _body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        return self.status, [], self.content


def run(aws: Aws, script: str, arguments: list[str], url: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), *arguments, "--endpoint-url", url],
        env=aws.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


@pytest.mark.parametrize(("script", "arguments"), [("deploy.py", ["status", "team"]), ("publish.py", CATALOG)])
@pytest.mark.parametrize("status", [403, 404])
def test_page_of_a_proxy(aws: Aws, script: str, arguments: list[str], status: int) -> None:
    """A page instead of an answer is reported in one line with the URL, without the content of the page."""
    with serving(OtherServer(status, PAGE)) as server:
        code, lines = run(aws, script, arguments, server.url)
    assert (code, len(lines)) == (1, 1), lines
    assert f"The answer of {server.url} to " in lines[0]
    assert "--endpoint-url" in lines[0]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("content", [b"", b"{}", b"hello"])
def test_unreadable_answer(aws: Aws, status: int, content: bytes) -> None:
    """An answer that cannot be read is reported in one line with the URL."""
    with serving(OtherServer(status, content)) as server:
        code, lines = run(aws, "deploy.py", ["status", "team"], server.url)
    assert (code, len(lines)) == (1, 1), lines
    assert f"The answer of {server.url} to DescribeStacks does not come from AWS" in lines[0]


def test_rejection_without_a_reason(aws: Aws) -> None:
    """If a server on this machine rejects a call without a reason, the message contains its URL and the next step."""
    refusal = b"<ErrorResponse><Error><Code>Refused</Code></Error></ErrorResponse>"
    with serving(OtherServer(400, refusal)) as server:
        code, (line,) = run(aws, "deploy.py", ["status", "team"], server.url)
    assert code == 1
    assert f"{server.url} returned no reason (Refused)" in line
    assert "scripts/local_cloud.py --help" in line
