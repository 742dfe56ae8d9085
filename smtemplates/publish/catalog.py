"""A Service Catalog product as AWS describes it: its versions, and who uses them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import in_use
from smtemplates.deploy import stack as stacks
from smtemplates.errors import UsageError
from smtemplates.publish import content
from smtemplates.publish.content import Content
from smtemplates.publish.names import Name

SERVICE = "servicecatalog"
PRODUCT_OUTPUT = "ProductId"

# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateProvisioningArtifact.html
PRODUCT_ID = re.compile(r"[a-zA-Z0-9_-]{1,100}")

# The default; it can be raised, so only AWS knows whether a version is one too many.
# Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html
VERSIONS_QUOTA = 100


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a product: a provisioning artifact, in the API's words."""

    id: str
    name: str
    description: str = ""
    created: str = ""
    active: bool = True
    deprecated: bool = False

    @property
    def offered(self) -> bool:
        """Tell whether people can launch it."""
        return self.active and not self.deprecated

    @property
    def content(self) -> Content:
        """The hashes of its template, as far as its description says them."""
        return content.described(self.description)

    @property
    def rank(self) -> tuple[Any, ...]:
        """What sorts versions from old to new: the name, else the time."""
        name = Name(self.name)
        return (name.valid, name.precedence, self.created)


def product_of(cloud: Cloud, product: str | None, stack: str | None) -> str:
    """Return a product's ID, which is given, or an output of the stack that made the catalog.

    Raises:
        UsageError: the ID is none, or the stack makes no product.
    """
    if product is not None:
        if not PRODUCT_ID.fullmatch(product):
            raise UsageError(f"'{product}' is not a product's ID; it looks like prod-abcdefghijklm")
        return product
    found = stacks.get(cloud, str(stack))
    if PRODUCT_OUTPUT not in found.outputs:
        raise UsageError(
            f"stack {stack} has no output {PRODUCT_OUTPUT}, so it makes no product; name it with --product"
        )
    return found.outputs[PRODUCT_OUTPUT].value


def versions(cloud: Cloud, product: str) -> tuple[Version, ...]:
    """List a product's versions, the newest first.

    Raises:
        DeploymentError: there is no such product.
    """
    try:
        answer = cloud.call(SERVICE, "list_provisioning_artifacts", ProductId=product)
    except CloudError as error:
        if error.code == "ResourceNotFoundException":
            raise DeploymentError(
                f"there is no product {product} in {cloud.region}; check its ID, --region and --profile"
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
    """Tell how far AWS is with a version: CREATING, AVAILABLE or FAILED."""
    answer = cloud.call(SERVICE, "describe_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id)
    return str(answer["Status"])


def failed(cloud: Cloud, product: str, of: Iterable[Version]) -> tuple[Version, ...]:
    """Pick what AWS could not make: it is listed like any other version, and nobody can launch it."""
    return tuple(version for version in of if status(cloud, product, version.id) == "FAILED")


def create(cloud: Cloud, product: str, *, name: str, description: str, url: str, token: str) -> str:
    """Have AWS make a version of a staged template, and return its ID; the same token makes it only once.

    Raises:
        DeploymentError: the product has as many versions as it can.
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
            raise DeploymentError(f"product {product} cannot have another version: {error}; {MAKE_ROOM}") from error
        raise
    return str(answer["ProvisioningArtifactDetail"]["Id"])


MAKE_ROOM = (
    "delete old ones with scripts/publish.py prune, then prune --delete, or have the quota 'Product versions per "
    "product' of Service Catalog raised"
)


def update(cloud: Cloud, product: str, version_id: str, **changes: Any) -> None:
    """Change what can be changed of a version: Active, Guidance."""
    cloud.call(SERVICE, "update_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id, **changes)


def delete(cloud: Cloud, product: str, version_id: str) -> None:
    """Delete a version for good; one that is gone is as asked."""
    try:
        cloud.call(SERVICE, "delete_provisioning_artifact", ProductId=product, ProvisioningArtifactId=version_id)
    except CloudError as error:
        if error.code != "ResourceNotFoundException":
            raise


def usage(cloud: Cloud, product: str) -> Counter[str]:
    """Count the provisioned products of this account and Region by the ID of the version they use."""
    return Counter(item.get("ProvisioningArtifactId", "") for item in in_use.provisioned(cloud, product))


def named(found: Sequence[Version], name: str) -> tuple[Version, ...]:
    """Pick the versions that are called so."""
    return tuple(version for version in found if version.name == name)
