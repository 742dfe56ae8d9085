"""Write templates and read them again: the content and the notation of numbers remain the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from smtemplates.synth.loader import SECTIONS, load
from smtemplates.synth.yaml_writer import block, compact

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())

words = st.text(st.characters(codec="utf-8"), max_size=8)
odd = st.sampled_from(["0o7", "1e3", "1_000", ".5", "-0", "0x1F", "12:30:45", "y", "=", "<<", "? a", "A.B.C", "- a"])
functions = st.sampled_from(["Ref", "Condition", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Transform", "Fn::Length"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words | odd,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(words | odd, inner, max_size=3)
        | st.builds(lambda name, argument: {name: argument}, functions, inner)
    ),
    max_leaves=10,
)


def scalars(text: str) -> list[tuple[str, bool]]:
    """Return the scalars of a YAML text, and whether each is plain."""
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    return [(event.value, not event.style and not event.tag) for event in events if isinstance(event, yaml.ScalarEvent)]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
@pytest.mark.parametrize("write", [compact, block])
def test_corpus_is_the_same_after_writing(path: Path, write: Any) -> None:
    """Every kind of notation in the corpus leads to a text with the same content."""
    content = load(path.read_text(encoding="utf-8-sig"))
    assert load(write(content)) == content


@given(st.dictionaries(words, values, min_size=1, max_size=3))
def test_any_value_is_the_same_after_writing(content: dict[str, Any]) -> None:
    """Numbers, functions and texts of any kind are the same after writing and reading."""
    assume(not content.keys() & {section for section, _, _ in SECTIONS})
    for write in (compact, block):
        assert load(write(content)) == content


@given(values)
def test_any_json_is_the_same_after_writing(value: Any) -> None:
    """A template in JSON has the same content in the shorter form that is sent."""
    content = load(json.dumps({"Metadata": value}))
    assert content == {"Metadata": value}
    assert load(compact(content)) == content


@pytest.mark.parametrize(
    "scalar",
    [
        "1.10",
        "+5",
        "-0",
        ".5",
        "012",
        "0o7",
        "0x1F",
        "1_000",
        "1e3",
        "1.5e+3",
        "2012-10-17",
        "y",
        "N",
        ".inf",
        "=",
        "<<",
    ],
)
@pytest.mark.parametrize("write", [compact, block])
def test_unusual_notation_is_sent_as_written(scalar: str, write: Any) -> None:
    """A plain scalar on which parsers disagree remains plain, and a quoted one remains quoted."""
    content = load(f"Metadata: {{plain: {scalar}, quoted: '{scalar}', list: [{scalar}], {scalar}: x}}")
    for copied in (content, copy.deepcopy(content)):
        written = scalars(write(copied))
        assert sorted(plain for text, plain in written if text == scalar) == [False, True, True, True]


@pytest.mark.parametrize("number", ["1e5", "1E400", "1e-7", "123456789012345678901234567890", "9" * 5000, "-0", "1.10"])
def test_number_in_json_is_sent_as_a_number(number: str) -> None:
    """A number of any size in a JSON template is a plain scalar in the shorter form."""
    content = load(f'{{"Metadata": {number}}}')
    assert load(compact(content)) == content
    assert scalars(compact(content))[-1][1]
