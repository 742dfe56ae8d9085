"""The script deploy.py: incomplete installations, invalid input, the standard streams, and the local cloud."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import ROOT, SAMPLE, SCRIPT, Aws

PROCESSES: Any = import_module("psutil")  # it has no types


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Create a checkout whose .venv contains no library."""
    (tmp_path / "scripts").mkdir()
    for script in (SCRIPT, SCRIPT.with_name("_checkout.py")):
        shutil.copy(script, tmp_path / "scripts")
    (tmp_path / "smtemplates").symlink_to(ROOT / "smtemplates")
    venv.create(tmp_path / ".venv")
    return tmp_path


def status(aws: Aws, checkout: Path, python: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [python, checkout / "scripts" / "deploy.py", "status", "none"],
        env=aws.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_missing_sdk_is_one_message(aws: Aws, bare: Path) -> None:
    """Without the AWS SDK, every command prints one line on how to install it, and exits with 2."""
    code, printed = status(aws, bare, bare / ".venv" / "bin" / "python")
    assert (code, printed.count("\n")) == (2, 1), printed
    assert "boto3 and PyYAML" in printed
    assert ". scripts/venv deploy" in printed


def test_script_switches_to_a_venv_with_the_sdk(aws: Aws, bare: Path) -> None:
    """The script switches to the Python of .venv only if the AWS SDK is installed there."""
    code, printed = status(aws, bare, sys.executable)
    assert (code, "Stack none does not exist" in printed) == (1, True), printed
    packages = next(bare.glob(".venv/lib/python3*/site-packages"))
    (packages / "boto3").mkdir()
    code, printed = status(aws, bare, sys.executable)
    assert (code, f"not installed for {bare}/.venv/bin/python" in printed) == (2, True), printed


def test_file_that_is_not_a_template_is_named(aws: Aws, name: str) -> None:
    """The message on a file that is not a template contains its name."""
    readme = ROOT / "README.md"
    done = aws.run("plan", name, template=readme)
    assert (done.returncode, str(readme) in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan", "x", "--set", "foo"], "--set requires NAME=VALUE, not 'foo'"),
        (["plan", "x", "--tag", "foo"], "--tag requires KEY=VALUE, not 'foo'"),
        (["plan", "x", "--region", "x y"], "There is no Region 'x y'. Did you mean"),
        (["plan", "x", "--role-arn", "x"], "CreateChangeSet failed: Parameter validation failed: Invalid length"),
        (["plan", "x", "--assume-role", "x"], "AssumeRole failed: Parameter validation failed: Invalid length"),
        (
            ["status", "x", "--endpoint-url", "https://[::1"],
            "must be https://... or, for a local cloud, http://127.0.0.1",
        ),
        (
            ["status", "x", "--endpoint-url", "http://127.0.0.1:99999"],
            "'http://127.0.0.1:99999' is not a valid endpoint",
        ),
    ],
)
def test_bad_input_is_one_message(aws: Aws, arguments: list[str], sentence: str) -> None:
    """Invalid input prints one line and exits with 2, also if the SDK or its libraries find it."""
    done = aws.run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 10_000, "is not JSON"),
        (b"{}" + b" " * 16_384, "is too long. The maximum is 16,384 bytes"),
    ],
)
def test_invalid_stack_policy_is_rejected_first(aws: Aws, tmp_path: Path, policy: bytes, sentence: str) -> None:
    """A stack policy that CloudFormation cannot accept is rejected before the deployment."""
    file = tmp_path / "policy.json"
    file.write_bytes(policy)
    done = aws.run("deploy", "x", "--yes", "--stack-policy", str(file))
    assert (done.returncode, done.stderr.count("\n"), aws.status("x")) == (2, 1, None), done.stderr
    assert f"The stack policy {file} {sentence}" in done.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"AWS_SECRET_ACCESS_KEY": None}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are incomplete"),
        ({"AWS_MAX_ATTEMPTS": "many"}, "'many'"),
        ({"AWS_STS_REGIONAL_ENDPOINTS": "none"}, "STS regional endpoints option none is invalid"),
        ({"AWS_ENDPOINT_URL": "https://[::1"}, "AWS_ENDPOINT_URL and the endpoint_url of a profile must be https"),
        ({"AWS_CONFIG_FILE": str(SCRIPT)}, f"The configuration file {SCRIPT} is not valid"),
    ],
)
def test_bad_environment_is_one_message(aws: Aws, environment: dict[str, str | None], sentence: str) -> None:
    """An environment that the AWS SDK does not accept prints one line and exits with 2."""
    done = aws.run("status", "x", template=SAMPLE, **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert sentence in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        *([command, ""] for command in ("plan", "deploy", "destroy", "status", "outputs", "drift")),
        *(["plan", "x", option, ""] for option in ("--region", "--role-arn", "--staging-bucket", "--reset")),
        ["deploy", "x", "--yes", "--change-set", ""],
        ["deploy", "x", "--yes", "--change-set", "arn:aws:x", "--template-digest", ""],
    ],
    ids=" ".join,
)
def test_empty_option_is_rejected(aws: Aws, arguments: list[str]) -> None:
    """An empty value, as from a variable that is not set in a pipeline, is rejected. It would deploy something else."""
    done = aws.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(": the value is empty\n")
    assert aws.status("x") is None


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_stream_fails_only_for_results(aws: Aws, name: str, closed: str) -> None:
    """A closed standard stream causes no error, except that a result that cannot be printed counts as failed."""
    aws.deployed(name)
    command = f'"{sys.executable}" "{SCRIPT}" outputs {name} {closed}'
    done = subprocess.run(["/bin/sh", "-c", command], env=aws.environment, capture_output=True, text=True, check=False)
    message = "deploy.py: Cannot write to standard output: Bad file descriptor.\n" if closed == ">&-" else ""
    assert (done.returncode, done.stderr) == (int(bool(message)), message)
    assert bool(done.stdout) is not bool(message)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_full_disk_is_one_message(aws: Aws, name: str) -> None:
    """If standard output is full, one line reports it, and the exit code shows that the result is incomplete."""
    aws.deployed(name)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, SCRIPT, "outputs", name],
            env=aws.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    message = "deploy.py: Cannot write to standard output: No space left on device.\n"
    assert (done.returncode, done.stderr) == (1, message)


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Write a template that must be staged."""
    path = tmp_path / "long.yaml"
    path.write_text(f"{SAMPLE.read_text()}  Filler: {{Value: {'x' * 60_000}}}\n")
    return path


def test_missing_staging_bucket_is_named(aws: Aws, name: str, long: Path) -> None:
    """The message on a missing staging bucket names it and says what to do."""
    done = aws.run("plan", name, "--staging-bucket", "no-such", template=long)
    assert done.returncode == 2
    assert "Staging bucket no-such does not exist" in done.stderr
    assert "Create it, or specify another bucket" in done.stderr


def test_plan_names_the_staging_bucket(aws: Aws, name: str, long: Path) -> None:
    """A plan prints the bucket that it created or uses, and how long the bucket retains its objects."""
    message = "staging bucket smtemplates-staging-000000000000-eu-west-3. Its objects expire after 7 days."
    for verb in ("Created", "Using"):
        done = aws.run("plan", name, "--create-staging-bucket", "--region", "eu-west-3", template=long)
        assert (done.returncode, f"{verb} {message}" in done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize("command", ["plan", "deploy", "destroy"])
def test_help_contains_defaults(aws: Aws, command: str) -> None:
    """The help contains the default of an option."""
    printed = " ".join(aws.run(command, "--help").stdout.split())
    expected = {"plan": ["as a table"], "deploy": ["no limit"], "destroy": ["no limit"]}[command]
    for text in [*expected, *(["workspace"] if command != "destroy" else [])]:
        assert f"default: {text}" in printed
