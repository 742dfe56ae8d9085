"""The workspace: the list of its areas, joined into one template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches

from troposphere import Template

from smtemplates.encryption import encryption
from smtemplates.endpoint import endpoint
from smtemplates.errors import TemplateError, UsageError
from smtemplates.guide import guide
from smtemplates.images import images
from smtemplates.initializer import initializer
from smtemplates.jobs import processing, training
from smtemplates.logs import logs
from smtemplates.mlflow import mlflow
from smtemplates.monitoring import ALARMS, monitoring
from smtemplates.network import network
from smtemplates.notebook import notebook
from smtemplates.notifications import notifications
from smtemplates.parts import Part
from smtemplates.registry import registry
from smtemplates.roles import roles
from smtemplates.sdk_config import sdk_config
from smtemplates.shared import project
from smtemplates.software import software
from smtemplates.storage import storage
from smtemplates.studio import studio

DESCRIPTION = (
    "Amazon SageMaker workspace: buckets, execution role, logs, dashboard and alarms; "
    "on demand a notebook instance, a Studio domain, a model registry, an MLflow app and an endpoint"
)
FEATURES = ("endpoint", "guide", "mlflow", "monitoring", "notebook", "registry", "studio")


def areas(without: Collection[str] = ()) -> list[Part]:
    """List the workspace's areas in the order of the console's groups, but for the features named in `without`.

    Raises:
        UsageError: a name in `without` is none of FEATURES.
    """
    for name in sorted(set(without) - set(FEATURES)):
        near = get_close_matches(name, FEATURES, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(FEATURES)}."
        raise UsageError(f"There is no feature {name!r} to leave out; {meant}")
    its = project()
    key = encryption(its)
    buckets = storage(its, key)
    vpc = network(its)
    alarms = () if "monitoring" in without else ALARMS
    access = roles(its, buckets, key, vpc, alarms)
    train, process = training(), processing()
    sdk = sdk_config(buckets, key, vpc, access)
    pictures = images(train)
    served = None if "endpoint" in without else endpoint(its, vpc, access, alarms)
    groups, tools = logs(served), software()
    optional: dict[str, Callable[[], Part]] = {
        "notebook": lambda: notebook(its, key, vpc, access, sdk, tools),
        "studio": lambda: studio(its, key, vpc, access, sdk, tools),
        "registry": lambda: registry(its),
        "mlflow": lambda: mlflow(its, buckets, access),
        "monitoring": lambda: monitoring(its, key, groups),
    }
    return [
        its,
        buckets,
        key,
        access,
        vpc,
        *(area() for name, area in optional.items() if name not in without),
        *([] if "monitoring" in without else [notifications(its, access, registry="registry" not in without)]),
        *([served] if served else []),
        *([] if {"notebook", "studio"} <= set(without) else [tools]),
        groups,
        initializer(its, buckets, key, access, groups),
        train,
        process,
        sdk,
        *([] if "guide" in without else [pictures, guide(buckets, key, vpc, access, pictures, groups)]),
    ]


def build(without: Collection[str] = ()) -> Template:
    """Build the workspace template, but for the features named in `without`; the caller may add to it.

    Raises:
        UsageError: a name in `without` is none of FEATURES.
    """
    return join(DESCRIPTION, areas(without))


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
