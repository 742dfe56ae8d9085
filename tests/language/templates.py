"""Read the texts of rendered templates and of data files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from language.source import hash_comments
from language.text import Text, has_words

SCRIPT_LINE = re.compile(r"\A#|^(?:import|from|def|set|umask) .*\n", re.MULTILINE)
LABELS = ("ParameterLabels", "ParameterGroups")


class _Loader(yaml.CSafeLoader):
    """Load YAML with CloudFormation's short forms as plain values."""


def _plain(loader: _Loader, _suffix: str, node: yaml.Node) -> Any:
    """Return the value of a short form without its function."""
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _plain)


def template_texts(place: str, source: str) -> Iterator[Text]:
    """Yield the prose of a template or data file, each with its path, and the comments of YAML."""
    try:
        document = yaml.load(source, _Loader)  # noqa: S506 it is a safe loader
    except yaml.YAMLError:  # a file with placeholders that only rendering makes YAML of
        document = None
    yield from _walk(place, "", document)
    if not place.endswith(".json"):
        scripts = list(_scripts(document))
        for comment in hash_comments(place, source):
            if not any(comment.text.partition("\n")[0] in script for script in scripts):
                yield comment


def _scripts(value: Any) -> Iterator[str]:
    """Yield the strings of several lines, whose comments are not comments of the file."""
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scripts(each)
    elif isinstance(value, str) and "\n" in value:
        yield value


def _walk(place: str, path: str, value: Any) -> Iterator[Text]:
    """Yield every string that is prose."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(place, f"{path}.{key}".lstrip("."), each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _walk(place, f"{path}[{index}]", each)
    elif isinstance(value, str):
        if SCRIPT_LINE.search(value):  # a copy of a shipped script, whose strings are read from its file
            yield from (Text(f"{place} {path}", "comment", each.text) for each in hash_comments(place, value))
            return
        label = any(each in path for each in LABELS)
        text = re.sub(r"\$\{[^}]*\}", "X", value)
        for paragraph in text.split("\n\n"):
            if label or has_words(paragraph):
                yield Text(f"{place} {path}", "label" if label else _kind(path), paragraph)


def _kind(path: str) -> str:
    """Return the kind of a template's text."""
    return "description" if re.fullmatch(r"Parameters\.\w+\.Description", path) else "prose"
