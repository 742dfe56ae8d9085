"""A run deletes all its resources, does not change other resources, and stays within its budget."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from pathlib import Path

import processes
import pytest
from deploying.local_aws import ACCOUNT, SAMPLE, Aws
from deploying.proxy import Proxy

from proving.clouds import Script, refusing, rest, scripted
from smtemplates.cli.main import main
from smtemplates.local_cloud.lifecycle import CLIENT
from smtemplates.prove import leftovers, protocol
from smtemplates.prove.experiment import PREFIX, TAG
from smtemplates.prove.report import MASKED
from smtemplates.prove.running import Run, Verdict, charged
from smtemplates.prove.table import EXPERIMENTS

SMALL = "alarm-notification"
BUDGET = Decimal(5)


@pytest.fixture
def account(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables with which the command calls the local cloud."""
    for name, value in {**CLIENT, "AWS_ENDPOINT_URL": aws.url}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("account")
def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is printed and written in both formats, without the number of the account."""
    assert main(["prove", SMALL, "drift-revert", "--account", ACCOUNT, "-o", str(tmp_path / "report")]) == 0
    printed = capsys.readouterr()
    text, value = ((tmp_path / "report" / name).read_text() for name in ("prove.md", "prove.json"))
    assert printed.out == text
    assert not re.search(r"(?<!\d)\d{12}(?!\d)", text + value + printed.err)
    found = json.loads(value)
    verdicts = {one["name"]: one["verdict"] for one in found["experiments"]}
    assert verdicts == {SMALL: "confirmed", "drift-revert": "cannot be verified here"}
    assert (found["schema"], found["local_cloud"], found["problems"]) == (1, True, [])
    assert f"| `{SMALL}` | confirmed |" in text
    assert "proves nothing about AWS" in text
    assert "proofs" not in text
    assert f"Deploy stack {PREFIX}{SMALL}." in printed.err


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--account", "111122223333"], f"The credentials belong to account {ACCOUNT}, and --account is 111122223333."),
        ([], "Specify the account in which the experiments may run, with --account."),
        (["--account", "1"], "--account must be the ID of an account (12 digits), not '1'."),
        (["--account", ACCOUNT, "--budget-usd", "0.01"], "and --budget-usd is 0.01. Name fewer experiments"),
        (["alarm-notifcation", "--account", ACCOUNT], "There is no experiment alarm-notifcation. Did you mean alarm-"),
    ],
)
def test_wrong_use(aws: Aws, capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    """With a wrong account, budget or name, nothing is created, and the message contains the solution."""
    assert main(["prove", *words]) == 2
    assert message in capsys.readouterr().err
    assert leftovers.find(scripted(aws, Script()), local=True) == []


@pytest.mark.usefixtures("account")
def test_resources_of_others_are_not_touched(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """A stack and a bucket with names of the experiments, but without their tag, stop the run before any change."""
    stack, bucket = f"{PREFIX}drift-revert", f"{PREFIX}mine"
    s3 = aws.client("s3")
    aws.created(stack, SAMPLE.with_name("topic.yaml").read_text())
    s3.create_bucket(Bucket=bucket)
    own = f"{PREFIX}left"
    s3.create_bucket(Bucket=own)
    s3.put_bucket_tagging(Bucket=own, Tagging={"TagSet": [{"Key": TAG, "Value": SMALL}]})
    try:
        assert main(["prove", SMALL, "--account", ACCOUNT]) == 4
        message = capsys.readouterr().err
        assert f"but not the tag {TAG}: stack {stack}, bucket {bucket}. Nothing was deleted." in message
        assert aws.status(stack) == "CREATE_COMPLETE"
        assert {bucket, own} <= {one["Name"] for one in s3.list_buckets()["Buckets"]}
    finally:
        s3.delete_bucket(Bucket=bucket)
        aws.client("cloudformation").delete_stack(StackName=stack)
    while aws.status(stack):
        pass
    assert main(["prove", "--clean", "--account", ACCOUNT]) == 0
    assert own not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def test_resources_of_a_killed_run_are_deleted(
    aws: Aws, through: Aws, proxy: Proxy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After kill -9, the next run lists and deletes the resources of the first one, also a bucket with objects."""
    proxy.hold("DescribeStackResource")
    command = [sys.executable, "-m", "smtemplates", "prove", SMALL, "--account", ACCOUNT]
    process: processes.Started = processes.start_command(command, through.environment)
    assert proxy.arrived.wait(60), process.communicate()
    process.kill()
    process.communicate()
    proxy.release()
    bucket, s3 = f"{PREFIX}{SMALL}-inputbucket", aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": TAG, "Value": SMALL}]})
    s3.put_object(Bucket=bucket, Key="training/data.csv", Body=b"1")
    for name, value in {**CLIENT, "AWS_ENDPOINT_URL": aws.url}.items():
        monkeypatch.setenv(name, value)
    assert main(["prove", "--clean", "--account", ACCOUNT]) == 0
    printed = capsys.readouterr()
    for text in (f"stack {PREFIX}{SMALL}", f"bucket {bucket}"):
        assert f"- {text}" in printed.out
        assert f"Deleted {text}." in printed.err
    assert (leftovers.find(scripted(aws, Script()), local=True), rest(aws)) == ([], [])


