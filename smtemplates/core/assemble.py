"""Assemble constructs into one CloudFormation template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troposphere import Template

from smtemplates.core.construct import Part
from smtemplates.errors import TemplateError


def join(description: str, parts: Sequence[Part]) -> Template:
    """Join areas into one template, with the console's groups and labels.

    Raises:
        TemplateError: two areas use one name; troposphere alone would let the later condition win silently.
    """
    template = Template(Description=description)
    template.set_version()
    groups: dict[str, list[str]] = {}
    labels: dict[str, dict[str, str]] = {}
    for part in parts:
        _refuse_duplicates(template, part)
        for label, parameter in part.parameters.items():
            template.add_parameter(parameter)
            groups.setdefault(part.title, []).append(str(parameter.title))
            labels[str(parameter.title)] = {"default": label}
        for name, condition in part.conditions.items():
            template.add_condition(name, condition)
        for name, rule in part.rules.items():
            template.add_rule(name, rule)
        for name, mapping in part.mappings.items():
            template.add_mapping(name, dict(mapping))
        for resource in part.resources:
            template.add_resource(resource)
        for output in part.outputs:
            template.add_output(output)
    template.set_metadata(
        {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": title}, "Parameters": names} for title, names in groups.items()
                ],
                "ParameterLabels": labels,
            }
        }
    )
    return template


def names(part: Part) -> dict[str, list[str]]:
    """List what an area adds, by section of the template."""
    return {
        "Parameters": [str(parameter.title) for parameter in part.parameters.values()],
        "Conditions": list(part.conditions),
        "Rules": list(part.rules),
        "Mappings": list(part.mappings),
        "Resources": [str(resource.title) for resource in part.resources],
        "Outputs": [str(output.title) for output in part.outputs],
    }


def sources(parts: Sequence[Part]) -> dict[tuple[str, str], str]:
    """Tell for each (section, name) of the template which Python file built it."""
    return {
        (section, name): f"{part.source.replace('.', '/')}.py"
        for part in parts
        for section, added in names(part).items()
        for name in added
    }


def _refuse_duplicates(template: Template, part: Part) -> None:
    taken: dict[str, Mapping[str, object]] = {
        "Parameters": template.parameters,
        "Conditions": template.conditions,
        "Rules": template.rules,
        "Mappings": template.mappings,
        "Resources": template.resources,
        "Outputs": template.outputs,
    }
    for section, added in names(part).items():
        for name in added:
            if name in taken[section] or added.count(name) > 1:
                raise TemplateError(f"{part.source} adds {name} to {section}, where another one is already.")
