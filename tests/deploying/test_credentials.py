"""Each failure of credentials is one line with the command that fixes it, for real files, programs and scripts."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import processes
import pytest

from deploying.local_aws import ROOT, SCRIPT, Aws
from deploying.proxy import Proxy, serving
from smtemplates.aws.refusals import refused

ROLE = "role_arn = arn:aws:iam::111122223333:role/deploy\n"
KEYS = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
SESSION = "[sso-session company]\nsso_region = us-east-1\nsso_start_url = https://company.awsapps.com/start\n"
ACCOUNT = "sso_account_id = 111122223333\nsso_role_name = dev\n"
SSO = f"sso_session = company\n{ACCOUNT}"
OLD_SESSION = '{"accessToken": "t", "expiresAt": "2020-01-01T00:00:00Z"}'
DEVICE = "arn:aws:iam::111122223333:mfa/me"
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Case:
    """A configuration, the exit code, and the parts of the message."""

    code: int
    parts: tuple[str, ...]
    config: str = ""  # {folder} is the folder of the test
    program: str = ""  # the text of a shell script that a profile can name as {folder}/program
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ("--profile", "team")


def process(text: str, *parts: str) -> Case:
    """Return the case of a credential_process program."""
    config = "[profile team]\ncredential_process = {folder}/program --account 1\n"
    return Case(2, ("credential_process program of profile team ({folder}/program)", *parts), config, program=text)


def printing(**values: object) -> str:
    return f"#!/bin/sh\necho '{json.dumps(values)}'\n"


CASES = {
    "no credentials": Case(2, ("No AWS credentials were found", "aws sso login"), arguments=()),
    "profile missing": Case(2, ("Profile team does not exist in {folder}/config", "aws configure --profile team")),
    "AWS_PROFILE missing": Case(
        2, ("Profile a b does not exist", "--profile 'a b'"), environment={"AWS_PROFILE": "a b"}, arguments=()
    ),
    "file invalid": Case(2, ("{folder}/config is not valid in line 2",), "[profile team]\nsecret\n"),
    "profile incomplete": Case(
        2,
        ("profile team are incomplete: aws_secret_access_key", "aws configure --profile team"),
        "[profile team]\naws_access_key_id = a\n",
    ),
    "environment incomplete": Case(
        2,
        ("AWS_SECRET_ACCESS_KEY is missing", "unset AWS_ACCESS_KEY_ID"),
        environment={"AWS_ACCESS_KEY_ID": "a"},
        arguments=(),
    ),
    "keys invalid": Case(
        2,
        ("contain line breaks", "unset AWS_ACCESS_KEY_ID"),
        environment={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "secret\ntoken"},
        arguments=(),
    ),
    "program missing": Case(
        2,
        ("(/no/such) cannot be run: No such file", "aws configure set credential_process COMMAND --profile team"),
        "[profile team]\ncredential_process = /no/such --account 1\n",
    ),
    "program empty": Case(
        2, ("set credential_process COMMAND --profile team",), "[profile team]\ncredential_process =\n"
    ),
    "program without a closing quote": Case(
        2, ("No closing quotation",), "[profile team]\ncredential_process = 'program\n"
    ),
    "program not executable": process("no program", "cannot be run: Exec format error"),
    "program fails": process(
        "#!/bin/sh\necho please log in >&2\nexit 3\n", "failed: please log in.", "Run this program"
    ),
    "program prints no JSON": process("#!/bin/sh\necho hello\n", "must print a JSON document"),
    "program prints a list": process("#!/bin/sh\necho []\n", "must print a JSON document"),
    "program prints bytes": process("#!/bin/sh\nprintf '\\377'\n", "must print a JSON document"),
    "program prints another version": process(printing(Version=2), "Unsupported version '2'"),
    "program prints no key": process(printing(Version=1), "Missing required key in response: 'AccessKeyId'"),
    "program prints a number": process(printing(Version=1, AccessKeyId=1, SecretAccessKey="b"), "Run this program"),
    "program prints expired keys": process(
        printing(Version=1, AccessKeyId="a", SecretAccessKey="b", SessionToken="c", Expiration="2020-01-01T00:00:00Z"),
        "still expired",
    ),
    "program prints no time": process(
        printing(Version=1, AccessKeyId="a", SecretAccessKey="b", SessionToken="c", Expiration="soon"), "soon"
    ),
    "token file missing": Case(
        2,
        ("web identity token in {folder}/token cannot be read: No such file", "Write a new token to this file"),
        f"[profile team]\n{ROLE}web_identity_token_file = {{folder}}/token\n",
    ),
    "token file of the environment missing": Case(
        2,
        ("web identity token in /no/token cannot be read",),
        environment={"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token", "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/r"},
        arguments=(),
    ),
    "token without a role": Case(
        2,
        ("requires a role", "aws configure set role_arn ARN --profile team"),
        "[profile team]\nweb_identity_token_file = {folder}/token\n",
    ),
    "no SSO session": Case(1, ("aws sso login --profile team",), f"[profile team]\n{SSO}{SESSION}"),
    "no SSO session of the source": Case(
        1,
        ("SSO session of profile base", "aws sso login --profile base"),
        f"[profile team]\n{ROLE}source_profile = base\n[profile base]\n{SSO}{SESSION}",
    ),
    "no SSO session of the older form": Case(
        1,
        ("aws sso login --profile team",),
        f"[profile team]\nsso_region = us-east-1\nsso_start_url = https://company.awsapps.com/start\n{ACCOUNT}",
    ),
    "SSO section missing": Case(2, ("aws configure sso --profile team",), f"[profile team]\n{SSO}"),
    "SSO incomplete": Case(2, ("aws configure sso --profile team",), "[profile team]\nsso_account_id = 1\n"),
    "MFA of a profile": Case(
        2,
        (f"An MFA code of {DEVICE} is required", "no terminal", "aws sts get-session-token"),
        f"[profile team]\n{ROLE}source_profile = base\nmfa_serial = {DEVICE}\n[profile base]\n{KEYS}",
    ),
    "MFA of an option": Case(
        2,
        (f"An MFA code of {DEVICE} is required", "no terminal"),
        f"[profile team]\n{KEYS}",
        arguments=("--profile", "team", "--assume-role", "arn:aws:iam::111122223333:role/r", "--mfa-serial", DEVICE),
    ),
    "loop": Case(
        2,
        ("form a loop (team -> base -> team)", "aws configure set source_profile NAME --profile base"),
        f"[profile team]\n{ROLE}source_profile = base\n[profile base]\n{ROLE}source_profile = team\n",
    ),
    "source missing": Case(2, ('"base"', "does not exist"), f"[profile team]\n{ROLE}source_profile = base\n"),
    "role without a source": Case(
        2, ("aws configure set source_profile NAME --profile team",), f"[profile team]\n{ROLE}"
    ),
    "unknown source": Case(2, ('"Moon"', "is not valid"), f"[profile team]\n{ROLE}credential_source = Moon\n"),
    "no instance": Case(
        2,
        ("instance metadata service has no credentials", "aws ec2 modify-instance-metadata-options"),
        f"[profile team]\n{ROLE}credential_source = Ec2InstanceMetadata\n",
        environment={"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": NOWHERE},
    ),
    "endpoint of the instance invalid": Case(
        2,
        ("unset AWS_EC2_METADATA_SERVICE_ENDPOINT",),
        environment={"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "no endpoint"},
        arguments=(),
    ),
    "no container": Case(
        2, ("container credentials endpoint failed",), f"[profile team]\n{ROLE}credential_source = EcsContainer\n"
    ),
    "container host not allowed": Case(
        2,
        ("Unsupported host 'example.com'", "Check AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        environment={"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"},
        arguments=(),
    ),
    "container endpoint unreachable": Case(
        2,
        (f"endpoint {NOWHERE}/ failed", "Check AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        environment={"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{NOWHERE}/"},
        arguments=(),
    ),
    "container token file missing": Case(
        2,
        ("/no/file: No such file",),
        environment={
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": NOWHERE,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/file",
        },
        arguments=(),
    ),
    "role invalid": Case(
        2,
        ("Invalid length for parameter RoleArn", "aws configure --profile team"),
        f"[profile team]\nrole_arn = r\nsource_profile = team\n{KEYS}",
    ),
    "Region of the SSO session invalid": Case(
        2,
        ("'us east'", "aws configure sso --profile team"),
        f"[profile team]\n{SSO}{SESSION}".replace("us-east-1", "us east"),
    ),
    "Region invalid": Case(
        2,
        ("'eu west'", "Did you mean 'eu-west-"),
        f"[profile team]\n{KEYS}",
        arguments=("--profile", "team", "--region", "eu west"),
    ),
    "options without a role": Case(
        2,
        ("--external-id and --mfa-serial can be used only together with --assume-role",),
        "",
        arguments=("--external-id", "x", "--mfa-serial", DEVICE),
    ),
    "duration too short": Case(
        2, ("900 to 43,200 seconds",), "", arguments=("--assume-role", "x", "--role-duration", "60")
    ),
}


def run(folder: Path, config: str, arguments: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with these configuration files, in a session without a terminal."""
    (folder / "config").write_text(config.replace("{folder}", str(folder)))
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": NOWHERE,
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, str(SCRIPT), "status", "team", *arguments]
    return processes.run(command, {**settings, **environment}, new_session=True)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_failures_of_credentials_name_the_command_that_fixes_them(case: Case, tmp_path: Path) -> None:
    """The message is one line without keys, and names the command that fixes the failure."""
    program = tmp_path / "program"
    if case.program:
        program.write_text(case.program)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    done = run(tmp_path, case.config, case.arguments, **case.environment)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (case.code, "", 1), done.stderr
    for part in case.parts:
        assert part.replace("{folder}", str(tmp_path)) in done.stderr
    assert "secret" not in done.stderr.replace("aws_secret_access_key", "")


