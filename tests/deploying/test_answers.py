"""What answers is not always AWS: a proxy's page, or a server that knows nothing of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deploying.local_aws import ROOT, Aws
from deploying.proxy import Proxy, serving

PAGE = b"<html>\n<h1>Log in to the guests' network</h1>\n</html>"
CATALOG = ["versions", "--product", "prod-abcdefghijklm"]


class Stranger(Proxy):
    """Answers everything alike."""

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
def test_a_page_for_people(aws: Aws, script: str, arguments: list[str], status: int) -> None:
    """A page instead of an answer is one line that says where to look, and not what is on the page."""
    with serving(Stranger(status, PAGE)) as stranger:
        code, lines = run(aws, script, arguments, stranger.url)
    assert (code, len(lines)) == (1, 1), lines
    assert f"what {stranger.url} answers to " in lines[0]
    assert "--endpoint-url" in lines[0]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("content", [b"", b"{}", b"hello"])
def test_no_answer_that_can_be_read(aws: Aws, status: int, content: bytes) -> None:
    """So is whatever else cannot be read."""
    with serving(Stranger(status, content)) as stranger:
        code, lines = run(aws, "deploy.py", ["status", "team"], stranger.url)
    assert (code, len(lines)) == (1, 1), lines
    assert f"what {stranger.url} answers to DescribeStacks is none of AWS's answers" in lines[0]


def test_a_refusal_without_a_word(aws: Aws) -> None:
    """Where an address of this machine refuses and says no reason, it is said which it was, and where to look."""
    refusal = b"<ErrorResponse><Error><Code>Refused</Code></Error></ErrorResponse>"
    with serving(Stranger(400, refusal)) as stranger:
        code, (line,) = run(aws, "deploy.py", ["status", "team"], stranger.url)
    assert code == 1
    assert f"{stranger.url} gave no reason (Refused)" in line
    assert "scripts/local_cloud.py --help" in line
