"""Rendering: a template as YAML for people, as JSON, or in the fewest bytes for the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from troposphere import Template

from smtemplates.synth import yaml_writer as emit

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
    return emit.block(body)


def compact(template: Template) -> str:
    """Write a template in few bytes; CloudFormation takes up to WIRE_BYTES of them without a bucket.

    It is YAML in one line a section with short intrinsics, a tenth smaller than JSON. What is not a plain word is in
    JSON's quotes, so that no YAML parser, old or new, can take it for something else.
    """
    return emit.compact(ordered(template))


def _sorted(body: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    known = {key: body[key] for key in order if key in body}
    return known | {key: value for key, value in body.items() if key not in known}
