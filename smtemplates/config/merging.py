"""Add the parts of one template to another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.errors import TemplateError
from smtemplates.synth.declarations import mapping

INTERFACE = "AWS::CloudFormation::Interface"


def merged(
    template: Mapping[str, Any], added: Mapping[str, Any], sources: Mapping[tuple[str, str], str]
) -> dict[str, Any]:
    """Return a template with the entries of the sections of another one, and with its parameter groups and labels.

    Raises:
        TemplateError: A name is in both templates.
    """
    result = dict(template)
    for section in ("Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs"):
        entries = added.get(section, {})
        existing = mapping(template.get(section))
        if taken := next((name for name in entries if name in existing), None):
            raise TemplateError(
                f"{sources[section, taken]} adds {taken} to {section}, but that name is already in use. Choose another."
            )
        if entries:
            result[section] = {**existing, **entries}
    metadata = mapping(template.get("Metadata"))
    ours, theirs = mapping(added["Metadata"][INTERFACE]), mapping(metadata.get(INTERFACE))
    interface = {
        "ParameterGroups": [*theirs.get("ParameterGroups", ()), *ours["ParameterGroups"]],
        "ParameterLabels": {**theirs.get("ParameterLabels", {}), **ours["ParameterLabels"]},
    }
    return {**result, "Metadata": {**metadata, INTERFACE: {**theirs, **interface}}}
