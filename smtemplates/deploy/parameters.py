"""Parameter files and --set options, read so that every value stays the text that was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from smtemplates.errors import UsageError

# 200 parameters of 4,096 bytes each are the most a template can take, escapes and names aside.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_FILE_BYTES = 2 * 1024 * 1024

# A parameter file is a map of maps at most; libyaml overflows the stack on what is nested without bounds.
MAX_LEVELS = 10
TOO_DEEP = "values are nested too deeply for a parameter file"

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

CLI_KEYS = {"ParameterKey", "ParameterValue", "UsePreviousValue"}
PIPELINE_KEYS = {"Parameters", "Tags"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Values for parameters and tags; a parameter in `previous` keeps the value that the stack has."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    previous: frozenset[str] = frozenset()


def merge(settings: Iterable[Settings]) -> Settings:
    """Join settings; of two values for one name, the later counts."""
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    previous: set[str] = set()
    for each in settings:
        for name in each.previous:
            parameters.pop(name, None)
        previous = (previous | each.previous) - each.parameters.keys()
        parameters.update(each.parameters)
        tags.update(each.tags)
    return Settings(parameters=parameters, tags=tags, previous=frozenset(previous))


def from_options(given: Sequence[str], option: str = "--set", form: str = "NAME=VALUE") -> dict[str, str]:
    """Read what an option was given; everything after the first = is the value, and the last of several counts.

    Raises:
        UsageError: one has no = or no name.
    """
    return dict(_pair(text, f"{option} takes {form}") for text in given)


def _pair(text: str, wanted: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(f"{wanted}, not '{text}'")
    return name.strip(), value


def from_file(path: Path) -> Settings:
    """Read a parameter file.

    YAML or JSON, as the name ends: a map of names to values, the list that the AWS CLI takes, or the
    Parameters and Tags of CodePipeline.

    Raises:
        UsageError: the file cannot be read, or does not say what it must.
    """
    try:
        with path.open("rb") as file:  # a pipe does not tell its size
            read = file.read(MAX_FILE_BYTES + 1)
        if len(read) > MAX_FILE_BYTES:
            raise UsageError(f"{path} is too long: a parameter file has at most {MAX_FILE_BYTES:,} bytes")
        text = read.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read {path}: it is not UTF-8 text") from error
    return from_text(text, str(path), is_json=path.suffix.lower() == ".json")


def from_text(text: str, name: str, *, is_json: bool) -> Settings:
    """Read the text of a parameter file; `name` is what messages call it.

    Raises:
        UsageError: the text is not what a parameter file must be.
    """
    try:
        content = _parse_json(text, name) if is_json else _parse_yaml(text, name)
    except RecursionError as error:
        raise UsageError(f"{name}: {TOO_DEEP}") from error
    if isinstance(content, list):
        return _from_cli_list(content, name)
    if not isinstance(content, dict):
        raise UsageError(f"{name}: expected a map of parameter names to values")
    if any(isinstance(value, dict) for value in content.values()):
        return _from_pipeline(content, name)
    return Settings(parameters=_values(content, name))


def _from_cli_list(items: list[Any], name: str) -> Settings:
    """Read the AWS CLI's list: of objects with ParameterKey, or of Name=value texts."""
    if all(isinstance(item, str) for item in items):
        pairs = [_pair(item, f"{name}: item {number} must be Name=value") for number, item in enumerate(items, 1)]
        items = [{"ParameterKey": key, "ParameterValue": value} for key, value in pairs]
    values: dict[str, Any] = {}
    previous: set[str] = set()
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not isinstance(item.get("ParameterKey"), str) or not item["ParameterKey"]:
            raise UsageError(f"{name}: item {number} has no ParameterKey; without dashes, write 'Name: value'")
        key = item["ParameterKey"]
        if unknown := sorted(item.keys() - CLI_KEYS):
            raise UsageError(f"{name}: {key} has the unknown key {unknown[0]}; known are {', '.join(sorted(CLI_KEYS))}")
        if key in values or key in previous:
            raise UsageError(f"{name}: {key} is there twice")
        if item.get("UsePreviousValue") == "true":
            previous.add(key)
        elif "ParameterValue" in item:
            values[key] = item["ParameterValue"]
        else:
            raise UsageError(f"{name}: {key} has neither a ParameterValue nor UsePreviousValue: true")
    return Settings(parameters=_values(values, name), previous=frozenset(previous))


def _from_pipeline(content: dict[str, Any], name: str) -> Settings:
    """Read CodePipeline's template configuration, but for its StackPolicy."""
    if "StackPolicy" in content:
        raise UsageError(f"{name}: give the stack policy in a file of its own, with --stack-policy")
    if unknown := sorted(content.keys() - PIPELINE_KEYS):
        raise UsageError(
            f"{name}: unknown key {unknown[0]}; write names and plain values, or the two maps Parameters and Tags"
        )
    for key, value in content.items():
        if not isinstance(value, dict):
            raise UsageError(f"{name}: {key} is not a map of names to values")
    return Settings(
        parameters=_values(content.get("Parameters", {}), name), tags=_values(content.get("Tags", {}), name)
    )


def _values(content: Mapping[str, Any], name: str) -> dict[str, str]:
    """Turn lists of texts into the comma-separated form that CloudFormation takes."""
    values: dict[str, str] = {}
    for key, value in content.items():
        if not key.strip():
            raise UsageError(f"{name}: a value has no name")
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise UsageError(f"{name}: the value of {key} is neither a text nor a list of texts")
        if isinstance(value, list) and any("," in item for item in items):
            raise UsageError(f"{name}: an item of {key} contains a comma, which separates items in CloudFormation")
        values[key] = ",".join(items)
    return values


def _parse_json(text: str, name: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        if repeated := next((key for key in keys if keys.count(key) > 1), None):
            raise UsageError(f"{name}: {repeated} is there twice")
        return dict(items)

    def no_number(word: str) -> str:
        raise UsageError(f"{name}: {word} is not JSON")

    try:
        parsed = json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}, line {error.lineno}: {error.msg}") from error
    return _as_text(parsed, name)


def _as_text(value: Any, name: str) -> Any:
    """Write JSON's booleans as CloudFormation does, and refuse null."""
    if isinstance(value, dict):
        return {key: _as_text(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item, name) for item in value]
    if value is None:
        raise UsageError(f'{name}: null is not a parameter value; write "" for an empty one')
    return str(value).lower() if isinstance(value, bool) else value


def _parse_yaml(text: str, name: str) -> Any:
    try:
        # an alias is refused while it is still an event: expanding a chain of them can exhaust the memory
        level = 0
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if level > MAX_LEVELS:
                raise UsageError(f"{name}, line {line}: {TOO_DEEP}")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise UsageError(f"{name}, line {line}: anchors and aliases are not supported; write the value out")
            if getattr(event, "tag", None):
                raise UsageError(f"{name}, line {line}: tags such as !!int are not supported; every value is text")
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "this is not YAML"
        raise UsageError(f"{name}{where}: {said.removeprefix('but ')}") from error
    return {} if node is None else _plain(node, name)


def _plain(node: yaml.Node, name: str) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        if not node.style and node.value in ("null", "Null", "NULL", "~"):
            raise UsageError(f"{name}, line {line}: {node.value} is not a parameter value; write '' for an empty one")
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, name) for item in node.value]
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _plain(key_node, name)
        if not isinstance(key, str):
            raise UsageError(f"{name}, line {line}: a name must be text")
        if key in content:
            raise UsageError(f"{name}, line {key_node.start_mark.line + 1}: {key} is there twice")
        content[key] = _plain(value_node, name)
    return content
