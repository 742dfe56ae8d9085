"""Rendering: a template as YAML for people, as JSON, or in the fewest bytes for the wire."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml
from troposphere import Template

# The order of everything in a rendered template; what is not named here follows in the order in which it was built.
SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)
ATTRIBUTES = {
    "Parameters": (
        "Type",
        "Description",
        "Default",
        "AllowedValues",
        "AllowedPattern",
        "MinLength",
        "MaxLength",
        "MinValue",
        "MaxValue",
        "NoEcho",
        "ConstraintDescription",
    ),
    "Rules": ("RuleCondition", "Assertions"),
    "Resources": (
        "Type",
        "Condition",
        "DependsOn",
        "CreationPolicy",
        "UpdatePolicy",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "Properties",
    ),
    "Outputs": ("Description", "Condition", "Value", "Export"),
}
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
WIRE_BYTES = 51_200
LINE, MARGIN = 120, 30

_WORD = re.compile(r"[A-Za-z/_][A-Za-z0-9/_.*+-]*")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}

try:
    from yaml import CSafeDumper as _SafeDumper
except ImportError:  # a PyYAML without libyaml is slower and writes the same
    from yaml import SafeDumper as _SafeDumper  # type: ignore[assignment]


def ordered(template: Template) -> dict[str, Any]:
    """Give a template as plain values in the order of the tables above."""
    built = template.to_dict()
    result = _sorted(built, SECTIONS)
    for section, attributes in ATTRIBUTES.items():
        if section in result:
            result[section] = {name: _sorted(body, attributes) for name, body in result[section].items()}
    return result


def render(template: Template, *, format: str = "yaml") -> str:  # noqa: A002  the word people use
    """Write a template as YAML with short intrinsics and literal blocks, or as indented JSON."""
    body = ordered(template)
    if format == "json":
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return yaml.dump(body, Dumper=_Dumper, sort_keys=False, width=LINE, allow_unicode=True)


def compact(template: Template) -> str:
    """Write a template in few bytes; CloudFormation takes up to WIRE_BYTES of them without a bucket.

    It is YAML in one line with short intrinsics, a tenth smaller than JSON. What is not a plain word is in JSON's
    quotes, so that no YAML parser, old or new, can take it for something else.
    """
    return _flow(ordered(template))


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) and value.lower() not in _NOT_TEXT else json.dumps(value)
    if isinstance(value, list):
        return f"[{','.join(map(_flow, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    if len(value) == 1:
        ((name, argument),) = value.items()
        tag = _short(name, argument)
        text = ".".join(argument) if tag == "!GetAtt" else _flow(argument)
        if tag and not text.startswith("!"):
            return f"{tag} {text}"
    return f"{{{','.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"


def _sorted(body: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    known = {key: body[key] for key in order if key in body}
    return known | {key: value for key, value in body.items() if key not in known}


class _Dumper(_SafeDumper):
    """Write what people write: no anchors, literal blocks for text of several lines, !Sub for Fn::Sub."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    """Write short lists of plain values in one line, as in !If [HasKmsKey, aws:kms, AES256]."""
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=False)
    node.flow_style = sum(map(_width, node.value)) < LINE - MARGIN
    return node


def _width(node: yaml.Node) -> float:
    """Count the characters of a node in one line; what needs several lines has no end."""
    if isinstance(node, yaml.ScalarNode):
        width = len(node.value) + 4
        return math.inf if "\n" in node.value else width
    return sum(map(_width, node.value)) + 4 if isinstance(node, yaml.SequenceNode) else math.inf


def _represent_mapping(dumper: yaml.SafeDumper, mapping: dict[str, Any]) -> yaml.Node:
    """Write a mapping, or an intrinsic in its short form where YAML allows one: a node can have one tag only."""
    if len(mapping) == 1:
        ((name, argument),) = mapping.items()
        tag = _short(name, argument)
        if tag == "!GetAtt":
            return dumper.represent_scalar(tag, ".".join(argument))
        node = dumper.represent_data(argument) if tag else None
        if node and node.tag.startswith("tag:yaml.org"):
            node.tag = tag
            return node
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping.items(), flow_style=False)


def _short(name: str, argument: Any) -> str | None:
    if name == "Ref" or (name == "Condition" and isinstance(argument, str)):
        return f"!{name}"
    return f"!{name[4:]}" if name.startswith("Fn::") else None


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(dict, _represent_mapping)
