"""Roles of --assume-role and of profiles: their options, MFA codes on a terminal, and sessions that are renewed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from terminals import terminal

from deploying.local_aws import SCRIPT, Aws, policy
from deploying.proxy import Proxy, serving

DEVICE = "arn:aws:iam::000000000000:mfa/me"


class Sts(Proxy):
    """Records the calls of AssumeRole, and can shorten the sessions that they return."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.requests: list[dict[str, str]] = []
        self.lifetime: timedelta | None = None

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        status, kept, content = super().forward(method, path, headers, body)
        if self.calls[-1] == "AssumeRole":
            self.requests.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
            if self.lifetime is not None:
                end = (datetime.now(timezone.utc) + self.lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
                content, count = re.subn(rb"(?<=<Expiration>)[^<]+", end.encode(), content)
                assert count == 1
        return status, kept, content


@pytest.fixture
def sts(aws: Aws) -> Iterator[Sts]:
    with serving(Sts(aws.url)) as sts:
        yield sts


def test_options_of_the_role_are_sent(aws: Aws, name: str, sts: Sts) -> None:
    """A role that requires an external ID is assumed with it, and with the other options."""
    condition = {"StringEquals": {"sts:ExternalId": "contract-7"}}
    trusted = policy(Action="sts:*", Principal={"AWS": "000000000000"}, Condition=condition)
    role = aws.role(name, trusted)
    options = ("status", name, "--endpoint-url", sts.url, "--assume-role", role)
    rejected = aws.run(*options)
    assert (rejected.returncode, "AssumeRole is not allowed" in rejected.stderr) == (1, True), rejected.stderr
    for option in ("--external-id", "--source-identity", "--role-session-name", "--mfa-serial"):
        assert option in rejected.stderr
    more = ("--external-id", "contract-7", "--source-identity", "ann", "--role-duration", "900")
    done = aws.run(*options, *more, "--role-session-name", "release")
    assert f"Stack {name} does not exist" in done.stderr
    sent = sts.requests[-1]
    assert [sent[key] for key in ("ExternalId", "SourceIdentity", "DurationSeconds", "RoleSessionName")] == [
        "contract-7",
        "ann",
        "900",
        "release",
    ]


def test_session_name_of_the_environment(aws: Aws, name: str, sts: Sts) -> None:
    """AWS_ROLE_SESSION_NAME is the name of the session, as for the AWS CLI."""
    options = ("status", name, "--endpoint-url", sts.url, "--assume-role", aws.role(name))
    aws.run(*options, AWS_ROLE_SESSION_NAME="pipeline-12")
    assert sts.requests[-1]["RoleSessionName"] == "pipeline-12"


def test_session_is_renewed_while_a_command_runs(aws: Aws, name: str, sts: Sts) -> None:
    """A deployment continues with a new session each time that the session of the role is about to expire."""
    sts.lifetime = timedelta(minutes=5)  # the SDK renews sessions that last less than ten minutes
    options = ("--assume-role", aws.role(name), "--endpoint-url", sts.url)
    done = aws.run("deploy", name, "--yes", *options)
    assert (done.returncode, aws.status(name)) == (0, "CREATE_COMPLETE"), done.stderr
    others = [signer for call, signer in zip(sts.calls, sts.signers, strict=True) if call != "AssumeRole"]
    assert len(set(others)) == len(others) > 3


@pytest.mark.parametrize("options", [(), ("--role-duration", "900")], ids=" ".join)
def test_session_is_not_renewed_without_need(aws: Aws, name: str, sts: Sts, options: tuple[str, ...]) -> None:
    """A session of an hour, or of 15 minutes, is used for all calls of a deployment."""
    done = aws.run("deploy", name, "--yes", "--assume-role", aws.role(name), "--endpoint-url", sts.url, *options)
    assert (done.returncode, len(sts.requests)) == (0, 1), done.stderr


def test_session_that_cannot_be_renewed(aws: Aws, name: str, sts: Sts, tmp_path: Path) -> None:
    """If the keys that assume the role have expired, the message names the command that gets new ones."""
    (tmp_path / "config").write_text(
        "[profile team]\nregion = us-east-1\naws_access_key_id = 000000000000\naws_secret_access_key = b\n"
    )
    sts.spoil("expired")
    options = ("--profile", "team", "--assume-role", aws.role(name), "--endpoint-url", sts.url)
    done = aws.run("status", name, *options, AWS_CONFIG_FILE=str(tmp_path / "config"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "deploy.py: AssumeRole failed because the AWS credentials of profile team have expired. Set new keys with: aws "
        "configure --profile team\n"
    )


@pytest.mark.parametrize("way", ["options", "profile"])
def test_mfa_code_is_entered_on_the_terminal(aws: Aws, name: str, sts: Sts, tmp_path: Path, way: str) -> None:
    """A question for the code of the MFA device appears until the code has six digits. The code is sent to AWS."""
    role = aws.role(name)
    (tmp_path / "config").write_text(
        f"[profile team]\nrole_arn = {role}\nsource_profile = base\nmfa_serial = {DEVICE}\n"
        "[profile base]\naws_access_key_id = 000000000000\naws_secret_access_key = b\n"
    )
    options = {"options": ["--assume-role", role, "--mfa-serial", DEVICE], "profile": ["--profile", "team"]}[way]
    environment = {**aws.environment, "AWS_ENDPOINT_URL": sts.url, "AWS_CONFIG_FILE": str(tmp_path / "config")}
    with terminal([sys.executable, str(SCRIPT), "status", name, *options], environment) as window:
        window.read_until(f"MFA code of {DEVICE}: ")
        window.type("12345\n")
        window.read_until("six digits")
        window.type("123456\n")
        window.read_until(f"Stack {name} does not exist")
        assert window.process.wait(60) == 1
    assert [(sent["SerialNumber"], sent["TokenCode"]) for sent in sts.requests] == [(DEVICE, "123456")]


def test_question_for_the_mfa_code_can_be_ended(aws: Aws, name: str) -> None:
    """The end of the input ends the command without a traceback."""
    options = ["--assume-role", aws.role(name), "--mfa-serial", DEVICE]
    with terminal([sys.executable, str(SCRIPT), "status", name, *options], aws.environment) as window:
        window.read_until("MFA code of")
        window.type("\x04")
        window.read_until("No MFA code was entered")
        assert window.process.wait(60) == 2
    assert "Traceback" not in window.printed


def test_settings_of_the_profile_apply_to_the_role(aws: Aws, name: str, sts: Sts, tmp_path: Path) -> None:
    """The calls with the credentials of the role go to the endpoint of the profile."""
    (tmp_path / "config").write_text(
        f"[profile team]\nregion = us-east-1\nendpoint_url = {sts.url}\naws_access_key_id = 000000000000\n"
        "aws_secret_access_key = b\n"
    )
    options = ("--profile", "team", "--assume-role", aws.role(name))
    done = aws.run("status", name, *options, AWS_CONFIG_FILE=str(tmp_path / "config"), AWS_ENDPOINT_URL=None)
    assert f"Stack {name} does not exist" in done.stderr
    assert list(dict.fromkeys(sts.calls)) == ["AssumeRole", "DescribeStacks"]  # other stacks are listed in pages


def test_keys_that_cannot_be_renewed_during_a_deployment(
    aws: Aws, name: str, gate: Callable[[], None], tmp_path: Path
) -> None:
    """If the program of a profile fails during a deployment, the message adds that the operation continues."""
    end = (datetime.now(timezone.utc) + timedelta(minutes=5)).isoformat()
    keys = {"Version": 1, "AccessKeyId": "000000000000", "SecretAccessKey": "b", "SessionToken": "c", "Expiration": end}
    (tmp_path / "keys").write_text(json.dumps(keys))
    (tmp_path / "config").write_text(
        f"[profile team]\nregion = us-east-1\ncredential_process = cat {tmp_path / 'keys'}\n"
    )
    command = aws.command("deploy", name, "--yes", "--profile", "team", "--set", f"Gate=gate-{name.lower()}")
    environment = {**aws.environment, "AWS_CONFIG_FILE": str(tmp_path / "config")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while aws.status(name) != "CREATE_IN_PROGRESS":
            assert process.poll() is None
        (tmp_path / "keys").unlink()
        message = process.communicate(timeout=120)[1].splitlines()[-1]
    gate()
    assert (process.returncode, "No such file" in message) == (1, True), message
    assert "The operation continues in AWS. To watch it, run:" in message
