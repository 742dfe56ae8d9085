"""What others still need of a stack that is to go: launches of its product, and roles that its policies bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smtemplates.deploy.cloud import Cloud
from smtemplates.deploy.failures import CloudError

PRODUCT = "AWS::ServiceCatalog::CloudFormationProduct"
SHARE = "AWS::ServiceCatalog::PortfolioShare"
POLICY = "AWS::IAM::ManagedPolicy"


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
        names = _bounded(cloud, arn)
        if names:
            told.append(
                f"policy {arn.rpartition('/')[2]} is the boundary of {names[0]}"
                f"{' and others' if len(names) > 1 else ''}, and IAM deletes no policy that is one; have what was "
                "launched with it terminated first"
            )
    return told


def _bounded(cloud: Cloud, arn: str) -> list[str]:
    """Name roles and users that a policy bounds; the first page has at least one if there is any."""
    try:
        answer = cloud.call("iam", "list_entities_for_policy", PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    except CloudError as error:
        if error.code == "NoSuchEntity":
            return []
        raise
    return [item["RoleName"] for item in answer["PolicyRoles"]] + [item["UserName"] for item in answer["PolicyUsers"]]
