"""Retire versions that nobody uses: first deactivate them, which can be undone, and later delete them, which cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.watcher import Listener
from smtemplates.publish import catalog
from smtemplates.publish.catalog import Version


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """What is to be retired, and how."""

    product: str
    delete: bool
    retired: tuple[Version, ...]
    used: Mapping[str, int]

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not self.retired


def plan(cloud: Cloud, product: str, *, delete: bool) -> Pruning:
    """Work out what can go: deprecated versions that nobody uses, or, to be deleted, inactive ones.

    Only what is inactive is deleted: nobody can begin to use it between the plan and the deletion. A deprecated version
    can still be updated to by who launched it. A product keeps its last version, as AWS demands.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/managing-versions.html
    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DeleteProvisioningArtifact.html
    """
    found = catalog.versions(cloud, product)
    used = catalog.usage(cloud, product)
    ready = (version for version in found if (not version.active if delete else version.active and version.deprecated))
    retired = [version for version in ready if not used[version.id]]
    if delete and len(retired) == len(found):
        retired = retired[1:]
    return Pruning(product=product, delete=delete, retired=tuple(retired), used=used)


def carry_out(cloud: Cloud, pruning: Pruning, listener: Listener) -> None:
    """Retire what is to be retired, the oldest first."""
    for version in reversed(pruning.retired):
        if not pruning.delete:
            catalog.update(cloud, pruning.product, version.id, Active=False)
            listener.say(f"version {version.name} is inactive")
            continue
        try:
            catalog.delete(cloud, pruning.product, version.id)
        except CloudError as error:
            if error.code != "ResourceInUseException":
                raise
            listener.say(f"version {version.name} is in use, and stays")
            continue
        listener.say(f"version {version.name} is deleted")
