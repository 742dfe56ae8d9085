"""Read and change a Service Catalog product: its versions, and how many provisioned products use each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.resources import in_use
from smtemplates.errors import UsageError
from smtemplates.publish import content
from smtemplates.publish.content import Content
from smtemplates.publish.names import Name

SERVICE = "servicecatalog"
PRODUCT_OUTPUT = "ProductId"

# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisioningArtifact.html
PRODUCT_ID = re.compile(r"[a-zA-Z0-9_-]{1,100}")

# This is the default quota. It can be raised, so only AWS knows whether another version is allowed.
# Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html
VERSIONS_QUOTA = 100


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a product. The API calls it a provisioning artifact."""

    id: str
    name: str
    description: str = ""
    created: str = ""
    active: bool = True
    deprecated: bool = False

    @property
    def available(self) -> bool:
        """Whether users can launch the version."""
        return self.active and not self.deprecated

    @property
    def content(self) -> Content:
        """The hashes of the template, as far as the description contains them."""
        return content.from_description(self.description)

    @property
    def rank(self) -> tuple[Any, ...]:
        """The sort key from old to new: first the names that cannot be compared, by creation time, then the others."""
        name = Name(self.name)
        return (name.valid, name.precedence, self.created)


def product_of(cloud: Cloud, product: str | None, stack: str | None) -> str:
    """Return the ID of a product, from the argument or from an output of the stack that created the product.

    Raises:
        UsageError: the ID is not valid, or the stack has no product.
    """
    if product is not None:
        if not PRODUCT_ID.fullmatch(product):
            raise UsageError(f"'{product}' is not the ID of a product; an ID looks like prod-abcdefghijklm")
        return product
    found = stacks.get(cloud, str(stack))
    if PRODUCT_OUTPUT not in found.outputs:
        raise UsageError(
            f"stack {stack} has no output {PRODUCT_OUTPUT}, so it contains no product; specify one with --product"
        )
    return found.outputs[PRODUCT_OUTPUT].value


def versions(cloud: Cloud, product: str) -> tuple[Version, ...]:
    """Return the versions of a product, the newest first.

    Raises:
        DeploymentError: the product does not exist.
    """
    try:
        answer = cloud.call(SERVICE, "list_provisioning_artifacts", ProductId=product)
    except CloudError as error:
        if error.code == "ResourceNotFoundException":
            raise DeploymentError(
                f"product {product} does not exist in {cloud.region}; check the ID, --region and --profile"
            ) from error
        raise
    found = [_version(item) for item in answer.get("ProvisioningArtifactDetails", [])]
    return tuple(sorted(found, key=lambda version: version.rank, reverse=True))


def _version(item: dict[str, Any]) -> Version:
    return Version(
        id=item["Id"],
        name=item.get("Name", ""),
        description=item.get("Description", ""),
        created=item["CreatedTime"].isoformat() if "CreatedTime" in item else "",
        active=item.get("Active", True),
        deprecated=item.get("Guidance") == "DEPRECATED",
    )


def status(cloud: Cloud, product: str, version_id: str) -> str:
    """Return the status of a version: CREATING, AVAILABLE or FAILED."""
    answer = cloud.call(SERVICE, "describe_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id)
    return str(answer["Status"])


def failed(cloud: Cloud, product: str, candidates: Iterable[Version]) -> tuple[Version, ...]:
    """Return the versions whose creation failed. AWS lists them too, but they cannot be launched."""
    return tuple(version for version in candidates if status(cloud, product, version.id) == "FAILED")


def create(cloud: Cloud, product: str, *, name: str, description: str, url: str, token: str) -> str:
    """Create a version from a staged template, and return its ID. The same token creates it only once.

    Raises:
        DeploymentError: the product has reached its quota of versions.
    """
    properties = {
        "Name": name,
        "Description": description,
        "Info": {"LoadTemplateFromURL": url},
        "Type": "CLOUD_FORMATION_TEMPLATE",
        "DisableTemplateValidation": False,
    }
    try:
        answer = cloud.call(
            SERVICE, "create_provisioning_artifact", ProductId=product, Parameters=properties, IdempotencyToken=token
        )
    except CloudError as error:
        if error.code == "LimitExceededException":
            raise DeploymentError(
                f"product {product} cannot have another version: {error}. {how_to_reduce_versions()}"
            ) from error
        raise
    return str(answer["ProvisioningArtifactDetail"]["Id"])


def how_to_reduce_versions() -> str:
    """Return the advice for a product with too many versions."""
    return (
        f"Delete old versions with {program.command('publish', 'prune')} and then prune --delete, or request an "
        "increase of the Service Catalog quota 'Product versions per product'"
    )


def update(cloud: Cloud, product: str, version_id: str, **changes: Any) -> None:
    """Update the attributes Active or Guidance of a version."""
    cloud.call(SERVICE, "update_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id, **changes)


def delete(cloud: Cloud, product: str, version_id: str) -> None:
    """Delete a version permanently, unless it is already deleted."""
    try:
        cloud.call(SERVICE, "delete_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id)
    except CloudError as error:
        if error.code != "ResourceNotFoundException":
            raise


def usage(cloud: Cloud, product: str) -> Counter[str]:
    """Count the provisioned products in this account and Region by the ID of the version that they use."""
    return Counter(item.get("ProvisioningArtifactId", "") for item in in_use.provisioned_products(cloud, product))


def named(found: Sequence[Version], name: str) -> tuple[Version, ...]:
    """Return the versions that have a name."""
    return tuple(version for version in found if version.name == name)
