"""Render a template as YAML for people, as JSON, or as compact YAML for requests to AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from troposphere import Template

from smtemplates.synth import yaml_writer

# The order of a rendered template. Keys that are not listed follow in the order in which they were built.
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


def ordered(template: Template | Mapping[str, Any]) -> dict[str, Any]:
    """Return a template as plain values, in the order of SECTIONS and ATTRIBUTES."""
    built = template if isinstance(template, Mapping) else template.to_dict()
    result = _sorted(built, SECTIONS)
    for section, attributes in ATTRIBUTES.items():
        if section in result:
            result[section] = {name: _sorted(body, attributes) for name, body in result[section].items()}
    return result


def render(template: Template | Mapping[str, Any], *, format: str = "yaml") -> str:  # noqa: A002  the name that users know
    """Return a template as YAML with short intrinsic functions and literal blocks, or as indented JSON."""
    body = ordered(template)
    if format == "json":
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
    return yaml_writer.block(body)


def compact(template: Template | Mapping[str, Any]) -> str:
    """Return a template in few bytes. CloudFormation accepts up to 51,200 bytes without a bucket.

    The format is YAML with short intrinsic functions and one line for each section, a tenth smaller than JSON. Text
    other than plain words is quoted as in JSON, so that every YAML parser reads it as text.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    return yaml_writer.compact(ordered(template))


def _sorted(body: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    known = {key: body[key] for key in order if key in body}
    return known | {key: value for key, value in body.items() if key not in known}
