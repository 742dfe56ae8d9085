"""Deactivate unused deprecated versions, which can be undone, and later delete them, which cannot."""

from __future__ import annotations

from dataclasses import dataclass

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations.listener import Listener
from smtemplates.publish import catalog
from smtemplates.publish.catalog import Version


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """The versions to delete if `delete` is true, otherwise to deactivate."""

    product: str
    delete: bool
    versions: tuple[Version, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.versions


def plan(cloud: Cloud, product: str, *, delete: bool) -> Pruning:
    """Return the unused versions to prune: deprecated ones, or inactive ones to delete.

    Only inactive versions are deleted, because they cannot come into use between the plan and the deletion. A
    provisioned product can still be updated to a deprecated version. AWS does not delete the last version of a product,
    so it is not selected.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/managing-versions.html
    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteProvisioningArtifact.html
    """
    found = catalog.versions(cloud, product)
    used = catalog.usage(cloud, product)
    candidates = (one for one in found if (not one.active if delete else one.active and one.deprecated))
    unused = [version for version in candidates if not used[version.id]]
    if delete and len(unused) == len(found):
        unused = unused[1:]
    return Pruning(product=product, delete=delete, versions=tuple(unused))


def execute(cloud: Cloud, pruning: Pruning, listener: Listener) -> None:
    """Update or delete the versions of a plan, the oldest first."""
    for version in reversed(pruning.versions):
        if not pruning.delete:
            catalog.update(cloud, pruning.product, version.id, Active=False)
            listener.say(f"deactivated version {version.name}")
            continue
        try:
            catalog.delete(cloud, pruning.product, version.id)
        except CloudError as error:
            if error.code != "ResourceInUseException":
                raise
            listener.say(f"kept version {version.name}, which is in use")
            continue
        listener.say(f"deleted version {version.name}")
