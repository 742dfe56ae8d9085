"""Former names of options work like the new ones, with one line on standard error."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from smtemplates.cli.template_option import template_of
from smtemplates.console import deprecation


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deprecation, "_reported", set())


@pytest.mark.parametrize(
    ("settings", "values", "expected"),
    [
        ({"action": "store_true"}, [], True),
        ({"type": int}, ["3"], 3),
        ({"action": "append", "default": []}, ["a"], ["a"]),
        ({"action": "extend", "nargs": "+"}, ["a", "b"], ["a", "b"]),
        ({"choices": ["a"]}, ["a"], "a"),
    ],
)
def test_former_name_does_the_same(
    capsys: pytest.CaptureFixture[str], settings: dict[str, Any], values: list[str], expected: object
) -> None:
    """Both names set the same value. Only the former name leads to a line, once for each command."""
    parser = argparse.ArgumentParser()
    deprecation.add_renamed(parser, "--old", parser.add_argument("--new", **settings))
    assert parser.parse_args([]).new in (None, False, [])
    assert parser.parse_args(["--new", *values]).new == expected
    assert capsys.readouterr().err == ""
    assert parser.parse_args(["--old", *values]).new == expected
    parser.parse_args(["--old", *values])
    assert capsys.readouterr().err == "--old is now --new. The old name works until version 0.3.\n"
    assert "--old" not in parser.format_help()


def test_mistakes_name_the_option_that_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    """An invalid value is reported for the name on the command line."""
    parser = argparse.ArgumentParser()
    deprecation.add_renamed(parser, "--old", parser.add_argument("--new", type=int))
    with pytest.raises(SystemExit):
        parser.parse_args(["--old", "x"])
    assert "argument --old: invalid int value: 'x'" in capsys.readouterr().err


def test_template_file_of_any_name_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file without a known suffix is read as in version 0.1.0, with a line that shows how to specify it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.template").write_text("Resources: {Topic: {Type: AWS::SNS::Topic}}")
    for name, lines in (("./my.template", 0), ("my.template", 1)):
        arguments = argparse.Namespace(template=name, config=None)
        assert set(template_of(arguments).resources) == {"Topic"}
        assert capsys.readouterr().err.count("--template ./my.template. The old name works until") == lines
