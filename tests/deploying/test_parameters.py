"""Parameter files: AWS receives the values exactly as they are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.deploy.requests.parameters import Settings, from_file, from_options, from_text, merge
from smtemplates.errors import UsageError

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def read(text: str, *, is_json: bool = False) -> Settings:
    return from_text(text, "file", is_json=is_json)


@pytest.mark.parametrize("value", ["001234567012", "no", "on", "12:30:45", "1e3", "0x1F", "2026-11-22", "1_000", ".5"])
def test_yaml_values_stay_text(value: str) -> None:
    """A value that YAML reads as a number, a Boolean or a date stays the text that was written."""
    assert read(f"Name: {value}").parameters == {"Name": value}


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_every_value_is_unchanged_in_every_format(values: dict[str, str]) -> None:
    """Any text in any of the formats is read unchanged."""
    listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    assert read(yaml.safe_dump(values, default_style='"', allow_unicode=True)).parameters == values
    assert read(json.dumps(values), is_json=True).parameters == values
    assert read(json.dumps(listed), is_json=True).parameters == values
    assert read(json.dumps({"Parameters": values, "Tags": values}), is_json=True) == Settings(
        parameters=values, tags=values, all_tags=True
    )


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_read_or_rejected(text: str, is_json: bool) -> None:  # noqa: FBT001 hypothesis passes it by position
    """Any content of a file is read, or rejected with a message."""
    try:
        read(text, is_json=is_json)
    except UsageError as error:
        assert str(error)  # noqa: PT017 both results are valid


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A: 1\nA: 2", "line 2: A is specified twice"),
        ("A: &x 1\nB: *x", "line 1: Anchors"),
        ("A: !!int 1", "line 1: Tags"),
        ("A: null", "line 1: null is not a parameter value"),
        ("A: {B: {C: 1}}\nD: {}", "The key A is not valid"),
        ("Parameters: {A: '1'}\nStackPolicy: {B: '1'}", "--stack-policy"),
        ("Parameters: {A: '1'}\nTag: {B: '1'}", "The key Tag is not valid"),
        ("[{ParameterKey: A}]", "neither a ParameterValue nor UsePreviousValue"),
        ("[{ParameterKey: A, Value: 1}]", "unknown key Value"),
        ("[{ParameterKey: A, ParameterValue: 1}, {ParameterKey: A, ParameterValue: 2}]", "A is specified twice"),
        ("A: ['x,y']", "contains a comma"),
        ("just text", "must be a map"),
        ("- a", "Item 1 must be Name=value, not 'a'"),
        ("- A=1\n- =2", "Item 2 must be Name=value, not '=2'"),
        ("- A=1\n- A=2", "A is specified twice"),
        ("- A: 1", "Item 1 has no ParameterKey. To write a map instead of a list, write 'Name: value'"),
        ("- {ParameterKey: '', ParameterValue: 1}", "Item 1 has no ParameterKey"),
        ("'': 1", "A value has no name"),
        ("A: [", "line"),
        ("A: 1\n---\nB: 2", "line 2: found another document"),
        ("A: \x01", "characters are not allowed"),
        ("[" * 3000 + "]" * 3000, "too deep"),
    ],
)
def test_errors_in_yaml(text: str, message: str) -> None:
    """The message contains the error, with its line if it has one."""
    with pytest.raises(UsageError, match="file") as caught:
        read(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"A": "1", "A": "2"}', "A is specified twice"),
        ('{"A": null}', "null is not a parameter value"),
        ('{"A": NaN}', "NaN is not valid in JSON"),
        ('{"A": ', "line 1"),
        ("[" * 100_000, "too deep"),
    ],
)
def test_errors_in_json(text: str, message: str) -> None:
    """The same errors are rejected in JSON."""
    with pytest.raises(UsageError) as caught:
        read(text, is_json=True)
    assert message in str(caught.value)


def test_json_values_stay_as_written() -> None:
    """Numbers keep their digits, Booleans are written as CloudFormation writes them, and lists are joined."""
    assert read('{"A": 1.50, "B": true, "C": ["x", "y"], "D": ["E=1"]}', is_json=True).parameters == {
        "A": "1.50",
        "B": "true",
        "C": "x,y",
        "D": "E=1",
    }
    assert read('["A=1", "B=x=y"]', is_json=True).parameters == {"A": "1", "B": "x=y"}


def test_aliases_are_rejected_before_they_are_expanded() -> None:
    """A chain of aliases that would expand to gigabytes is rejected before it is expanded."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(UsageError, match="Anchors"):
        read(f"l0: &l0 x\n{levels}")


def test_files_that_cannot_be_read_are_rejected(tmp_path: Path) -> None:
    """Missing files, files that are too large and files that are not text are rejected; a byte order mark is accepted.

    A device or a pipe has no size and can be endless.
    """
    large = tmp_path / "large.yaml"
    large.write_bytes(b"A: " + b"x" * 3_000_000)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"A: \xff\xfe")
    for path in (tmp_path / "none.yaml", large, binary, tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageError, match=path.name):
            from_file(path)
    marked = tmp_path / "marked.json"
    marked.write_bytes(b'\xef\xbb\xbf{"A": "1"}')
    assert from_file(marked).parameters == {"A": "1"}


def test_later_settings_replace_earlier_ones() -> None:
    """A later file or option replaces an earlier one, and a value replaces UsePreviousValue."""
    first = read("[{ParameterKey: A, ParameterValue: '1'}, {ParameterKey: B, UsePreviousValue: true}]")
    second = Settings(parameters=from_options(["A=2", "B=3"]), tags={"T": "x"})
    assert merge([first, second]) == Settings(parameters={"A": "2", "B": "3"}, tags={"T": "x"})
    assert merge([second, first]) == Settings(parameters={"A": "1"}, tags={"T": "x"}, previous=frozenset({"B"}))


@pytest.mark.parametrize("option", ["A", "=1", ""])
def test_options_without_a_name_or_an_equals_sign(option: str) -> None:
    """An option without a name or an equals sign is rejected with the form in its help."""
    with pytest.raises(UsageError, match=f"--set requires NAME=VALUE, not '{option}'"):
        from_options([option])
    with pytest.raises(UsageError, match=f"--tag requires KEY=VALUE, not '{option}'"):
        from_options([option], "--tag", "KEY=VALUE")
