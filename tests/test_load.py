"""Read templates: the values that YAML and JSON lead to, and the texts that are rejected."""

from __future__ import annotations

import contextlib
import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.errors import UsageError
from smtemplates.synth.loader import load


def value(text: str) -> object:
    return load(f"Metadata: {text}")["Metadata"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Bucket", {"Ref": "Bucket"}),
        ("!GetAtt Bucket.Arn", {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ("!GetAtt Nested.Outputs.Arn", {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}),
        ("!GetAtt [Bucket, Arn]", {"Fn::GetAtt": ["Bucket", "Arn"]}),
        ("!Sub '${A}/x'", {"Fn::Sub": "${A}/x"}),
        ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
        ("!If [C, !Ref A, !Ref AWS::NoValue]", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!Join [',', [a, !Ref B]]", {"Fn::Join": [",", ["a", {"Ref": "B"}]]}),
        ("!And [!Condition A, !Condition B]", {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]}),
        ("!Base64 {'Fn::Sub': x}", {"Fn::Base64": {"Fn::Sub": "x"}}),
        ("!EachMemberIn [[a], [b]]", {"Fn::EachMemberIn": [["a"], ["b"]]}),
        ("{'Fn::GetAtt': Bucket.Arn}", {"Fn::GetAtt": "Bucket.Arn"}),
    ],
)
def test_short_forms_become_long(short: str, long: object) -> None:
    """Every short form becomes the long form, and a long form does not change."""
    assert value(short) == long


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2010-09-09", "2010-09-09"),
        ("001234567012", "001234567012"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1e5", "1e5"),
        ("'20'", "20"),
        ("!!str 20", "20"),
        ("20", 20),
        ("-0.5", -0.5),
        ("true", True),
        ("no", False),
        ("'no'", "no"),
        ("~", None),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("'\\d'", "\\d"),
    ],
)
def test_only_plain_numbers_and_booleans_are_not_text(text: str, read: object) -> None:
    """Dates, account IDs and times of day remain strings."""
    got = value(text)
    assert got == read
    assert isinstance(got, type(read))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Line 1: .* empty"),
        ("- a", "Line 1: .* a list"),
        ("a: 1\nb:\n  c: 1\n  c: 2", "Line 4: the key 'c'"),
        ('{"a": 1,\n"a": 2}', "Line 2: the key 'a'"),
        ("a: &x [1]\nb: *x", "Line 2: CloudFormation does not support aliases"),
        ("a: &a [*a]", "Line 1: CloudFormation does not support aliases"),
        ("a: b: c", "Line 1: this is not YAML: .*mapping values"),
        ("a:\n  b: 1\n c: 2", "Line 3: this is not YAML"),
        ("a: 'x", "Line 1: this is not YAML"),
        ('{"a": 1,\n"b" 2}', "Line 2: this is not JSON"),
        ('{"a": "\\ud83d\\ude00", "b": 1, "b": 2}', "he key 'b' is used twice"),
        ("a: 1\n---\nb: 2", "Line 2: a second document"),
        ("a: !!binary aaaa", "Line 1: CloudFormation has no tag !!binary"),
        ("a: !!python/object/apply:os.system [x]", "Line 1: CloudFormation has no tag !!python"),
        ("a: !Foo.Bar x", "Line 1: CloudFormation has no tag !Foo.Bar"),
        ("? [a]\n: b", "Line 1: a key must be"),
        ("a: 1\nb: \x00", "Line 2: .* character"),
        ("a: 1\nb: \ud800", "Line 2: .* character"),
        ("Resources: []", "Resources must be a mapping"),
        ("Resources: {A: 1}", "Resources.A must be a mapping"),
        ("Resources: {A: {Properties: {}}}", "Resources.A must have the key Type"),
        ("Parameters: {A: {Type: 1}}", "Parameters.A must have the key Type"),
        ("Rules: {A: {Assertions: [x]}}", "Rules.A.Assertions must be"),
        ("Mappings: {A: {B: x}}", "Mappings.A must be"),
    ],
)
def test_text_that_is_not_a_template_is_rejected_in_one_sentence(text: str, message: str) -> None:
    """The message contains the place and the reason."""
    with pytest.raises(UsageError, match=message) as caught:
        load(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "Outputs:\nResources: {A: {Type: 'AWS::SNS::Topic', Properties: null}}",
        "Resources: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: s3://b/k}}}",
        "Resources: {A: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: s3://b/k}}}}",
        "Mappings: {'Fn::Transform': {Name: 'AWS::Include'}}",
        "Mappings: {A: {'Fn::Transform': {Name: 'AWS::Include'}}}",
        "Mappings: {A: {B: {'Fn::Transform': {Name: 'AWS::Include'}}}}",
        "Conditions: {'Fn::ForEach::Each': [Name, [a], {'Is${Name}': {'Fn::Equals': [a, a]}}]}",
        "Transform: 'AWS::LanguageExtensions'\nOutputs: {'Fn::ForEach::Each': [N, [a], {'${N}': {Value: a}}]}",
        "Transform: Explode\nResources: {A: !Explode x, B: [1], C: {Count: 2}}",
        "Transform: [Macro]\nMappings: {A: x}\nParameters: {B: 1}\nRules: {C: []}",
    ],
)
def test_template_that_needs_a_transform_is_read(text: str) -> None:
    """Sections and entries that CloudFormation fills in later, and empty sections, are accepted in YAML and JSON."""
    assert load(json.dumps(load(text))) == load(text)


@pytest.mark.parametrize("opened", ["[", "a: [", '{"a":', "- " * 5, '{"\\ud83d\\ude00":'])
def test_deep_nesting_is_rejected(opened: str) -> None:
    """A file that consists of brackets leads to a message, although it would crash libyaml's composer."""
    with pytest.raises(UsageError, match=r"nested more than|not YAML|not JSON"):
        load(opened * 200_000)


@pytest.mark.parametrize(
    "form", ["Metadata: %s", '{"Metadata": %s}', '{"Metadata": %s, "Description": "\\ud83d\\ude00"}']
)
def test_values_can_be_nested_up_to_the_limit(form: str) -> None:
    """The maximum depth is accepted and one level more is rejected, in YAML and in JSON."""
    assert load(form % ("[" * 100 + "]" * 100))
    with pytest.raises(UsageError, match="nested more than 100 levels deep"):
        load(form % ("[" * 101 + "]" * 101))


words = st.text(st.characters(codec="utf-8"))
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=10,
)


@given(plain)
def test_json_is_read_as_written(document: object) -> None:
    """JSON with and without escape sequences leads to the values that were written."""
    for ascii_only in (True, False):
        assert load(json.dumps({"Metadata": document}, ensure_ascii=ascii_only))["Metadata"] == document


@given(plain)
def test_yaml_is_read_as_written(document: object) -> None:
    """YAML of PyYAML leads to the values that were written: a string never becomes another type."""
    dumper = type("NoAliases", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    assert load(yaml.dump({"Metadata": document}, Dumper=dumper))["Metadata"] == document


@given(words | st.text(alphabet="[]{}:,-!&*?|>'\"%@# \t\nab\\"))
def test_any_text_is_read_or_rejected(text: str) -> None:
    """Any text leads to a mapping or to a UsageError."""
    with contextlib.suppress(UsageError):
        assert isinstance(load(text), dict)
