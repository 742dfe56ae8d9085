"""Read templates as AWS returns them, and compare them with the text that was sent."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_round_trip import CORPUS, values

from smtemplates.synth import received
from smtemplates.synth.loader import load
from smtemplates.synth.yaml_writer import block, compact


def stored(text: str) -> str:
    """Return a text as AWS returns it: with a question mark for each character outside ASCII."""
    return text.removeprefix("\ufeff").encode("ascii", "replace").decode()


def by_sdk(text: str) -> str:
    """Return a JSON text as the SDK returns it, which parses it."""
    return json.dumps(json.loads(text))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_digest_is_the_same_for_the_text_that_aws_returns(path: Path) -> None:
    """For every kind of notation, the digest of the text that was sent is that of the text that AWS returns."""
    text = path.read_text(encoding="utf-8-sig")
    assert received.digest_of(load(text)) == received.digest(compact(load(text)))
    for sent in (text, compact(load(text))):
        assert received.digest(stored(sent)) == received.digest(sent)
        if path.suffix == ".json" and sent.startswith("{"):
            assert received.digest(by_sdk(stored(sent))) == received.digest(by_sdk(sent)) == received.digest(sent)
        assert received.digest(sent.replace("AWS::SNS::Topic", "AWS::SQS::Queue")) != received.digest(sent) or (
            "AWS::SNS" not in sent
        )


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_returned_template_is_read(path: Path) -> None:
    """A template that was sent can be read when AWS returns it with question marks for letters."""
    text = path.read_text(encoding="utf-8-sig")
    content = received.read(stored(text))
    assert content is not None
    assert list(content["Resources"]) == list(load(text)["Resources"])


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("A: ? team", {"A": "? team"}),
        ("A:\n  - ? team\n  - ?", {"A": ["? team", "?"]}),
        ("A: [? a, {? : ?}]", {"A": ["? a", {"?": "?"}]}),
        ("A: 1\nB: 2\nA: 3", {"A": 3, "B": 2}),
        ('{"A": 1, "A": 2}', {"A": 2}),
        ("A:\nB: {C: }", {"A": None, "B": {"C": None}}),
        ("A: *b", {"A": "*b"}),
        ("A: !Odd.Tag x\nB: !!binary aaaa", {"A": "x", "B": "aaaa"}),
        ("A: 1\n---\nB: 2", {"A": 1}),
        ("? A\n: B", {"A": "B"}),
        ("Resources: []\nParameters: x", {"Resources": [], "Parameters": "x"}),
        ("\ufeffA: b", {"A": "b"}),
        ("A: 'x", None),
        ("", None),
        ("- a", None),
        ("[" * 100_000, None),
        ('{"A":' * 100_000, None),
    ],
)
def test_returned_template_is_read_leniently(text: str, content: Any) -> None:
    """Text that a user's file must not contain is read. Text that cannot be read is a value, and not an error."""
    assert received.read(text) == content
    assert len(received.digest(text)) == 64


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A: !GetAtt B.C", "A: {'Fn::GetAtt': B.C}"),
        ("A: !GetAtt B.C.D", "A: {'Fn::GetAtt': [B, C, D]}"),
        ("A: {b: 1, c: 2}", "A: {c: 2, b: 1}"),
        ("A: {b: 1.10}", '{"A": {"b": 1.1}}'),
        ("A: é team 🤦", "A: ? team ??"),
        ('{"A": "\\u2013 \\ud83e\\udd26"}', "A: '? ?'"),
    ],
)
def test_digest_ignores_the_notation(one: str, other: str) -> None:
    """The same content has one digest."""
    assert received.digest(one) == received.digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A: !GetAtt B.C", "A: !GetAtt B.D"),
        ("A: '1'", "A: 1"),
        ("A: [b, c]", "A: [c, b]"),
        ("A: é team", "A: é teams"),
        ("A: 'x", "A: 'y"),
    ],
)
def test_digest_shows_another_content(one: str, other: str) -> None:
    """A change of the content changes the digest, also of a text that cannot be read."""
    assert received.digest(one) != received.digest(other)


def keys_remain_distinct(value: Any) -> bool:
    """Return whether the keys of each mapping are different from each other after AWS has replaced characters."""
    if isinstance(value, list):
        return all(map(keys_remain_distinct, value))
    if not isinstance(value, dict):
        return True
    kept = {re.sub(r"\?+", "?", stored(key)) for key in value}
    return len(kept) == len(value) and all(map(keys_remain_distinct, value.values()))


@given(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=3).filter(keys_remain_distinct))
@example({"¡": None, "b": {"\ue000": 1, "c?": [{"?": 2}]}})
def test_digest_of_any_content(content: dict[str, Any]) -> None:
    """Any content has one digest in JSON, after the SDK has parsed it, and in YAML as AWS returns it.

    Keys that are the same after AWS has replaced characters are excluded: of these, AWS does not return all values.
    """
    for ascii_only in (True, False):
        text = json.dumps(content, ensure_ascii=ascii_only)
        assert received.digest(by_sdk(text)) == received.digest(text)
    for write in (compact, block):
        written = write(content)
        assert received.digest(written.encode("ascii", "replace").decode()) == received.digest(written)
        assert received.digest_of(content) == received.digest(written)


@given(st.text() | st.text(alphabet="[]{}:,-!&*?|>'\"%@# \t\nab\\é請"))
def test_any_text_is_read_or_none(text: str) -> None:
    """Any text leads to a mapping or to None, and has a digest."""
    assert isinstance(received.read(text), dict | None)
    assert received.digest(stored(text)) == received.digest(text)
