"""Compare a specialized template with the full one, for values of the parameters that remain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.evaluate.references import references
from smtemplates.evaluate.sections import entries
from smtemplates.specializing.specialization import Specialized

# A Region of each partition that cfn-lint supports.
REGIONS = ("us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1")


def result(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> Any:
    """Return the resources, outputs and broken rules of a stack, or the error of the evaluation."""
    stack = Stack(template, values, pseudo={"AWS::Region": region})
    broken = stack.rules()
    if broken:
        return sorted(set(broken))
    try:
        found = stack.template()
    except Error as error:
        return str(error)
    return without_missing_dependencies(found["Resources"]), found.get("Outputs", {})


def without_missing_dependencies(resources: Mapping[str, Any]) -> dict[str, Any]:
    """Return resources with dependencies on existing resources only: CloudFormation ignores the others."""
    found = {}
    for name, body in resources.items():
        after = body.get("DependsOn", [])
        after = [other for other in ([after] if isinstance(after, str) else after) if other in resources]
        found[name] = {**body, "DependsOn": after}
    return found


def check_equal(
    full: Mapping[str, Any], special: Specialized, values: Iterable[Mapping[str, str]], regions: Iterable[str] = REGIONS
) -> None:
    """Check that both templates are equal for values of the remaining parameters.

    Sets that differ only in values of fixed parameters are compared once.
    """
    remaining = special.template.get("Parameters", {})
    fixed = {**special.fixed, **special.forced}
    removed = without_effect(full, special)
    pairs: list[tuple[dict[str, str], dict[str, str]]] = []
    for each in values:
        left = {name: value for name, value in each.items() if name in remaining}
        rest = {name: value for name, value in each.items() if name not in fixed}
        pairs.append((left, {**removed, **rest, **fixed}))
    different = {str(pair): pair for pair in pairs}.values()
    for region in regions:
        for left, whole in different:
            assert result(special.template, left, region) == result(full, whole, region), (special.fixed, whole, region)


def without_effect(full: Mapping[str, Any], special: Specialized) -> dict[str, str]:
    """Return a value for each parameter without default that was removed because it has no effect."""
    remaining = special.template.get("Parameters", {})
    declared = entries(full, "Parameters")
    return {name: "any" for name, about in declared.items() if "Default" not in about and name not in remaining}


def used_names(template: Mapping[str, Any]) -> set[str]:
    """Return the names to which a template refers."""
    sections = (content for name, content in template.items() if name not in ("Metadata", "Parameters", "Mappings"))
    return {reference.target for content in sections for reference in references(content)}


def dangling(template: Mapping[str, Any]) -> set[str]:
    """Return the names that a template uses and does not declare."""
    parameters, resources = entries(template, "Parameters"), entries(template, "Resources")
    used = used_names(template)
    return {name for name in used if name not in parameters and name not in resources and "::" not in name}


def check_names(template: Mapping[str, Any], full: Mapping[str, Any]) -> None:
    """Check that every reference that had a target still has one, and that every remaining parameter is used."""
    assert dangling(template) <= dangling(full)
    assert template.get("Parameters", {}).keys() <= used_names(template)
