"""No output, file or log contains a credential, a signature or the value of a NoEcho parameter."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import ROOT, SAMPLE, Aws

SECRET = 'canary "value" of a secret'  # noqa: S105 a value of the test
SIGNED = re.compile(r"X-Amz-(Signature|Credential|Security-Token)|[?&]Signature=|Authorization: ", re.IGNORECASE)
LEAKY = {
    '"initializing", asked["Prefix"]': '"initializing", asked["Prefix"], asked["Secret"]',
    'ValueError("asked to fail")': 'ValueError("asked to fail by " + asked["Secret"])',
    "Fail: {Ref: Fail}": "Fail: {Ref: Fail}\n      Secret: {Ref: Secret}",
}


def leaks(text: str, keys: Mapping[str, str]) -> list[str]:
    """Return the names of the secrets in a text, as plain text, JSON, HTML or base64."""
    hidden = {**keys, "NoEcho": SECRET}
    spelled = {name: [value, value.replace('"', '\\"'), value.replace('"', "&quot;")] for name, value in hidden.items()}
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in hidden.items()}
    found = [name for name, forms in spelled.items() if any(form in text for form in [*forms, encoded[name]])]
    return found + [hit.group() for hit in SIGNED.finditer(text)]


class Session:
    """Runs commands and keeps their output and their files."""

    def __init__(self, aws: Aws, folder: Path) -> None:
        self.aws, self.folder, self.output = aws, folder, ""

    def run(self, *arguments: str, template: Path = SAMPLE) -> int:
        summary = {"GITHUB_STEP_SUMMARY": str(self.folder / "summary.md")}
        done = self.aws.run(*arguments, "--debug", template=template, **summary)
        self.output += done.stdout + done.stderr
        return done.returncode

    def leaks(self, text: str = "") -> list[str]:
        """Return the names of the secrets in all output and files, and in another text."""
        return leaks(
            self.output + "".join(path.read_text() for path in self.folder.iterdir()) + text, self.aws.credentials
        )


@pytest.fixture
def session(aws: Aws, tmp_path: Path, name: str) -> Session:
    (tmp_path / "out").mkdir()
    return Session(aws.as_role(aws.role(name)), tmp_path / "out")


def test_search_finds_secrets() -> None:
    """The search finds secrets in every notation."""
    keys = {"AWS_SESSION_TOKEN": "FwoGZXIvYXdz"}
    text = f"{SECRET} FwoGZXIvYXdz https://a/b?X-Amz-Signature=1"
    assert leaks(text, keys) == ["AWS_SESSION_TOKEN", "NoEcho", "X-Amz-Signature"]
    assert leaks(f'{{"a": "{SECRET}"}}'.replace('"value"', '\\"value\\"'), keys) == ["NoEcho"]


def test_commands_write_no_secrets(session: Session, name: str, tmp_path: Path) -> None:
    """With --debug, the messages, results, reports and summaries of all commands contain no secret."""
    given = ["--set", f"Secret={SECRET}"]
    leaky = SAMPLE.read_text()
    for old, new in LEAKY.items():
        assert old in leaky
        leaky = leaky.replace(old, new)
    template = tmp_path / "leaky.yaml"
    template.write_text(leaky)
    for shape in ("--json", "--markdown"):
        assert session.run("plan", name, *given, shape, template=template) == 0
    assert session.run("deploy", name, *given, "--yes", "--json", template=template) == 0
    change = [*given, "--set", "Prefix=other"]
    assert session.run("plan", name, *change, "--html", str(session.folder / "plan.html"), template=template) == 0
    assert session.run("plan", name, *change, "--keep-change-set", template=template) == 0
    assert session.run("deploy", name, *change, "--yes", "--set", "Fail=true", template=template) == 1
    for command in (["status", name], ["status", name, "--json"], ["outputs", name], ["drift", name]):
        assert session.run(*command) == 0
    assert session.run("deploy", name, *given, "--set", "Prefix=NO", "--yes", template=template) == 2
    assert session.run("destroy", name, "--confirm", name) == 0
    assert "debug" in session.output
    assert "asked to fail by ****" in session.output
    assert {path.name for path in session.folder.iterdir()} == {"plan.html", "summary.md"}
    assert session.leaks() == []


def logged(aws: Aws, stack: str) -> str:
    """Return the log of the functions of a stack."""
    logs: Any = aws.client("logs")
    pages = logs.get_paginator("describe_log_groups").paginate()
    found = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    groups = [group for group in found if stack.lower() in group.lower()]
    return "\n".join(
        item["message"] for group in groups for item in logs.filter_log_events(logGroupName=group)["events"]
    )


def test_initializer_logs_no_secrets(session: Session, aws: Aws, name: str) -> None:
    """The initializer of the workspace logs its actions, but not the URL for its response or a credential."""
    path = ROOT / "templates" / "workspace.yaml"
    assert session.run("deploy", name, "--yes", "--create-staging-bucket", template=path) == 0
    function = logged(aws, name)
    assert "START RequestId" in function
    assert session.leaks(function) == []
    assert "ResponseURL" not in function


def test_message_on_an_invalid_secret_does_not_repeat_it(session: Session, tmp_path: Path, name: str) -> None:
    """A secret that does not match its pattern is rejected, and the message does not contain it."""
    template = tmp_path / "strict.yaml"
    template.write_text(SAMPLE.read_text().replace("NoEcho: true", 'NoEcho: true, AllowedPattern: "[a-z]*"'))
    assert session.run("deploy", name, "--yes", "--set", f"Secret={SECRET}", template=template) == 2
    assert session.leaks() == []
