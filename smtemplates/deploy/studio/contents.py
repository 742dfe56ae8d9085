"""Find the objects of users in Studio domains, user profiles and spaces that are to be deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.blocking import (
    APP,
    BLOCKING,
    CONTENTS,
    DOMAIN,
    LEFT_BEHIND,
    MODEL_PACKAGE_GROUP,
    NOT_CLEARED,
    SPACE,
    USER_PROFILE,
    Content,
)

NOT_FOUND = ("ResourceNotFound", "ResourceNotFoundException")
KINDS = {kind.type: kind for kind in CONTENTS}
# The types whose contents prevent their deletion.
CONTAINERS = (DOMAIN, USER_PROFILE, SPACE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A domain, user profile or space that is deleted. The name of a domain is its ID."""

    type: str
    domain: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """An app, space or user profile: its type, and the arguments of the API that identify it."""

    type: str
    identifiers: tuple[tuple[str, str], ...]
    owner: str = field(default="", compare=False)

    @property
    def domain(self) -> str:
        """The ID of the domain."""
        return dict(self.identifiers)["DomainId"]

    @property
    def name(self) -> str:
        """The name."""
        return dict(self.identifiers)[KINDS[self.type].name]

    def __str__(self) -> str:
        """Return the name for a message."""
        found = dict(self.identifiers)
        place = found.get("SpaceName") or found.get("UserProfileName")
        if self.type == APP:
            return f"app {self.name} ({found.get('AppType', '')}) of {place}"
        return f"{KINDS[self.type].noun} {self.name}" + (f" of {self.owner}" if self.owner else "")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The objects that must be deleted first, and sentences on the resources that AWS keeps."""

    items: tuple[Item, ...] = ()
    left_behind: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether objects must be deleted first."""
        return bool(self.items)

    def names(self) -> list[str]:
        """Return the name of each object for a message."""
        return [str(item) for item in self.items]

    def since(self, earlier: Contents) -> Contents:
        """Return the objects that did not exist earlier."""
        return Contents(items=tuple(item for item in self.items if item not in earlier.items))


def find_targets(cloud: Cloud, resources: Iterable[tuple[str, str]], domains: Sequence[str] = ()) -> list[Target]:
    """Return the domains, user profiles and spaces among resources, given as pairs of type and physical ID.

    `domains` are the IDs of the domains of the stack, which decide if several domains contain the name.

    Raises:
        DeploymentError: The domain of a user profile or space is not certain.
    """
    return [
        Target(type=type_, domain=domain, name=name)
        for type_, physical_id in resources
        if type_ in CONTAINERS
        for domain, name in _identified(cloud, type_, physical_id, domains)
    ]


def _identified(cloud: Cloud, type_: str, physical_id: str, domains: Sequence[str]) -> list[tuple[str, str]]:
    """Return the domain and the name in a physical ID; empty if the object does not exist any more.

    The primary identifier of both types has two parts. It is not documented whether the physical ID has them, too, and
    in which order, so that both orders and the name alone are read.
    """
    if type_ == DOMAIN:
        return [(physical_id, physical_id)]
    kind = KINDS[type_]
    parts = physical_id.split("|")
    filters = {f"{kind.name}Contains": next((part for part in parts if not part.startswith("d-")), physical_id)}
    found = [
        (item["DomainId"], item[kind.name])
        for item in _listed(cloud, kind, **filters)
        if item[kind.name] in parts and (len(parts) == 1 or item["DomainId"] in parts)
    ]
    inside = [each for each in found if each[0] in domains] or found
    if len(inside) > 1:
        raise DeploymentError(
            f"The {kind.noun} {physical_id} exists in several domains ({', '.join(domain for domain, _ in inside)}), "
            f"and it is not known which one the stack contains. Delete the apps and spaces of the {kind.noun} "
            "yourself, then remove it from the template."
        )
    return inside


