"""Parameter files: what is written is what AWS gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.deploy.parameters import Settings, from_file, from_options, from_text, merge
from smtemplates.errors import UsageError

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


def read(text: str, *, is_json: bool = False) -> Settings:
    return from_text(text, "file", is_json=is_json)


@pytest.mark.parametrize("value", ["001234567012", "no", "on", "12:30:45", "1e3", "0x1F", "2026-11-22", "1_000", ".5"])
def test_yaml_values_stay_text(value: str) -> None:
    """What YAML would take for a number, a truth value or a date stays as it is written."""
    assert read(f"Name: {value}").parameters == {"Name": value}


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_any_value_survives(values: dict[str, str]) -> None:
    """Any text in any of the forms comes out as it went in."""
    listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    assert read(yaml.safe_dump(values, default_style='"', allow_unicode=True)).parameters == values
    assert read(json.dumps(values), is_json=True).parameters == values
    assert read(json.dumps(listed), is_json=True).parameters == values
    assert read(json.dumps({"Parameters": values, "Tags": values}), is_json=True) == Settings(
        parameters=values, tags=values
    )


@given(st.text(max_size=60), st.booleans())
def test_nonsense_is_one_sentence(text: str, is_json: bool) -> None:  # noqa: FBT001 hypothesis gives it by position
    """Whatever the file contains, it is read, or refused by a sentence that names the file."""
    try:
        read(text, is_json=is_json)
    except UsageError as error:
        assert str(error)  # noqa: PT017 both outcomes are right


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A: 1\nA: 2", "line 2: A is there twice"),
        ("A: &x 1\nB: *x", "line 1: anchors"),
        ("A: !!int 1", "line 1: tags"),
        ("A: null", "line 1: null is not a parameter value"),
        ("A: {B: {C: 1}}\nD: {}", "unknown key A"),
        ("Parameters: {A: '1'}\nStackPolicy: {B: '1'}", "--stack-policy"),
        ("Parameters: {A: '1'}\nTag: {B: '1'}", "unknown key Tag"),
        ("[{ParameterKey: A}]", "neither a ParameterValue nor UsePreviousValue"),
        ("[{ParameterKey: A, Value: 1}]", "unknown key Value"),
        ("[{ParameterKey: A, ParameterValue: 1}, {ParameterKey: A, ParameterValue: 2}]", "A is there twice"),
        ("A: ['x,y']", "contains a comma"),
        ("just text", "expected a map"),
        ("- a", "item 1 must be Name=value, not 'a'"),
        ("- A=1\n- =2", "item 2 must be Name=value, not '=2'"),
        ("- A=1\n- A=2", "A is there twice"),
        ("- A: 1", "item 1 has no ParameterKey; without dashes, write 'Name: value'"),
        ("- {ParameterKey: '', ParameterValue: 1}", "item 1 has no ParameterKey"),
        ("'': 1", "a value has no name"),
        ("A: [", "line"),
        ("A: 1\n---\nB: 2", "line 2: found another document"),
        ("A: \x01", "characters are not allowed"),
        ("[" * 3000 + "]" * 3000, "too deep"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    """A mistake is named, with its line where it has one."""
    with pytest.raises(UsageError, match="file") as caught:
        read(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"A": "1", "A": "2"}', "A is there twice"),
        ('{"A": null}', "null is not a parameter value"),
        ('{"A": NaN}', "NaN is not JSON"),
        ('{"A": ', "line 1"),
        ("[" * 100_000, "too deep"),
    ],
)
def test_json_mistakes(text: str, told: str) -> None:
    """JSON is held to the same rules."""
    with pytest.raises(UsageError) as caught:
        read(text, is_json=True)
    assert told in str(caught.value)


def test_json_values_stay_as_written() -> None:
    """Numbers keep their digits, truth values are written as CloudFormation does, lists are joined."""
    assert read('{"A": 1.50, "B": true, "C": ["x", "y"], "D": ["E=1"]}', is_json=True).parameters == {
        "A": "1.50",
        "B": "true",
        "C": "x,y",
        "D": "E=1",
    }
    assert read('["A=1", "B=x=y"]', is_json=True).parameters == {"A": "1", "B": "x=y"}


def test_alias_bomb() -> None:
    """A chain of aliases, which would unfold to gigabytes, is refused before it unfolds."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    with pytest.raises(UsageError, match="anchors"):
        read(f"l0: &l0 x\n{levels}")


def test_files(tmp_path: Path) -> None:
    """Files that are missing, too large or not text are refused by name; a byte order mark does no harm.

    A device or a pipe does not tell its size, and may never end.
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


def test_later_wins() -> None:
    """Of files and options, the later wins, and a value ends what UsePreviousValue asked for."""
    first = read("[{ParameterKey: A, ParameterValue: '1'}, {ParameterKey: B, UsePreviousValue: true}]")
    second = Settings(parameters=from_options(["A=2", "B=3"]), tags={"T": "x"})
    assert merge([first, second]) == Settings(parameters={"A": "2", "B": "3"}, tags={"T": "x"})
    assert merge([second, first]) == Settings(parameters={"A": "1"}, tags={"T": "x"}, previous=frozenset({"B"}))


@pytest.mark.parametrize("option", ["A", "=1", ""])
def test_options(option: str) -> None:
    """What is without a name or an equals sign is refused in the words of its option's help."""
    with pytest.raises(UsageError, match=f"--set takes NAME=VALUE, not '{option}'"):
        from_options([option])
    with pytest.raises(UsageError, match=f"--tag takes KEY=VALUE, not '{option}'"):
        from_options([option], "--tag", "KEY=VALUE")
