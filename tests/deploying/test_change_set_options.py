"""The option --change-set executes an existing change set, and rejects every option that it cannot use."""

from __future__ import annotations

import pytest

from deploying.local_aws import ROOT, Aws
from deploying.test_rollback import FAILING
from smtemplates.cli import deploy as command_line
from smtemplates.cli.command import Parser
from smtemplates.cli.deploy_options import add_deploy

# the options that do not change the plan, and take effect during or after the execution
USED = {
    "--allow-destructive",
    "--allow-destructive-resource",
    "--assume-role",
    "--change-set",
    "--clear-studio",
    "--config",
    "--debug",
    "--endpoint-url",
    "--help",
    "--json",
    "--no-config",
    "--no-rollback",
    "--no-wait",
    "--profile",
    "--region",
    "--stack-policy",
    "--template-digest",
    "--termination-protection",
    "--timeout",
    "--yes",
}


def options() -> set[str]:
    command = Parser()
    add_deploy(command)
    return {strings[-1] if strings[0] == "-h" else strings[0] for strings in command_line.options_in(command).values()}


def test_every_option_is_used_or_rejected() -> None:
    """A new option of deploy is rejected with --change-set until it is added to the list of used options."""
    rejected = set(command_line.unused_options(options() - {"--help"}))
    assert {"--template", "--role-arn", "--on-failure", "--set", "--recreate", "--skip"} <= rejected
    assert rejected.isdisjoint(USED)
    assert options() - rejected - USED <= command_line.connection_options()


def test_options_are_found_even_with_their_default() -> None:
    """An option counts as given although its value is the default, and a value can look like a command."""
    template = str(ROOT / "templates" / "workspace.yaml")
    found = command_line.given_options(["deploy", "--template", template, "--tag", "a=b", "--no-rollback"])
    assert found == {"--template", "--tag", "--no-rollback"}
    assert command_line.unused_options(found) == ["--tag", "--template"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            ["--role-arn", "R", "--on-failure", "DELETE", "--rollback-alarm", "A", "--template", "/no/such/file"],
            "--on-failure, --role-arn, --rollback-alarm, --template. Remove these options",
        ),
        (["--set", "A=b"], "--set. Remove this option"),
        (["--template-digest", "x", "--recreate"], "--recreate. Remove this option"),
    ],
)
def test_options_that_are_not_used_are_an_error(aws: Aws, name: str, arguments: list[str], named: str) -> None:
    """An option that would have no effect is an error before any call to AWS, and the message contains its name."""
    done = aws.run("deploy", name, "--yes", "--change-set", "arn:x", *arguments, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    assert f"The execution of an existing change set (--change-set) cannot use {named}" in done.stderr


def test_reviewed_change_set_is_executed_without_rollback(aws: Aws, name: str) -> None:
    """A plan with --no-rollback prints the command that executes it so, and a failed status requires the option."""
    gate = f"gate-{name.lower()}"
    aws.client("s3").create_bucket(Bucket=gate)

    def kept(fail: str, *more: str) -> list[str]:
        settings = ("--set", f"Gate={gate}", "--set", f"Fail={fail}")
        done = aws.run("plan", name, "--keep-change-set", *settings, *more, template=FAILING)
        assert done.returncode == 0, done.stderr
        return done.stderr.split("scripts/deploy.py deploy")[1].split()[1:]

    first = kept("true", "--no-rollback")
    assert first[-1] == "--no-rollback"
    assert aws.run("deploy", name, "--yes", *first).returncode == 1
    assert aws.status(name) == "CREATE_FAILED"
    second = kept("false")
    assert second[-1] == "--no-rollback"
    refused = aws.run("deploy", name, "--yes", *second[:-1])
    assert (refused.returncode, "deploy with --no-rollback" in refused.stderr) == (1, True), refused.stderr
    done = aws.run("deploy", name, "--yes", *second)
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr
