"""Run smtemplates adopt as a user does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adopting.test_adoption import WORKSPACE
from adopting.test_state import one, resource, state
from smtemplates.cli.main import main
from smtemplates.config.check import check

VALUES = Path(__file__).with_name("configuration") / "terraform.tfvars"


def test_result_is_written_into_a_new_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of the stack has no problems, the same result is printed as JSON, and nothing is overwritten."""
    monkeypatch.chdir(tmp_path)
    command = ["adopt", str(WORKSPACE), "--tfvars", str(VALUES), "--stack", "churn-dev", "-o", "out"]
    assert main([*command, "--json"]) == 1
    printed = capsys.readouterr()
    written = {
        path.relative_to("out").as_posix(): path.read_text() for path in Path("out").rglob("*") if path.is_file()
    }
    assert sorted(written) == [
        "raise-buckets.sh", "removed.tf", "report.json", "report.txt", "return/import.tf", "smtemplates.toml",
        "state-rm.sh",
    ]  # fmt: skip
    assert json.loads(printed.out) == json.loads(written["report.json"])
    assert [stack.name for stack in check(Path("out/smtemplates.toml")).stacks.values()] == ["churn-dev"]
    assert main(command) == 2
    assert (
        capsys.readouterr().err
        == "smtemplates: out is not empty. Specify a new or empty folder: nothing is overwritten.\n"
    )


def test_without_data_to_copy_the_exit_code_is_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder, the table, the blocks and the commands are printed."""
    copied = ["aws_sagemaker_domain.main", "aws_sagemaker_notebook_instance.main[0]"]
    assert main(["adopt", str(WORKSPACE), *(f"--copied={address}" for address in copied)]) == 0
    out = capsys.readouterr().out
    assert '[stack.workspace]\ntemplate = "workspace"\nregions = ["us-east-1"]\n' in out
    assert "removed {\n  from = aws_s3_bucket.input\n\n  lifecycle {\n    destroy = false\n  }\n}\n" in out
    assert "terraform state rm 'aws_s3_object.input_folders[\"training/\"]'" in out
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.tfstate"], "Cannot read missing.tfstate"),
        (["bad.tfstate"], "bad.tfstate is not valid JSON"),
        (["good.tfstate", "--stack", "1"], "'1' is not a valid stack name"),
        (["good.tfstate", "--role", "x"], "--role x: the state contains no aws_iam_role"),
        (["good.tfstate", "--tfvars", "bad.tfstate"], "bad.tfstate:1: an equals sign is missing"),
        (["good.tfstate", "-o", "good.tfstate"], "good.tfstate is not empty"),
        (["good.tfstate", "-o", "x/y/z"], ""),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.tfstate").write_text("no state")
    Path("good.tfstate").write_text(state(resource("aws_vpc", "a", one(id="vpc-1"))))
    assert main(["adopt", *arguments]) == (2 if message else 0)
    assert message in capsys.readouterr().err
