"""What people made in a Studio domain or a model registry, which keeps a stack from being deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, RefusedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy.change_plan import ResourceChange
from smtemplates.deploy.watcher import Listener

POLL_SECONDS = 5.0
MAX_POLLS = 180
DOMAIN = "AWS::SageMaker::Domain"
GONE = ("ResourceNotFound", "ResourceNotFoundException")


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """The apps and spaces of the domains of a stack, as the arguments that name them."""

    apps: tuple[tuple[tuple[str, str], ...], ...] = ()
    spaces: tuple[tuple[tuple[str, str], ...], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.apps or self.spaces)

    def told(self) -> list[str]:
        """Name each in words."""
        spaces = [f"space {dict(item)['SpaceName']}" for item in self.spaces]
        return spaces + [f"app {dict(item)['AppName']} ({dict(item).get('AppType', '')})" for item in self.apps]


def look(cloud: Cloud, domains: list[str]) -> Rooms:
    """List the apps and spaces of domains."""
    apps = tuple(
        _named(item, "DomainId", "AppName", "AppType", "SpaceName", "UserProfileName")
        for domain in domains
        for item in cloud.pages("sagemaker", "list_apps", "Apps", DomainIdEquals=domain)
        if item.get("Status") not in ("Deleted", "Failed")
    )
    spaces = tuple(
        _named(item, "DomainId", "SpaceName")
        for domain in domains
        for item in cloud.pages("sagemaker", "list_spaces", "Spaces", DomainIdEquals=domain)
    )
    return Rooms(apps=apps, spaces=spaces)


def guard(cloud: Cloud, changes: Sequence[ResourceChange], *, may_go: bool) -> Rooms:
    """Refuse to take a domain from people who are in it, and return what has to be deleted before it can go.

    AWS makes a new domain before it deletes the old one, and fails where both have one name: what was deleted for that
    would be lost for nothing. Nothing is deleted either for a domain that only may be replaced.

    Raises:
        RefusedError: a domain with apps or spaces would be replaced, or would go though nobody said that they may.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html
    """
    going: dict[str, list[str]] = {"replace": [], "delete": []}
    for change in changes:
        if change.type == DOMAIN and change.physical_id and change.fate in going and not change.keeps_old:
            going[change.fate].append(change.physical_id)
    replaced, deleted = look(cloud, going["replace"]), look(cloud, going["delete"])
    if replaced:
        raise _refusal(replaced, "be replaced", "first deploy without it, with --clear-studio, then with the new one")
    if deleted and not may_go:
        raise _refusal(deleted, "go", "repeat the command with --clear-studio")
    return deleted


def _refusal(rooms: Rooms, what: str, instead: str) -> RefusedError:
    told = "\n".join(f"  {one}" for one in rooms.told())
    return RefusedError(
        f"the Studio domain that would {what} has in it what people made, with their files:\n{told}\n"
        f"Nothing was changed. If all of that may be deleted, {instead}"
    )


def _named(item: Any, *keys: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, item[key]) for key in keys if item.get(key))


def clear(cloud: Cloud, rooms: Rooms, listener: Listener) -> None:
    """Delete apps, then spaces, and wait until each kind is gone.

    Raises:
        DeploymentError: they are still there after a quarter of an hour.
    """
    for operation, lookup, items in (
        ("delete_app", "describe_app", rooms.apps),
        ("delete_space", "describe_space", rooms.spaces),
    ):
        for item in items:
            _delete(cloud, operation, dict(item))
        if items:
            _wait(cloud, lookup, [dict(item) for item in items])
            listener.say(f"deleted {len(items)} Studio {'app' if operation == 'delete_app' else 'space'}(s)")


def _delete(cloud: Cloud, operation: str, item: dict[str, str]) -> None:
    try:
        cloud.call("sagemaker", operation, **item)
    except CloudError as error:
        # gone or going is as good: a run before this one may have asked for it
        if error.code not in GONE and "Deleting" not in str(error):
            raise


def _wait(cloud: Cloud, lookup: str, items: list[dict[str, str]]) -> None:
    for _ in range(MAX_POLLS):
        items = [item for item in items if _there(cloud, lookup, item)]
        if not items:
            return
        cloud.pause(POLL_SECONDS)
    raise DeploymentError(f"Studio is still deleting {next(iter(items[0].values()))}; repeat this command later")


def _there(cloud: Cloud, lookup: str, item: dict[str, str]) -> bool:
    try:
        return bool(cloud.call("sagemaker", lookup, **item).get("Status") != "Deleted")
    except CloudError as error:
        if error.code in GONE:
            return False
        raise


def packages(cloud: Cloud, groups: list[str]) -> list[str]:
    """Say which model package groups cannot be deleted, for they hold versions."""
    told = []
    for group in groups:
        found = cloud.call("sagemaker", "list_model_packages", ModelPackageGroupName=group, MaxResults=1)
        if found.get("ModelPackageSummaryList"):
            told.append(f"model package group {group} holds model versions; delete or move those first")
    return told
