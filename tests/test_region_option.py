"""The option --region has the same form in all commands."""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser
from importlib import import_module
from typing import Any

import pytest
from cfnlint.helpers import REGIONS as OF_CFN_LINT
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.aws_data.regions import NAME, REGIONS
from smtemplates.cli.main import main
from smtemplates.cli.parser import parser
from smtemplates.console.regions import add_regions, checked_regions
from smtemplates.errors import UsageError

# each command with the arguments that it requires
COMMANDS = {
    "render": [],
    "lint": ["t.yaml"],
    "plan": ["churn"],
    "deploy": ["churn", "--yes"],
    "status": ["churn"],
    "outputs": ["churn"],
    "drift": ["churn"],
    "rollback": ["churn"],
    "destroy": ["churn"],
    "publish version": ["1.0.0", "--product", "prod-abcdefghijklm"],
    "publish versions": ["--product", "prod-abcdefghijklm"],
    "publish prune": ["--product", "prod-abcdefghijklm"],
    "publish stage": [],
    "publish link": ["--template-url", "https://s3.amazonaws.com/bucket/key"],
}
OF_SEVERAL = ("render", "lint", "publish link")


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Use a folder without files, and credentials that AWS rejects."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


@pytest.mark.parametrize("command", COMMANDS)
def test_regions_are_separated_by_commas_or_repeated(command: str) -> None:
    """Commas and repeated options mean the same, and a Region that is specified twice counts once."""
    for options in (
        ["--region", "eu-west-1,us-east-1"],
        ["--region", "eu-west-1", "--region", "us-east-1,eu-west-1"],
        ["--region= eu-west-1, us-east-1,"],
    ):
        parsed = parser().parse_args([*command.split(), *options, *COMMANDS[command]])
        assert parsed.region == ["eu-west-1", "us-east-1"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("value", ["", ",", "  "])
def test_empty_region_is_rejected(command: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A value that is empty because a variable of a script is not set does not mean the default."""
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--region", value, *COMMANDS[command]])
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("argument --region: the value is empty\n")


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in OF_SEVERAL])
def test_several_regions_for_one_stack_are_one_sentence(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command for one Region rejects a list before it calls AWS."""
    assert main([*command.split(), "--region", "eu-west-1,us-east-1", *COMMANDS[command]]) == 2
    expected = "This command works in one Region, not in 2 (eu-west-1, us-east-1). Run it once for each Region.\n"
    assert capsys.readouterr().err == f"smtemplates: {expected}"


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "lint"])
@pytest.mark.parametrize(("region", "near"), [("eu-west1", "eu-west-1"), ("frankfurt", "af-south-1")])
def test_name_that_is_not_a_region_is_rejected(
    command: str, region: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message contains the nearest Region."""
    assert main([*command.split(), "--region", region, *COMMANDS[command]]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"There is no Region {region!r}. Did you mean {near!r}?" in err


def test_new_region_is_not_rejected() -> None:
    """AWS can have a Region that this release does not know."""
    assert "ap-southeast-99" not in REGIONS
    assert checked_regions(["ap-southeast-99"], several=False) == ["ap-southeast-99"]


def test_known_regions_are_those_of_cfn_lint_and_the_sdk() -> None:
    """The list for suggestions contains every Region of cfn-lint and the SDK, and all have the pattern of a Region."""
    session: Any = import_module("botocore.session").Session()
    of_the_sdk = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
    }
    assert {*OF_CFN_LINT, *of_the_sdk} - {*REGIONS} == set()
    assert [region for region in REGIONS if not NAME.fullmatch(region)] == []


@given(st.lists(st.text(), min_size=1), st.sampled_from([",", " , "]))
def test_any_text_is_a_list_of_regions_or_rejected(texts: list[str], separator: str) -> None:
    """Any text is split at commas; a name that is not a Region leads to a UsageError of one line."""
    command = ArgumentParser(exit_on_error=False)
    add_regions(command, "")
    try:
        regions = command.parse_args([f"--region={separator.join(texts)}"]).region
        checked_regions(regions, several=True)
    except UsageError as error:
        sentence = str(error)
    except ArgumentError as error:
        sentence = str(error)
        assert sentence == "argument --region: the value is empty"
    else:
        sentence = ""
        assert all(NAME.fullmatch(region) for region in regions)
    assert "\n" not in sentence
