"""Publish a template as a version: work out what is to do, then do it, again and again to the same end."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.errors import CloudError, DeploymentError, TimedOutError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import staging
from smtemplates.deploy.template import Template
from smtemplates.deploy.watcher import Listener
from smtemplates.errors import UsageError
from smtemplates.publish import catalog, content
from smtemplates.publish.catalog import VERSIONS_QUOTA, Version
from smtemplates.publish.content import Content
from smtemplates.publish.names import Name, read

POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 10.0
BACKOFF = 1.5
QUOTA_WARNING = 90


@dataclass(frozen=True, kw_only=True)
class Request:
    """Everything that a person asks of a publication."""

    version: str
    template: Template
    bucket: staging.Bucket | None
    description: str = ""
    keep: int = 1
    even_if_cosmetic: bool = False
    timeout_seconds: float = 600


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What is to be done so that a template is a product's version.

    `same` is the version, where there is one already. `failed` are earlier attempts at it. `unchanged` says why there
    is nothing to publish.
    """

    product: str
    version: str
    content: Content
    same: Version | None = None
    failed: tuple[Version, ...] = ()
    deprecated: tuple[Version, ...] = ()
    unchanged: str = ""
    count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def creates(self) -> bool:
        """Tell whether a version is to be made."""
        return self.same is None and not self.unchanged

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (self.creates or self.failed or self.deprecated)


def plan(cloud: Cloud, product: str, request: Request) -> Publication:
    """Work out what is to do, and change nothing.

    Raises:
        UsageError: the version is there with another content or under another spelling, or is offered no more.
    """
    asked = content.of(request.template)
    name = read(request.version)
    if request.keep < 1:
        raise UsageError("--keep must be at least 1: the version that is published stays")
    found = catalog.versions(cloud, product)
    broken = catalog.failed(cloud, product, (version for version in found if version.offered or _reads(version, name)))
    sound = tuple(version for version in found if version not in broken)
    mine = sorted(catalog.named(sound, name.text), key=lambda one: one.created)
    _check_conflicts(sound, mine, name, asked)
    same = mine[0] if mine else None
    failed = (*(version for version in broken if _reads(version, name)), *mine[1:])
    count = len(found)
    base = Publication(product=product, version=request.version, content=asked, same=same, failed=failed, count=count)
    if same is not None and not same.offered:
        raise UsageError(
            f"version {same.name} is {'deprecated' if same.active else 'inactive'}, and is not offered again; to go "
            "back to it, publish its template as a newer version"
        )
    others = [version for version in sound if version.offered and version not in mine]
    if same is None and not request.even_if_cosmetic and (why := _alike(others, name, asked)):
        return replace(base, failed=(), unchanged=why)
    notes = (*_newer(others, name), *_quota(count)) if same is None else ()
    # what failed is not what somebody asked to keep
    kept = _older(others, name)[: request.keep - 1]
    offered = [version for version in found if version.offered]
    deprecated = tuple(version for version in _older(offered, name) if version not in kept)
    return replace(base, deprecated=deprecated, notes=notes)


def _reads(version: Version, name: Name) -> bool:
    """Tell whether a version has that name to a reader: 1.4 and v1.4.0 are one."""
    return bool(Name(version.name).precedence == name.precedence)


def _older(offered: Sequence[Version], name: Name) -> list[Version]:
    """Pick what a version takes the place of."""
    # what comes before a release is for trying out: it takes no release away
    return [
        version
        for version in offered
        if version.rank < (True, name.precedence, "") and (Name(version.name).prerelease or not name.prerelease)
    ]


def _check_conflicts(found: Sequence[Version], mine: Sequence[Version], name: Name, asked: Content) -> None:
    """Refuse to change what is published, or to publish it under a name that is the same to a reader."""
    for version in mine:
        if not version.content.digest:
            raise UsageError(
                f"version {name.text} is there already, and its description does not say of which content (no "
                "sha256:...); a version's content never changes, so publish this template under a new version"
            )
        if version.content.digest != asked.digest:
            raise UsageError(
                f"version {name.text} is there already with another content (sha256:{version.content.short}, not "
                f"{asked.short}), and a version's content never changes; publish this template under a new version"
            )
    alike = (other for other in found if _reads(other, name) and other not in mine)
    if other := next(alike, None):
        raise UsageError(f"version {name.text} is there already, written {other.name}; use that name, or a new version")


def _alike(others: Sequence[Version], name: Name, asked: Content) -> str:
    """Say in which way a template is not worth a new version, if it is not.

    A release is compared with the newest release: it may well be what came before it, made final.
    """
    for version in others:
        if Name(version.name).prerelease and not name.prerelease:
            continue
        if version.content.digest == asked.digest:
            return f"the template is that of version {version.name}, byte for byte"
        if version.content.effect and version.content.effect == asked.effect:
            return f"only descriptions or metadata differ from version {version.name}"
        return ""
    return ""


