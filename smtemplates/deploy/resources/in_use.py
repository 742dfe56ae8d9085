"""Stacks, provisioned products and roles that still need resources of a stack that is to be destroyed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import counted
from smtemplates.synth.declarations import mapping

PRODUCT = "AWS::ServiceCatalog::CloudFormationProduct"
SHARE = "AWS::ServiceCatalog::PortfolioShare"
POLICY = "AWS::IAM::ManagedPolicy"
ROLE = "AWS::IAM::Role"
BOUNDARY = "PermissionsBoundaryArn"

# Stacks of Service Catalog have names like SC-111122223333-pp-abcdefghijklm. The names of their roles start with it.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
LAUNCHED_PREFIX = "SC-"


def export_blockers(cloud: Cloud, exports: Iterable[str], own: Collection[str]) -> list[str]:
    """Return texts on the exports that other stacks import: AWS does not delete a stack while its exports are in use.

    `own` are the names of the stacks that are deleted together. They can import from each other.

    Raises:
        CloudError: AWS rejected a call. If ListImports is not allowed, the code is in `DENIED`.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListImports.html
    Source: https://github.com/boto/botocore/issues/2590
    """
    found: dict[str, list[str]] = {}
    for export in exports:
        for name in importers(cloud, export):
            if name not in own:
                found.setdefault(name, []).append(export)
    return [
        f"Stack {name} imports {', '.join(used)}. Remove the import from it, or delete it first."
        for name, used in found.items()
    ]


def importers(cloud: Cloud, export: str) -> list[str]:
    """Return the names of the stacks that import an export."""
    try:
        return list(cloud.pages("cloudformation", "list_imports", "Imports", ExportName=export))
    except CloudError as error:
        # AWS returns an error for an export that no stack imports
        if error.code in DENIED or "not imported" not in str(error):
            raise
        return []


def provisioned_products(cloud: Cloud, product: str) -> Iterator[dict[str, Any]]:
    """Yield the provisioned products of a product in this account and Region.

    Other accounts can launch the product from a shared portfolio. Their provisioned products are not included.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_SearchProvisionedProducts.html
    """
    token: dict[str, str] = {}
    while True:
        page = cloud.call(
            "servicecatalog",
            "search_provisioned_products",
            AccessLevelFilter={"Key": "Account", "Value": "self"},
            Filters={"SearchQuery": [f"productId:{product}"]},
            # without an order, pages can repeat or omit items
            SortBy="id",
            PageSize=100,
            **token,
        )
        # the search can return other products as well
        yield from (item for item in page.get("ProvisionedProducts", []) if item.get("ProductId") == product)
        if not page.get("NextPageToken"):
            return
        token = {"PageToken": page["NextPageToken"]}


def product_blockers(cloud: Cloud, products: Sequence[str]) -> list[str]:
    """Return texts on the products that have provisioned products, which need the launch role.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    """
    counts = {product: sum(1 for _ in provisioned_products(cloud, product)) for product in products}
    return [
        f"Product {product} has {counted(count, 'provisioned product')} in this account and Region. Without "
        "the launch role they can no longer be updated or terminated. Have them terminated first, in every account "
        "that launches the product."
        for product, count in counts.items()
        if count
    ]


def boundary_blockers(cloud: Cloud, policies: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return texts on the policies that are a permissions boundary in use, because IAM cannot delete such a policy.

    `policies` are the declarations in the template by ARN. A policy that is declared with attachments is skipped,
    because a boundary has none.

    Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
    """
    blockers = []
    for arn, declared in policies.items():
        if mapping(declared.get("Properties")).keys() & {"Groups", "Roles", "Users"}:
            continue
        if names := _first_name(_bounded_names(cloud, arn)):
            blockers.append(
                f"Policy {arn.rpartition('/')[2]} is the permissions boundary of {names}. IAM cannot delete a policy "
                "in use. Have the products that were launched with it terminated first."
            )
    return blockers


def launch_role_blockers(cloud: Cloud, boundary: str, roles: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a text if launched roles with an existing policy as boundary still need the launch role.

    `roles` are the declarations of the deleted roles, `boundary` is the ARN of the policy. IAM can delete the launch
    role in this case, because the policy is retained. Other roles can have the same boundary, in particular if the
    policy is managed by AWS, so only roles of Service Catalog count.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html
    """
    if not any("servicecatalog.amazonaws.com" in str(role.get("Properties")) for role in roles):
        return []
    names = _first_name(name for name in _bounded_names(cloud, boundary) if name.startswith(LAUNCHED_PREFIX))
    text = (
        f"Policy {boundary.rpartition('/')[2]} is the permissions boundary of {names}. Without the launch role they "
        "can no longer be updated or deleted. Have the products that were launched with it terminated first."
    )
    return [text] if names else []


def _first_name(names: Iterator[str]) -> str:
    """Return the first name, with "and others" if there are more; empty if there is none."""
    first, *others = [*islice(names, 2)] or [""]
    return f"{first} and others" if others else first


def _bounded_names(cloud: Cloud, arn: str) -> Iterator[str]:
    """Yield the names of the roles and users whose permissions boundary is this policy."""
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