@pytest.mark.parametrize(
    "session", ["no JSON", "[]", "{}", '{"accessToken": "t", "expiresAt": "soon"}', OLD_SESSION], ids=str
)
def test_sso_session_that_cannot_be_used(tmp_path: Path, session: str) -> None:
    """A file with an SSO session that has expired or is not valid is replaced by logging in again."""
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b'company', usedforsecurity=False).hexdigest()}.json").write_text(session)
    done = run(tmp_path, f"[profile team]\n{SSO}{SESSION}", ("--profile", "team"))
    message = "The SSO session of profile team does not exist or has expired. Log in with: aws sso login --profile team"
    assert (done.returncode, done.stderr) == (1, f"deploy.py: {message}\n")


class Refusing(Proxy):
    """Rejects every call with the same error."""

    error = ("", "")

    def answer(
        self, fault: str | None, call: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes] | None:
        del fault, call, method, path, body
        return (403, *self.error_answer(headers, *self.error))


SOURCES = {
    "keys": (f"[profile team]\n{KEYS}", "aws configure --profile team"),
    "program": (
        "[profile team]\ncredential_process = {folder}/program\n",
        "Run this program in a terminal, and log in with the tool to which it belongs: {folder}/program",
    ),
    "role": (f"[profile team]\n{ROLE}source_profile = base\n[profile base]\n{KEYS}", "aws configure --profile base"),
    "token": (f"[profile team]\n{ROLE}web_identity_token_file = {{folder}}/config\n", "Write a new token to this file"),
}
ERRORS = {
    "clock": (("RequestTimeTooSkewed", "The difference is too large."), "timedatectl"),
    "expired": (("ExpiredToken", "The security token included in the request is expired"), "have expired"),
    "unknown": (("InvalidClientTokenId", "The security token is invalid."), "InvalidClientTokenId"),
    "unrecognized": (("UnrecognizedClientException", "The token is invalid."), "UnrecognizedClientException"),
    "mismatch": (("SignatureDoesNotMatch", "The signature we calculated does not match"), "does not belong to"),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("error", ERRORS)
def test_keys_that_aws_does_not_accept(aws: Aws, tmp_path: Path, source: str, error: str) -> None:
    """For keys that expired or that AWS does not know, the message names the command that gets new ones."""
    (tmp_path / "program").write_text(printing(Version=1, AccessKeyId="a", SecretAccessKey="b"))
    (tmp_path / "program").chmod(0o700)
    config, fix = SOURCES[source]
    with serving(Refusing(aws.url)) as proxy:
        proxy.error, part = ERRORS[error]
        done = run(tmp_path, config, ("--profile", "team"), AWS_ENDPOINT_URL=proxy.url)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert fix.replace("{folder}", str(tmp_path)) in done.stderr or error == "clock"
    assert ("AWS does not accept the web identity token" if source == "token" else part) in done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        ("SignatureDoesNotMatch", "Signature expired: 20261122T000000Z is now earlier than 20261122T001000Z"),
        (
            "InvalidSignatureException",
            "Signature not yet current: 20261122T001000Z is still later than 20261122T000000Z",
        ),
    ],
)
@pytest.mark.parametrize(("minutes", "text"), [(-20, "20 minutes ahead of"), (14, "14 minutes behind")])
def test_wrong_clock(code: str, message: str, minutes: int, text: str) -> None:
    """A wrong clock is named with its difference from the time of AWS, and with the command that sets it."""
    date = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=minutes))
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}
    error = str(refused(response, "DescribeStacks", "https://cloudformation.us-east-1.amazonaws.com"))
    assert f"the clock of this computer is {text} the time of AWS" in error
    assert "timedatectl" in error