def _newer(others: Sequence[Version], name: Name) -> tuple[str, ...]:
    """Tell of a newer release, beside which an older version is offered: nobody takes that for the newest."""
    above = (one for one in others if not Name(one.name).prerelease and one.rank > (True, name.precedence, ""))
    newest = max(above, key=lambda version: version.rank, default=None)
    return (f"version {newest.name} is newer, and is offered too",) if newest else ()


def _quota(count: int) -> tuple[str, ...]:
    """Warn while there is still room."""
    if count < QUOTA_WARNING:
        return ()
    full = " AWS will refuse another one, unless your quota is higher:" if count >= VERSIONS_QUOTA else ""
    return (f"the product has {count} versions of {VERSIONS_QUOTA} by default;{full} {catalog.MAKE_ROOM}",)


def token(plan: Publication) -> str:
    """Name the creation by what is created and what failed before: repeated, it is the same creation."""
    made_of = [plan.product, plan.version, plan.content.digest, *sorted(one.id for one in plan.failed)]
    return f"smtemplates-{hashlib.sha256(json.dumps(made_of).encode()).hexdigest()}"


def carry_out(cloud: Cloud, plan: Publication, request: Request, listener: Listener) -> str:
    """Do what is to be done, and return the version's ID; a run that was cut short is completed by the next one.

    Nothing is deprecated before the new version can be launched, so there is always one that can.

    Raises:
        DeploymentError: AWS cannot make the version.
        TimedOutError: it takes longer than allowed, and goes on.
    """
    deadline = time.monotonic() + request.timeout_seconds
    version_id = plan.same.id if plan.same is not None else _create(cloud, plan, request, listener)
    try:
        _wait(cloud, plan, version_id, deadline)
        _settle_race(cloud, plan, version_id)
    except DeploymentError:
        # of several failed attempts the last one stays, and is replaced by the next
        _remove(cloud, plan.product, plan.failed)
        raise
    for version in plan.deprecated:
        catalog.update(cloud, plan.product, version.id, Guidance="DEPRECATED")
        listener.say(f"version {version.name} is deprecated")
    _remove(cloud, plan.product, plan.failed)
    return version_id


def _remove(cloud: Cloud, product: str, attempts: tuple[Version, ...]) -> None:
    for version in attempts:
        catalog.delete(cloud, product, version.id)


def _create(cloud: Cloud, plan: Publication, request: Request, listener: Listener) -> str:
    description = content.describe(request.description, plan.content)
    if request.bucket is None:
        raise UsageError(
            "Service Catalog reads templates from a bucket; name one with --staging-bucket, or let "
            "--create-staging-bucket make one"
        )
    url = staging.stage(cloud, request.template, request.bucket, listener)
    made = catalog.create(cloud, plan.product, name=plan.version, description=description, url=url, token=token(plan))
    listener.say(f"making version {plan.version} ({made})")
    return made


def _wait(cloud: Cloud, plan: Publication, version_id: str, deadline: float) -> None:
    pause = POLL_SECONDS
    while (status := _status(cloud, plan, version_id)) != "AVAILABLE":
        if status == "FAILED":
            raise DeploymentError(
                f"AWS could not make version {plan.version} ({version_id}) of this template, and gives no reason; "
                "check the template with python -m smtemplates lint, and that the staging bucket can be read; then "
                "repeat this command, which replaces the failed version"
            )
        if time.monotonic() + pause > deadline:
            raise TimedOutError(
                f"version {plan.version} ({version_id}) is still {status}; repeat this command later: it goes on from "
                "here"
            )
        cloud.pause(pause)
        pause = min(pause * BACKOFF, LONGEST_POLL_SECONDS)


def _status(cloud: Cloud, plan: Publication, version_id: str) -> str:
    """Ask for a version's status; one that was just made may not be known everywhere yet."""
    try:
        return catalog.status(cloud, plan.product, version_id)
    except CloudError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return "unknown to AWS"


def _settle_race(cloud: Cloud, plan: Publication, version_id: str) -> None:
    """Give way to another run that has made the same version of another content meanwhile, if it came first."""
    if plan.same is not None:
        return
    found = catalog.versions(cloud, plan.product)
    ours = next((version for version in found if version.id == version_id), None)
    rivals = [
        version
        for version in catalog.named(found, plan.version)
        if version.id != version_id and version not in plan.failed
    ]
    failed = catalog.failed(cloud, plan.product, rivals)
    first = min(((one.created, one.id) for one in rivals if one not in failed), default=None)
    if ours is not None and first is not None and first < (ours.created, ours.id):
        catalog.delete(cloud, plan.product, version_id)
        raise DeploymentError(
            f"another run has published version {plan.version} at the same time, and came first; ours was removed"
        )
    if ours is not None and not ours.offered:
        catalog.update(cloud, plan.product, version_id, Active=True, Guidance="DEFAULT")