def test_failed_clean_up_ends_the_run(aws: Aws) -> None:
    """If something cannot be deleted, the report names it, no other experiment starts, and the next run deletes it."""
    chosen = [EXPERIMENTS[SMALL], EXPERIMENTS["drift-revert"]]
    answers = {"delete_stack": refusing("AccessDenied", "DeleteStack is not allowed.")}
    run = Run(cloud=scripted(aws, Script(answers=answers)), local=True, budget=BUDGET, say=lambda _text: None)
    run.run(chosen)
    assert run.problems == [f"The stack {PREFIX}{SMALL} still exists. DeleteStack is not allowed."]
    assert [one.verdict for one in run.outcomes] == [Verdict.CONFIRMED, Verdict.NOT_REACHED]
    again = Run(cloud=scripted(aws, Script()), local=True, budget=BUDGET, say=lambda _text: None)
    again.run([])
    assert (again.removed, again.problems) == ([f"stack {PREFIX}{SMALL}"], [])


def test_budget_stops_further_experiments(aws: Aws) -> None:
    """If experiments took longer than planned, those that do not fit into the rest of the budget are not started."""
    chosen = [EXPERIMENTS[SMALL], EXPERIMENTS["drift-revert"]]
    budget = sum((one.usd for one in chosen), Decimal(0))
    assert charged(chosen[0], chosen[0].minutes * 120) == 2 * chosen[0].usd
    assert charged(chosen[0], 1) == chosen[0].usd
    run = Run(cloud=scripted(aws, Script()), local=True, budget=budget, say=lambda _text: None, spent=Decimal("0.001"))
    run.run(chosen)
    assert [one.verdict for one in run.outcomes] == [Verdict.CONFIRMED, Verdict.NOT_REACHED]
    assert "The budget of USD" in run.outcomes[1].reason


def test_protocol_needs_neither_credentials_nor_a_network(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The protocol shows each experiment with its steps, its cost, its duration and its refuting observation."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert main(["prove", "--plan"]) == 0
    text = capsys.readouterr().out
    for name, experiment in EXPERIMENTS.items():
        section = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        longest = f"At most {protocol.hours(experiment.minutes)}."
        for part in (*experiment.creates, *experiment.asks, experiment.refuted_by, longest):
            assert part in section
        assert re.search(r"Highest cost: USD \d+\.\d\d \(", section)
    assert MASKED not in text
    assert main(["prove", "--plan", "--json", SMALL]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["experiments"]] == [SMALL]


def test_costs_are_within_the_default_budget() -> None:
    """The costs of all experiments together are within the default budget."""
    assert Decimal(0) < sum(one.usd for one in EXPERIMENTS.values()) <= BUDGET
