"""Resources that users created in a Studio domain or a model package group, and that block the deletion of a stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_sets.change_plan import ResourceChange
from smtemplates.deploy.operations.listener import Listener

POLL_SECONDS = 5.0
MAX_POLLS = 180
DOMAIN = "AWS::SageMaker::Domain"
NOT_FOUND = ("ResourceNotFound", "ResourceNotFoundException")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The apps and spaces of Studio domains, each as the arguments of the API that identify it."""

    apps: tuple[tuple[tuple[str, str], ...], ...] = ()
    spaces: tuple[tuple[tuple[str, str], ...], ...] = ()

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.apps or self.spaces)

    def names(self) -> list[str]:
        """Return the name of each app and space for a message."""
        spaces = [f"space {dict(item)['SpaceName']}" for item in self.spaces]
        return spaces + [f"app {dict(item)['AppName']} ({dict(item).get('AppType', '')})" for item in self.apps]


def find_contents(cloud: Cloud, domains: list[str]) -> Contents:
    """Return the apps and spaces of domains, given by ID."""
    apps = tuple(
        _identifiers(item, "DomainId", "AppName", "AppType", "SpaceName", "UserProfileName")
        for domain in domains
        for item in cloud.pages("sagemaker", "list_apps", "Apps", DomainIdEquals=domain)
        if item.get("Status") not in ("Deleted", "Failed")
    )
    spaces = tuple(
        _identifiers(item, "DomainId", "SpaceName")
        for domain in domains
        for item in cloud.pages("sagemaker", "list_spaces", "Spaces", DomainIdEquals=domain)
    )
    return Contents(apps=apps, spaces=spaces)


def check_changes(cloud: Cloud, changes: Sequence[ResourceChange], *, may_delete: bool) -> Contents:
    """Check that changes delete no domain with apps or spaces without permission, and return those to delete first.

    A domain with apps or spaces is never replaced. AWS creates the new domain before it deletes the old one, and fails
    if both have the same name: then the contents would be lost for nothing. For the same reason nothing is deleted for
    a domain that only may be replaced.

    Raises:
        RefusedError: A domain with apps or spaces would be replaced, or deleted while `may_delete` is False.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    domains: dict[str, list[str]] = {"replace": [], "delete": []}
    for change in changes:
        if change.type == DOMAIN and change.physical_id and change.fate in domains and not change.keeps_old:
            domains[change.fate].append(change.physical_id)
    replaced, deleted = find_contents(cloud, domains["replace"]), find_contents(cloud, domains["delete"])
    if replaced:
        raise _refused(
            replaced,
            "replaced",
            "deploy twice: first without the domain and with --clear-studio, then with the new domain",
        )
    if deleted and not may_delete:
        raise _refused(deleted, "deleted", "repeat the command with --clear-studio")
    return deleted


def _refused(contents: Contents, fate: str, instruction: str) -> RefusedError:
    names = "\n".join(f"  {name}" for name in contents.names())
    return RefusedError(
        f"The Studio domain that would be {fate} contains apps or spaces of users, with their files:\n{names}\n"
        f"Nothing was changed. If all of these can be deleted, {instruction}."
    )


def _identifiers(item: Any, *keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, item[key]) for key in keys if item.get(key))


def delete_contents(cloud: Cloud, contents: Contents, listener: Listener) -> None:
    """Delete apps, wait until they are deleted, and then do the same for spaces.

    Raises:
        DeploymentError: The deletion takes longer than 15 minutes.
    """
    for kind, items in (("app", contents.apps), ("space", contents.spaces)):
        for item in items:
            _delete(cloud, f"delete_{kind}", dict(item))
        if items:
            _wait(cloud, f"describe_{kind}", [dict(item) for item in items])
            listener.say(f"Deleted {len(items)} Studio {kind}(s).")


def _delete(cloud: Cloud, operation: str, item: dict[str, str]) -> None:
    try:
        cloud.call("sagemaker", operation, **item)
    except CloudError as error:
        # an earlier run can have deleted it already
        if error.code not in NOT_FOUND and "Deleting" not in str(error):
            raise


def _wait(cloud: Cloud, lookup: str, items: list[dict[str, str]]) -> None:
    for _ in range(MAX_POLLS):
        items = [item for item in items if _exists(cloud, lookup, item)]
        if not items:
            return
        cloud.pause(POLL_SECONDS)
    raise DeploymentError(
        f"Studio is still deleting an app or space of domain {next(iter(items[0].values()))}. Repeat this command "
        "later."
    )


def _exists(cloud: Cloud, lookup: str, item: dict[str, str]) -> bool:
    try:
        return bool(cloud.call("sagemaker", lookup, **item).get("Status") != "Deleted")
    except CloudError as error:
        if error.code in NOT_FOUND:
            return False
        raise


def model_version_blockers(cloud: Cloud, groups: list[str]) -> list[str]:
    """Return texts on the model package groups that cannot be deleted because they contain model versions."""
    blockers = []
    for group in groups:
        versions = cloud.call("sagemaker", "list_model_packages", ModelPackageGroupName=group, MaxResults=1)
        if versions.get("ModelPackageSummaryList"):
            blockers.append(f"Model package group {group} contains model versions. Delete or move them first.")
    return blockers
