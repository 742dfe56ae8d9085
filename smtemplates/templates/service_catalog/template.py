"""The template of the AWS Service Catalog portfolio that offers the workspace as a product."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from smtemplates.core.assemble import Definition
from smtemplates.core.places import chosen
from smtemplates.errors import UsageError
from smtemplates.templates.launch_role.template import launch_role
from smtemplates.templates.service_catalog.places import PLACES
from smtemplates.templates.service_catalog.portfolio import portfolio
from smtemplates.templates.service_catalog.product import product
from smtemplates.templates.service_catalog.tag_options import MOST as MOST_TAG_VALUES
from smtemplates.templates.workspace import template as workspace

DESCRIPTION = "AWS Service Catalog portfolio with the SageMaker workspace as a product, and its launch role"


# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_RESOURCES = 500


def definition(without: Collection[str] = (), places: Mapping[str, int] = MappingProxyType({})) -> Definition:
    """Return the catalog for the workspace without these features.

    `places` is the number of entries that a list accepts, by the name of its parameter. Each entry is a resource with
    a condition, and each tag value is two. Fn::ForEach would be shorter, but it derives the logical IDs from the
    values, so that it would replace the resources of release 0.1.0, and it needs the transform
    AWS::LanguageExtensions.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace, a name in `places` is not a list of the
            catalog, or there are too many places.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
    """
    numbers = chosen(PLACES, places)
    if numbers["TagOptionValues"] > MOST_TAG_VALUES:
        raise UsageError(
            f"TagOptionValues accepts at most {MOST_TAG_VALUES} places, because a Service Catalog portfolio and a "
            f"product accept {MOST_TAG_VALUES // 2} TagOptions each, and AWS does not increase this quota."
        )
    catalog_portfolio = portfolio(numbers)
    role = launch_role(workspace.constructs(without), on_demand=True)
    constructs = [product(catalog_portfolio, role, numbers["TagOptionValues"]), catalog_portfolio, role]
    if (count := sum(len(construct.resources) for construct in constructs)) > MAX_RESOURCES:
        raise UsageError(
            f"With these places the template has {count} resources, and CloudFormation accepts {MAX_RESOURCES}. "
            "Choose fewer places."
        )
    return Definition(DESCRIPTION, constructs)
