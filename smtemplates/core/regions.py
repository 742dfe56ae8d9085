"""Rules that reject a part of a template in Regions that lack its resource types."""

from __future__ import annotations

from typing import Any

from troposphere import AWS_REGION, AWSObject, Not, Parameter, Ref

from smtemplates.aws_data.availability import lacking_regions
from smtemplates.core.construct import equals, rule


def region_rule(parameter: Parameter, what: str, *types: type[AWSObject]) -> dict[str, dict[str, Any]]:
    """Build the Rule, by its name, that rejects `what` in the Regions that lack one of its types.

    The Rule applies if the parameter does not have its default, without which the part is not created. If no Region
    lacks a type, there is no Rule. Regions about which nothing is known are not rejected.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    lacking = lacking_regions(str(type_.resource_type) for type_ in types)
    if not lacking:
        return {}
    name, default = str(parameter.title), str(parameter.Default)
    change = f"Set {name} to {default}" if default else f"Leave {name} empty"
    return {
        f"{name}InThisRegion": rule(
            f"{what} are not available in this Region. {change}, or use another Region.",
            Not({"Fn::Contains": [lacking, Ref(AWS_REGION)]}),
            given=Not(equals(parameter, default)),
        )
    }
