"""Old names of options work for one release."""

from __future__ import annotations

import pytest

from smtemplates.cli.parser import parser


@pytest.mark.parametrize(
    ("arguments", "old", "new"),
    [(["plan", "team"], ["--keep"], ["--keep-change-set"])],
)
def test_old_name_of_an_option_works(
    arguments: list[str], old: list[str], new: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The old name has the same effect as the new one, and a line on standard error names the new one."""
    whole = parser()
    expected = whole.parse_args([*arguments, *new])
    assert capsys.readouterr().err == ""
    assert whole.parse_args([*arguments, *old]) == expected
    sentence = f"{old[0]} is deprecated and will be removed in the next release. Use {new[0]}."
    assert capsys.readouterr().err == f"smtemplates: {sentence}\n"
    assert whole.parse_args(arguments) != expected


def test_old_names_are_not_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The help contains only the new name."""
    with pytest.raises(SystemExit):
        parser().parse_args(["plan", "--help"])
    assert "--keep " not in capsys.readouterr().out
