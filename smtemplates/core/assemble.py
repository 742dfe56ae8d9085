"""Assemble constructs into one CloudFormation template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troposphere import Template

import smtemplates
from smtemplates.core.construct import Construct
from smtemplates.errors import TemplateError

SWITCHES = "What to create"
"""The parameter group of the switches of all constructs."""


@dataclass(frozen=True)
class Definition:
    """Define a template: its description and its constructs."""

    description: str
    constructs: Sequence[Construct]

    def template(self) -> Template:
        """Assemble the template."""
        return assemble(self.description, self.constructs)


def assemble(description: str, constructs: Sequence[Construct]) -> Template:
    """Build one template from constructs, with the parameter groups and labels of the CloudFormation console.

    Its Metadata contains the release of this package. CloudFormation does not update a stack if only Metadata changes.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html

    Raises:
        TemplateError: two constructs use the same name. troposphere would silently keep only the later condition.
    """
    template = Template(Description=description)
    template.set_version()
    groups: dict[str, list[str]] = {}
    labels: dict[str, dict[str, str]] = {}
    for construct in constructs:
        _check_names(template, construct)
        for title, parameters in ((SWITCHES, construct.switches), (construct.title, construct.parameters)):
            for label, parameter in parameters.items():
                template.add_parameter(parameter)
                groups.setdefault(title, []).append(str(parameter.title))
                labels[str(parameter.title)] = {"default": label}
        if construct.precedes_switches:
            groups.setdefault(SWITCHES, [])
        for condition in construct.conditions:
            template.add_condition(condition.name, condition.test)
        for name, rule in construct.rules.items():
            template.add_rule(name, rule)
        for name, mapping in construct.mappings.items():
            template.add_mapping(name, dict(mapping))
        for resource in construct.resources:
            template.add_resource(resource)
        for output in construct.outputs:
            template.add_output(output)
    template.set_metadata(
        {
            "AWS::CloudFormation::Interface": {
                "ParameterGroups": [
                    {"Label": {"default": title}, "Parameters": names} for title, names in groups.items() if names
                ],
                "ParameterLabels": labels,
            },
            "smtemplates": {"Release": smtemplates.__version__},
        }
    )
    return template


def names_by_section(construct: Construct) -> dict[str, list[str]]:
    """Return the names that a construct adds to each section of the template."""
    return {
        "Parameters": [str(parameter.title) for parameter in construct.all_parameters.values()],
        "Conditions": [condition.name for condition in construct.conditions],
        "Rules": list(construct.rules),
        "Mappings": list(construct.mappings),
        "Resources": [str(resource.title) for resource in construct.resources],
        "Outputs": [str(output.title) for output in construct.outputs],
    }


def source_files(constructs: Sequence[Construct]) -> dict[tuple[str, str], str]:
    """Return the Python file that builds each (section, name) of the template."""
    return {
        (section, name): f"{construct.source.replace('.', '/')}.py"
        for construct in constructs
        for section, added in names_by_section(construct).items()
        for name in added
    }


def _check_names(template: Template, construct: Construct) -> None:
    taken: dict[str, Mapping[str, object]] = {
        "Parameters": template.parameters,
        "Conditions": template.conditions,
        "Rules": template.rules,
        "Mappings": template.mappings,
        "Resources": template.resources,
        "Outputs": template.outputs,
    }
    for section, added in names_by_section(construct).items():
        for name in added:
            if name in taken[section] or added.count(name) > 1:
                raise TemplateError(
                    f"{construct.source} adds {name} to {section}, but that name is already in use. Choose another."
                )
