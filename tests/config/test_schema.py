"""The JSON Schema of the configuration file, and the check against it."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smtemplates.config.schema import parts, problems, schema
from smtemplates.config.tables import StackTable, Staging, TemplateTable

# Keywords with the same meaning in the drafts 4 to 2020-12: editors support different drafts.
KEYWORDS = {
    *("$ref", "type", "enum", "properties", "patternProperties", "additionalProperties", "required", "items"),
    *("pattern", "minLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems"),
}
NOTES = {"$schema", "$defs", "title", "description", "default", "x-hint"}


def test_every_keyword_is_known_and_has_the_same_meaning_in_every_draft() -> None:
    """Beside a reference nothing else is allowed: some editors ignore it."""
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft4Validator.check_schema({key: value for key, value in schema().items() if key != "$schema"})
    for part in parts(schema()):
        assert part.keys() <= KEYWORDS | NOTES
        assert "$ref" not in part or part.keys() == {"$ref"}


def test_every_key_has_a_description() -> None:
    """Editors show it, and the documentation contains it."""
    for part in parts(schema()):
        for name, about in part.get("properties", {}).items():
            assert "$ref" in about or about.get("description"), name


def test_defaults_has_every_setting_of_a_stack() -> None:
    """Only the name of a stack cannot be inherited."""
    stack, defaults = (schema()["$defs"][name]["properties"] for name in ("stack", "defaults"))
    assert stack.keys() - {"stack_name"} == defaults.keys()


def test_the_tables_have_the_keys_of_the_schema() -> None:
    """A key of the schema that the reader forgets would have no effect."""
    definitions = schema()["$defs"]
    renamed = {"from": "source", "policy": "policies"}
    keys = {renamed.get(key, key) for key in definitions["template"]["properties"]}
    assert keys | {"name"} == set(TemplateTable.__dataclass_fields__)
    stack = definitions["stack"]["properties"]
    assert {*stack, "name", "inherited"} == set(StackTable.__dataclass_fields__)
    assert set(stack["staging"]["properties"]) == set(Staging.__dataclass_fields__)


TEXTS = st.sampled_from(["", "x", "workspace", "a:b", "network.VpcId", "111122223333", "eu-west-1"])
# In JSON, 5.0 is a whole number. In TOML, it is not, so it is left out here.
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-1, 200), st.sampled_from([0.5, -1.5, 200.1]))


def keys_of_all_tables() -> list[str]:
    return sorted({name for part in parts(schema()) for name in part.get("properties", ())} | {"churn", "no key", "1x"})


VALUES = st.recursive(
    SCALARS,
    lambda inside: st.one_of(
        st.lists(inside, max_size=6), st.dictionaries(st.sampled_from(keys_of_all_tables()), inside, max_size=5)
    ),
    max_leaves=12,
)


def at(value: Any, path: tuple[Any, ...]) -> dict[str, Any]:
    """Return tables with a value at a path."""
    for key in reversed(path):
        value = {key: value}
    found: dict[str, Any] = value
    return found


@pytest.mark.slow
@settings(deadline=None, max_examples=500)
@given(st.data())
def test_the_verdict_is_that_of_a_validator(data: st.DataObject) -> None:
    """Each place that the validator reports is reported, and no other place.

    A validator does not look into a table with a wrong name.
    """
    table = data.draw(st.sampled_from([("template", "churn"), ("stack", "churn"), ("defaults",), ()]))
    name = table[0] if table else ""
    keys = sorted(schema()["$defs"][name]["properties"]) if name else sorted(schema()["properties"])
    content = at(data.draw(st.dictionaries(st.sampled_from([*keys, "kep"]), VALUES, max_size=4)), table)
    expected = {
        (*error.absolute_path, *found)
        for error in jsonschema.Draft202012Validator(schema()).iter_errors(content)
        for found in places(error)
    }
    found = {path for path, _ in problems(content)}
    misnamed = {path for path in expected if path[:1] in {("template",), ("stack",)} and len(path) == 2}
    assert {path for path in found if path[:2] not in misnamed or path in expected} == expected


def places(error: jsonschema.ValidationError) -> list[tuple[str, ...]]:
    """Return the keys below the path of an error, which a table cannot have."""
    if error.validator != "additionalProperties":
        return [()]
    about: Any = error.schema
    known, patterns = about.get("properties", {}), about.get("patternProperties", {})
    return [
        (key,)
        for key in error.instance
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    ]


# The content of a file as JSON, then the path and the sentence.
SENTENCES = """
{"output": 5}
    output must be a text in quotation marks, not a whole number.
{"templat": {}}
    templat there is no key templat; did you mean template?
{"template": {"a": {}}}
    template.a the key from is missing.
{"template": {"from": "x"}}
    template.from must be a table, not a text in quotation marks.
{"template": {"a": {"from": "x", "kep": []}}}
    template.a.kep there is no key kep; did you mean keep?
{"template": {"a b": {"from": "x"}}}
    template.a b a b is not a name: a name contains 1 to 64 letters, digits, hyphens and underscores.
{"template": {"a": {"from": "x", "constructs": ["q"]}}}
    template.a.constructs.0 must be module:function, such as constructs.queue:queue.
{"template": {"a": {"from": "x", "fix": {"B": {}}}}}
    template.a.fix.B must be a text in quotation marks, a number, a boolean (true or false) or an array, not a table.
{"stack": {"a": {"account": 5}}}
    stack.a.account must be the ID of an account: 12 digits in quotation marks, not a whole number.
{"stack": {"a": {"account": "1"}}}
    stack.a.account must be the ID of an account: 12 digits in quotation marks.
{"stack": {"a": {"tags": {"team": 1.5}}}}
    stack.a.tags.team must be a text in quotation marks, not a number.
{"stack": {"a": {"on_failure": "DELET"}}}
    stack.a.on_failure must be one of ROLLBACK, DELETE, DO_NOTHING; it is DELET.
{"stack": {"a": {"on_failure": true}}}
    stack.a.on_failure must be one of ROLLBACK, DELETE, DO_NOTHING; it is a boolean (true or false).
{"stack": {"a": {"regions": []}}}
    stack.a.regions must not be empty.
{"stack": {"a": {"topics": ["a", "a"]}}}
    stack.a.topics contains an item twice.
{"stack": {"a": {"topics": ["a", "b", "c", "d", "e", "f"]}}}
    stack.a.topics must have at most 5 items.
{"stack": {"a": {"monitoring_minutes": 181}}}
    stack.a.monitoring_minutes must be at most 180.
"""


@pytest.mark.parametrize(("content", "line"), list(zip(*[iter(SENTENCES.strip().splitlines())] * 2, strict=True)))
def test_sentences(content: str, line: str) -> None:
    """Every sentence names the error. Values are shown only if the schema lists the allowed ones."""
    found = [f"{'.'.join(map(str, path))} {sentence}" for path, sentence in problems(json.loads(content))]
    assert found == [line.strip()]


def test_a_line_break_at_the_end_is_part_of_a_text() -> None:
    """A pattern describes the whole text, as in editors. In Python, $ also matches before a line break at the end."""
    content = {"stack": {"a": {"account": "111122223333\n"}}}
    assert [path for path, _ in problems(content)] == [("stack", "a", "account")]