def _listed(cloud: Cloud, kind: Content, **filters: str) -> list[Mapping[str, Any]]:
    """Return the objects of a type that can prevent a deletion. A deleted domain has none."""
    try:
        items = list(cloud.pages("sagemaker", f"list_{kind.operation}s", kind.listed, **filters))
    except CloudError as error:
        if error.code in NOT_FOUND:
            return []
        raise
    return [item for item in items if item.get("Status") not in kind.harmless]


def list_objects(cloud: Cloud, kind: Content, domain: str) -> list[tuple[Item, Mapping[str, Any]]]:
    """Return the objects of a type in a domain that can prevent a deletion, each with its item in the list of AWS."""
    return [(_item(kind, each), each) for each in _listed(cloud, kind, DomainIdEquals=domain)]


def _item(kind: Content, listed: Mapping[str, Any]) -> Item:
    owner = _value(listed, "OwnershipSettingsSummary.OwnerUserProfileName")
    return Item(
        type=kind.type,
        identifiers=tuple((key, str(listed[key])) for key in kind.identifiers if listed.get(key)),
        owner=str(owner or ""),
    )


def _value(item: Any, path: str) -> Any:
    """Return the value at a path with dots, or None."""
    for key in path.split("."):
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def find_contents(cloud: Cloud, targets: Sequence[Target]) -> Contents:
    """Return the objects that prevent the deletion of targets, and that CloudFormation does not delete with them.

    A found space can contain apps itself, so that the contents of found objects are found as well.
    """
    items: list[Item] = []
    for domain in dict.fromkeys(target.domain for target in targets):
        own = [target for target in targets if target.domain == domain]
        whole = any(target.type == DOMAIN for target in own)
        objects = {
            kind.type: list_objects(cloud, kind, domain)
            for kind in CONTENTS
            if whole or kind.type != USER_PROFILE  # a user profile prevents only the deletion of its domain
        }
        items += _blocking(own, objects)
    order = [kind.type for kind in CONTENTS]
    items.sort(key=lambda item: order.index(item.type))
    return Contents(items=tuple(items), left_behind=tuple(_left_behind(cloud, targets)) if targets else ())


def _blocking(own: Sequence[Target], objects: Mapping[str, Sequence[tuple[Item, Mapping[str, Any]]]]) -> list[Item]:
    """Return the objects of one domain that prevent the deletion of its targets."""
    found: dict[Item, None] = {}
    deleted = list(own)
    for target in deleted:  # the list grows: found objects are deleted as well
        for row in BLOCKING:
            for item, listed in objects.get(row.by, ()) if row.type == target.type else ():
                same = Target(type=item.type, domain=item.domain, name=item.name)
                if _value(listed, row.field) == target.name and item not in found and same not in own:
                    found[item] = None
                    deleted.append(same)
    return list(found)


def _left_behind(cloud: Cloud, targets: Sequence[Target]) -> Iterable[str]:
    for target in targets:
        if target.type != DOMAIN:
            continue
        try:
            described = cloud.call("sagemaker", "describe_domain", DomainId=target.name)
        except CloudError as error:
            if error.code in DENIED:
                yield f"It is not known whether AWS keeps a file system of domain {target.name}. {sentence(error)}"
            elif error.code not in NOT_FOUND:
                raise
            continue
        for row in LEFT_BEHIND:
            if described.get(row.field):
                yield row.text.format(id=described[row.field], domain=target.name)


def model_version_blockers(cloud: Cloud, resources: Iterable[tuple[str, str]]) -> list[str]:
    """Return texts on the model package groups that cannot be deleted because they contain model versions.

    `resources` are pairs of type and physical ID.
    """
    blockers = []
    for type_, group in resources:
        if type_ != MODEL_PACKAGE_GROUP:
            continue
        versions = cloud.call("sagemaker", "list_model_packages", ModelPackageGroupName=group, MaxResults=1)
        if versions.get("ModelPackageSummaryList"):
            blockers.append(NOT_CLEARED[type_].text.format(name=group))
    return blockers
