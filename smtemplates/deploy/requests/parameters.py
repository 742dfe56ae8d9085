"""Read parameter files and --set options; every value stays the text that was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from smtemplates.aws.errors import sentence
from smtemplates.errors import UsageError

# A template has at most 200 parameters of 4,096 bytes each. Names and escapes need more.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_FILE_BYTES = 2 * 1024 * 1024

# A parameter file is at most a map of maps. Without a limit, deep nesting overflows the stack of libyaml.
MAX_LEVELS = 10
TOO_DEEP = "The values are nested too deeply for a parameter file."

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

# The value of an option that removes all values of a setting.
NONE = "none"

CLI_KEYS = {"ParameterKey", "ParameterValue", "UsePreviousValue"}
PIPELINE_KEYS = {"Parameters", "Tags"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The values of parameters and tags; the parameters in `previous` keep the value that the stack has.

    If `all_tags` is True, `tags` are the complete set: all other tags of the stack are removed. The tags with the keys
    in `removed_tags` are removed in any case.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    previous: frozenset[str] = frozenset()
    all_tags: bool = False
    removed_tags: frozenset[str] = frozenset()


def merge(settings: Iterable[Settings]) -> Settings:
    """Return joined settings; a later value of a name replaces an earlier one.

    If one of the files contains Tags, the tags of all files and of --tag together are the complete set.
    """
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    previous: set[str] = set()
    removed_tags: set[str] = set()
    all_tags = False
    for each in settings:
        for name in each.previous:
            parameters.pop(name, None)
        previous = (previous | each.previous) - each.parameters.keys()
        parameters.update(each.parameters)
        for key in each.removed_tags:
            tags.pop(key, None)
        tags.update(each.tags)
        removed_tags |= each.removed_tags
        all_tags |= each.all_tags
    return Settings(
        parameters=parameters,
        tags=tags,
        previous=frozenset(previous),
        all_tags=all_tags,
        removed_tags=frozenset(removed_tags),
    )


def from_options(given: Sequence[str], option: str = "--set", form: str = "NAME=VALUE") -> dict[str, str]:
    """Return the values of a repeated option by name.

    Everything after the first = is the value. The last value of a name counts. `form` is the form in the help.

    Raises:
        UsageError: A text has no = or no name.
    """
    return dict(_pair(text, f"{option} requires {form}") for text in given)


def complete_set(given: Sequence[str] | None, option: str) -> tuple[str, ...] | None:
    """Return the values of a repeated option that replaces a set: empty for the value none, None without the option.

    Raises:
        UsageError: A value is empty, as it is when a variable in a script is not set, or none is one of several values.
    """
    if given is None:
        return None
    values = tuple(dict.fromkeys(text.strip() for text in given))
    if "" in values:
        raise UsageError(f"The value of {option} is empty. To remove all values from the stack, use {option} none.")
    if NONE in values and len(values) > 1:
        raise UsageError(f"{option} none removes all values from the stack. Use it alone, or omit it.")
    return () if values == (NONE,) else values


def removed(keys: Sequence[str], tags: Sequence[str]) -> frozenset[str]:
    """Return the keys of the tags to remove; `tags` are the values of --tag.

    Raises:
        UsageError: A tag is both set and removed.
    """
    if both := sorted(set(keys) & {text.partition("=")[0].strip() for text in tags}):
        raise UsageError(f"Tag {both[0]} is both set and removed. Use only one of --tag and --remove-tag for it.")
    return frozenset(keys)


def _pair(text: str, expected: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(f"{expected}, not '{text}'.")
    return name.strip(), value


def from_file(path: Path) -> Settings:
    """Read a parameter file: JSON if its name ends with .json, otherwise YAML.

    The content is a map of names to values, the list of the AWS CLI, or the template configuration of CodePipeline
    with Parameters and Tags. Tags are the complete set of the tags of the stack.

    Raises:
        UsageError: The file cannot be read or is not a valid parameter file.
    """
    try:
        with path.open("rb") as file:  # a pipe has no size
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise UsageError(f"The parameter file {path} is too long. The maximum is {MAX_FILE_BYTES:,} bytes.")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"Cannot read the parameter file {path}: {sentence(error.strerror)}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"Cannot read the parameter file {path}: It is not UTF-8 text.") from error
    return from_text(text, str(path), is_json=path.suffix.lower() == ".json")


def from_text(text: str, name: str, *, is_json: bool) -> Settings:
    """Read the text of a parameter file; messages call the file `name`.

    Raises:
        UsageError: The text is not a valid parameter file.
    """
    try:
        content = _parse_json(text, name) if is_json else _parse_yaml(text, name)
    except RecursionError as error:
        raise UsageError(f"{name}: {TOO_DEEP}") from error
    if isinstance(content, list):
        return _from_cli_list(content, name)
    if not isinstance(content, dict):
        raise UsageError(f"{name}: A parameter file must be a map of names to values.")
    if any(isinstance(value, dict) for value in content.values()):
        return _from_pipeline(content, name)
    return Settings(parameters=_values(content, name))


def _from_cli_list(items: list[Any], name: str) -> Settings:
    """Read the list of the AWS CLI, which contains objects with ParameterKey or texts of the form Name=value."""
    if all(isinstance(item, str) for item in items):
        pairs = [_pair(item, f"{name}: Item {number} must be Name=value") for number, item in enumerate(items, 1)]
        items = [{"ParameterKey": key, "ParameterValue": value} for key, value in pairs]
    values: dict[str, Any] = {}
    previous: set[str] = set()
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict) or not isinstance(item.get("ParameterKey"), str) or not item["ParameterKey"]:
            raise UsageError(
                f"{name}: Item {number} has no ParameterKey. To write a map instead of a list, write 'Name: value' "
                "without a dash."
            )
        key = item["ParameterKey"]
        if unknown := sorted(item.keys() - CLI_KEYS):
            raise UsageError(
                f"{name}: {key} has the unknown key {unknown[0]}. The valid keys are {', '.join(sorted(CLI_KEYS))}."
            )
        if key in values or key in previous:
            raise UsageError(f"{name}: {key} is specified twice.")
        if item.get("UsePreviousValue") == "true":
            previous.add(key)
        elif "ParameterValue" in item:
            values[key] = item["ParameterValue"]
        else:
            raise UsageError(f"{name}: {key} has neither a ParameterValue nor UsePreviousValue set to true.")
    return Settings(parameters=_values(values, name), previous=frozenset(previous))


def _from_pipeline(content: dict[str, Any], name: str) -> Settings:
    """Read a template configuration file of CodePipeline, except its StackPolicy."""
    if "StackPolicy" in content:
        raise UsageError(f"{name}: StackPolicy is not supported here. Use a separate file and --stack-policy.")
    if unknown := sorted(content.keys() - PIPELINE_KEYS):
        raise UsageError(
            f"{name}: The key {unknown[0]} is not valid. Write names and plain values, or the maps Parameters and Tags."
        )
    for key, value in content.items():
        if not isinstance(value, dict):
            raise UsageError(f"{name}: {key} is not a map of names to values.")
    return Settings(
        parameters=_values(content.get("Parameters", {}), name),
        tags=_values(content.get("Tags", {}), name),
        all_tags="Tags" in content,
    )


def _values(content: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the values as texts, with lists in the comma-separated form of CloudFormation."""
    values: dict[str, str] = {}
    for key, value in content.items():
        if not key.strip():
            raise UsageError(f"{name}: A value has no name.")
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) for item in items):
            raise UsageError(f"{name}: The value of {key} is neither a text nor a list of texts.")
        if isinstance(value, list) and any("," in item for item in items):
            raise UsageError(f"{name}: An item of {key} contains a comma, which separates items in CloudFormation.")
        values[key] = ",".join(items)
    return values


