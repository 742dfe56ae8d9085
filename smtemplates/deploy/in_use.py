"""What others still need of a stack that is to go: launches of its product, and roles that its policies bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud

PRODUCT = "AWS::ServiceCatalog::CloudFormationProduct"
SHARE = "AWS::ServiceCatalog::PortfolioShare"
POLICY = "AWS::IAM::ManagedPolicy"
ROLE = "AWS::IAM::Role"
BOUNDARY = "PermissionsBoundaryArn"

# Service Catalog's stacks have names like SC-111122223333-pp-abcdefghijklm, and CloudFormation names roles after them.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
LAUNCHED = "SC-"


def provisioned(cloud: Cloud, product: str) -> Iterator[dict[str, Any]]:
    """Yield the provisioned products of a product in this account and Region.

    What other accounts launched from a portfolio that is shared with them is not among them.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
    """
    token: dict[str, str] = {}
    while True:
        page = cloud.call(
            "servicecatalog",
            "search_provisioned_products",
            AccessLevelFilter={"Key": "Account", "Value": "self"},
            Filters={"SearchQuery": [f"productId:{product}"]},
            # unsorted pages may repeat or leave out
            SortBy="id",
            PageSize=100,
            **token,
        )
        # a search may find more than what it asks for
        yield from (item for item in page.get("ProvisionedProducts", []) if item.get("ProductId") == product)
        if not page.get("NextPageToken"):
            return
        token = {"PageToken": page["NextPageToken"]}


def launches(cloud: Cloud, products: Sequence[str]) -> list[str]:
    """Say which products have been launched: without the launch role nobody can update or terminate what was.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    """
    counts = {product: sum(1 for _ in provisioned(cloud, product)) for product in products}
    return [
        f"product {product} has {count} provisioned product(s) in this account and Region, which nobody could update "
        "or terminate any more; have them terminated first, in every account that launches it"
        for product, count in counts.items()
        if count
    ]


def bounds(cloud: Cloud, policies: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say which policies, given by ARN with how they are declared, bound roles or users: IAM deletes none that does.

    Only what is attached to nobody is asked about, for that is how a boundary is declared.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    told = []
    for arn, declared in policies.items():
        if declared.get("Properties", {}).keys() & {"Groups", "Roles", "Users"}:
            continue
        if names := _some(_bounded(cloud, arn)):
            told.append(
                f"policy {arn.rpartition('/')[2]} is the boundary of {names}, and IAM deletes no policy that is one; "
                "have what was launched with it terminated first"
            )
    return told


def stranded(cloud: Cloud, boundary: str, roles: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say which roles of launches have a boundary of one's own, where the launch role is among the roles that go.

    IAM lets the role go, for such a boundary stays. Others may have it too, above all if AWS manages it.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    """
    if not any("servicecatalog.amazonaws.com" in str(role.get("Properties")) for role in roles):
        return []
    names = _some(name for name in _bounded(cloud, boundary) if name.startswith(LAUNCHED))
    told = (
        f"policy {boundary.rpartition('/')[2]} is the boundary of {names}, which nobody could update or delete without "
        "the launch role; have what was launched with it terminated first"
    )
    return [told] if names else []


def _some(names: Iterator[str]) -> str:
    """Name the first, if there is any, and tell whether there are more."""
    first, *others = [*islice(names, 2)] or [""]
    return f"{first} and others" if others else first


def _bounded(cloud: Cloud, arn: str) -> Iterator[str]:
    """Name roles and users that a policy bounds, page by page."""
    marker: dict[str, str] = {}
    while True:
        try:
            page = cloud.call(
                "iam", "list_entities_for_policy", PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary", **marker
            )
        except CloudError as error:
            if error.code == "NoSuchEntity":
                return
            raise
        yield from (item["RoleName"] for item in page["PolicyRoles"])
        yield from (item["UserName"] for item in page["PolicyUsers"])
        if not page.get("IsTruncated"):
            return
        marker = {"Marker": page["Marker"]}
