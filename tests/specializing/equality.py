"""Compare a specialized template with the full one, for values of the parameters that remain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.evaluate.references import references
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
        return stack.resources, stack.outputs
    except Error as error:
        return str(error)


def check_equal(
    full: Mapping[str, Any], special: Specialized, values: Iterable[Mapping[str, str]], regions: Iterable[str] = REGIONS
) -> int:
    """Check that both templates are equal for values of the remaining parameters, and return the number of pairs."""
    remaining = special.template.get("Parameters", {})
    fixed = {**special.fixed, **special.forced}
    compared = 0
    for region in regions:
        for each in values:
            left = {name: value for name, value in each.items() if name in remaining}
            rest = {name: value for name, value in each.items() if name not in fixed}
            expected = result(full, {**rest, **fixed}, region)
            assert result(special.template, left, region) == expected, (special.fixed, each, region)
            compared += 1
    return compared


def check_names(template: Mapping[str, Any]) -> None:
    """Check that every reference has a target, and that every parameter, condition and mapping is used."""
    parameters, resources = template.get("Parameters", {}), template.get("Resources", {})
    used = {
        reference.target
        for section in ("Rules", "Conditions", "Resources", "Outputs")
        for reference in references(template.get(section, {}))
    }
    dangling = {name for name in used if name not in parameters and name not in resources and "::" not in name}
    assert not dangling
    assert parameters.keys() <= used