def _parse_json(text: str, name: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        if repeated := next((key for key in keys if keys.count(key) > 1), None):
            raise UsageError(f"{name}: {repeated} is specified twice.")
        return dict(items)

    def no_number(word: str) -> str:
        raise UsageError(f"{name}: {word} is not valid in JSON.")

    try:
        parsed = json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise UsageError(f"{name}, line {error.lineno}: {sentence(error.msg)}") from error
    return _as_text(parsed, name)


def _as_text(value: Any, name: str) -> Any:
    """Return a value with booleans as CloudFormation writes them.

    Raises:
        UsageError: The value contains null.
    """
    if isinstance(value, dict):
        return {key: _as_text(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item, name) for item in value]
    if value is None:
        raise UsageError(f'{name}: null is not a parameter value. Write "" for an empty value.')
    return str(value).lower() if isinstance(value, bool) else value


def _parse_yaml(text: str, name: str) -> Any:
    try:
        # aliases are rejected before they are expanded: a chain of aliases can exhaust the memory
        level = 0
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if level > MAX_LEVELS:
                raise UsageError(f"{name}, line {line}: {TOO_DEEP}")
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise UsageError(f"{name}, line {line}: Anchors and aliases are not supported. Write the value itself.")
            if getattr(event, "tag", None):
                raise UsageError(
                    f"{name}, line {line}: Tags such as !!int are not supported because every value is text."
                )
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "the text is not valid YAML"
        raise UsageError(f"{name}{where}: {sentence(problem.removeprefix('but '))}") from error
    return {} if node is None else _plain(node, name)


def _plain(node: yaml.Node, name: str) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        if not node.style and node.value in ("null", "Null", "NULL", "~"):
            raise UsageError(
                f"{name}, line {line}: {node.value} is not a parameter value. Write '' for an empty value."
            )
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, name) for item in node.value]
    content: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _plain(key_node, name)
        if not isinstance(key, str):
            raise UsageError(f"{name}, line {line}: A name must be text.")
        if key in content:
            raise UsageError(f"{name}, line {key_node.start_mark.line + 1}: {key} is specified twice.")
        content[key] = _plain(value_node, name)
    return content
