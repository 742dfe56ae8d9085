"""Read files of variable values."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.adopt.hcl import parse_values, quoted, read_values
from smtemplates.errors import UsageError

TEXT = """
# the values
project = "chu\\"rn \\u00e9 $${x} %%{y}"   // a comment
days    = 30
ratio   = -1.5e3
create  = true
nothing = null
/* two
lines */
subnets = ["a", "b",
  # one more
  "c",
]
tags = {
  Team = "blue", "Cost Center": 12
  nested = { a = [] }
}
script = <<-EOT
    first
      second
  EOT
plain = <<END
  kept
END
"""
NAMES = st.text("abc_", min_size=1, max_size=4)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def hcl(value: Any) -> str:
    """Write a value as Terraform does."""
    if isinstance(value, list):
        return "[" + ",\n".join(map(hcl, value)) + "]"
    if isinstance(value, dict):
        return "{" + "".join(f"\n{key} = {hcl(each)}" for key, each in value.items()) + "\n}"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def test_constants_of_all_kinds_are_read() -> None:
    assert parse_values(TEXT, "a.tfvars") == {
        "project": 'chu"rn é ${x} %{y}',
        "days": 30,
        "ratio": -1500.0,
        "create": True,
        "nothing": None,
        "subnets": ["a", "b", "c"],
        "tags": {"Team": "blue", "Cost Center": 12, "nested": {"a": []}},
        "script": "first\n  second\n",
        "plain": "  kept\n",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = var.b", "a.tfvars:1: this is not a constant"),
        ('a = "x"\nb = upper("x")', "a.tfvars:2: this is not a constant"),
        ('a = "${b}"', "a.tfvars:1: a text contains a template"),
        ('a = "x" b = "y"', "more than one assignment"),
        ("a = 1\na = 2", "the variable a has two values"),
        ("a", "an equals sign is missing"),
        ("= 1", "a name is missing"),
        ("a = [1", "] is missing"),
        ("a = [1 2]", "] is missing"),
        ('a = "x', "this is not a constant"),
        (r'a = "\q"', "an escape sequence is not valid"),
        (r'a = "\ud800"', "an escape sequence is not a character"),
        ("a = " + "[" * 1000, "values are nested too deeply"),
        ("a = <<EOT\nx", "this is not a constant"),
    ],
)
def test_other_expressions_are_rejected(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_values(text, "a.tfvars")
    assert reason in str(raised.value)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_values_survive_a_round_trip(values: dict[str, Any]) -> None:
    assert parse_values("\n".join(f"{name} = {hcl(value)}" for name, value in values.items()), "a") == values


@given(st.text() | st.text(alphabet='ab="\\${}[],:#/*<-\n 1.'))
def test_any_text_is_read_or_rejected(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(parse_values(text, "a"), dict)


def test_json_files(tmp_path: Path) -> None:
    file = tmp_path / "x.tfvars.json"
    file.write_text('{"days": 30}')
    assert read_values(file) == {"days": 30}
    for text in ("[]", "{", "[" * 100_000):
        file.write_text(text)
        with pytest.raises(UsageError):
            read_values(file)
