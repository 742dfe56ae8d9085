"""Publish a template as a version of a product: plan the steps, then execute them. Repeating both is safe."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.errors import CloudError, DeploymentError, TimedOutError
from smtemplates.aws.session import Cloud
from smtemplates.console import program
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.requests import staging
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError
from smtemplates.publish import catalog, content
from smtemplates.publish.catalog import VERSIONS_QUOTA, Version
from smtemplates.publish.content import Content
from smtemplates.publish.names import Name, parse

POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 10.0
BACKOFF = 1.5
QUOTA_WARNING = 90


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of a publication."""

    version: str
    template: Template
    bucket: staging.Bucket | None
    description: str = ""
    keep: int = 1
    even_if_cosmetic: bool = False
    timeout_seconds: float = 600


@dataclass(frozen=True, kw_only=True)
class Publication:
    """The steps that publish a template as a version of a product.

    `existing` is the version, if it exists. `failed` are earlier attempts to create it, which are deleted. `deprecated`
    are the versions to deprecate. `unchanged` is the reason why there is nothing to publish, or empty.
    """

    product: str
    version: str
    content: Content
    existing: Version | None = None
    failed: tuple[Version, ...] = ()
    deprecated: tuple[Version, ...] = ()
    unchanged: str = ""
    count: int = 0
    notes: tuple[str, ...] = ()

    @property
    def creates(self) -> bool:
        """Whether a version is created."""
        return self.existing is None and not self.unchanged

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.creates or self.failed or self.deprecated)


def plan(cloud: Cloud, product: str, request: Request) -> Publication:
    """Return the steps of a publication, without any change.

    Raises:
        UsageError: the version exists with different content or in a different spelling, or is no longer available.
    """
    requested = content.of_template(request.template)
    name = parse(request.version)
    if request.keep < 1:
        raise UsageError("--keep-versions must be at least 1, because it includes the version that is published")
    found = catalog.versions(cloud, product)
    candidates = (version for version in found if version.available or _is_same_name(version, name))
    broken = catalog.failed(cloud, product, candidates)
    sound = tuple(version for version in found if version not in broken)
    own = sorted(catalog.named(sound, name.text), key=lambda version: version.created)
    _check_conflicts(sound, own, name, requested)
    existing = own[0] if own else None
    failed = (*(version for version in broken if _is_same_name(version, name)), *own[1:])
    base = Publication(
        product=product,
        version=request.version,
        content=requested,
        existing=existing,
        failed=failed,
        count=len(found),
    )
    if existing is not None and not existing.available:
        raise UsageError(
            f"version {existing.name} is {'deprecated' if existing.active else 'inactive'}, and is not made available "
            "again. To roll back, publish its template under a new version"
        )
    others = [version for version in sound if version.available and version not in own]
    if existing is None and not request.even_if_cosmetic and (reason := _unchanged(others, name, requested)):
        return replace(base, failed=(), unchanged=reason)
    notes = (*_newer_release(others, name), *_quota(len(found))) if existing is None else ()
    # a failed version does not count as one of the newest N
    kept = _replaced(others, name)[: request.keep - 1]
    available = [version for version in found if version.available]
    deprecated = tuple(version for version in _replaced(available, name) if version not in kept)
    return replace(base, deprecated=deprecated, notes=notes)


def _is_same_name(version: Version, name: Name) -> bool:
    """Return whether the name of a version means the same as another: 1.4 and v1.4.0 do."""
    return bool(Name(version.name).precedence == name.precedence)


def _replaced(available: Sequence[Version], name: Name) -> list[Version]:
    """Return the versions that a new version replaces."""
    # a pre-release is for trials, so it replaces no release
    return [
        version
        for version in available
        if version.rank < (True, name.precedence, "") and (Name(version.name).prerelease or not name.prerelease)
    ]


def _check_conflicts(found: Sequence[Version], own: Sequence[Version], name: Name, requested: Content) -> None:
    """Reject a different template for a published version, and a different spelling of its name."""
    for version in own:
        if not version.content.digest:
            raise UsageError(
                f"version {name.text} already exists, and its description does not contain the hash of its content "
                "(sha256:...). The content of a version never changes, so publish this template under a new version"
            )
        if version.content.digest != requested.digest:
            raise UsageError(
                f"version {name.text} already exists with different content (sha256:{version.content.short}, not "
                f"{requested.short}). The content of a version never changes, so publish this template under a new "
                "version"
            )
    other_spellings = (version for version in found if _is_same_name(version, name) and version not in own)
    if other := next(other_spellings, None):
        raise UsageError(f"version {name.text} already exists as {other.name}; use that name, or a new version")


def _unchanged(others: Sequence[Version], name: Name, requested: Content) -> str:
    """Return the reason why a template needs no new version, or an empty string.

    A release is compared with the newest release, because it may have the same content as its last pre-release.
    """
    for version in others:
        if Name(version.name).prerelease and not name.prerelease:
            continue
        if version.content.digest == requested.digest:
            return f"the template is identical to version {version.name}"
        if version.content.effect and version.content.effect == requested.effect:
            return f"only descriptions or metadata differ from version {version.name}"
        return ""
    return ""


def _newer_release(others: Sequence[Version], name: Name) -> tuple[str, ...]:
    """Return a note if a newer release is available too, because users may choose that one."""
    newer = (one for one in others if not Name(one.name).prerelease and one.rank > (True, name.precedence, ""))
    newest = max(newer, key=lambda version: version.rank, default=None)
    return (f"version {newest.name} is newer, and remains available",) if newest else ()


def _quota(count: int) -> tuple[str, ...]:
    """Return a warning if the quota of versions is almost reached."""
    if count < QUOTA_WARNING:
        return ()
    full = " Unless the quota was increased, AWS will reject another version." if count >= VERSIONS_QUOTA else ""
    advice = catalog.how_to_reduce_versions()
    return (f"the product has {count} versions; the default quota is {VERSIONS_QUOTA}.{full} {advice}",)


def idempotency_token(plan: Publication) -> str:
    """Return a token that is the same if the creation is repeated, and different after a failed attempt."""
    parts = [plan.product, plan.version, plan.content.digest, *sorted(version.id for version in plan.failed)]
    return f"smtemplates-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()}"


def execute(cloud: Cloud, plan: Publication, request: Request, listener: Listener) -> str:
    """Execute the steps of a plan, and return the ID of the version. A second run completes an interrupted one.

    No version is deprecated before the new one can be launched, so that one is always available.

    Raises:
        DeploymentError: AWS cannot create the version.
        TimedOutError: the creation takes longer than allowed, and continues in AWS.
    """
    deadline = time.monotonic() + request.timeout_seconds
    version_id = plan.existing.id if plan.existing is not None else _create(cloud, plan, request, listener)
    try:
        _wait(cloud, plan, version_id, deadline)
        _resolve_race(cloud, plan, version_id)
    except DeploymentError:
        # the last of several failed attempts stays until the next run replaces it
        _delete(cloud, plan.product, plan.failed)
        raise
    for version in plan.deprecated:
        catalog.update(cloud, plan.product, version.id, Guidance="DEPRECATED")
        listener.say(f"deprecated version {version.name}")
    _delete(cloud, plan.product, plan.failed)
    return version_id


def _delete(cloud: Cloud, product: str, versions: tuple[Version, ...]) -> None:
    for version in versions:
        catalog.delete(cloud, product, version.id)


def _create(cloud: Cloud, plan: Publication, request: Request, listener: Listener) -> str:
    description = content.describe(request.description, plan.content)
    if request.bucket is None:
        raise UsageError(
            "Service Catalog reads templates from a bucket; specify one with --staging-bucket, or create one with "
            "--create-staging-bucket"
        )
    url = staging.stage(cloud, request.template, request.bucket, listener)
    token = idempotency_token(plan)
    version_id = catalog.create(cloud, plan.product, name=plan.version, description=description, url=url, token=token)
    listener.say(f"creating version {plan.version} ({version_id})")
    return version_id


def _wait(cloud: Cloud, plan: Publication, version_id: str, deadline: float) -> None:
    pause = POLL_SECONDS
    while (status := _status(cloud, plan, version_id)) != "AVAILABLE":
        if status == "FAILED":
            raise DeploymentError(
                f"AWS could not create version {plan.version} ({version_id}) and returned no reason. Check the "
                f"template with {program.command('lint')}, and check that the staging bucket can be read. Then repeat "
                "this command, which replaces the failed version"
            )
        if time.monotonic() + pause > deadline:
            raise TimedOutError(
                f"version {plan.version} ({version_id}) is still {status}. AWS continues; repeat this command later to "
                "complete the publication"
            )
        cloud.pause(pause)
        pause = min(pause * BACKOFF, LONGEST_POLL_SECONDS)


def _status(cloud: Cloud, plan: Publication, version_id: str) -> str:
    """Return the status of a version. AWS may not know a version everywhere directly after its creation."""
    try:
        return catalog.status(cloud, plan.product, version_id)
    except CloudError as error:
        if error.code != "ResourceNotFoundException":
            raise
        return "unknown to AWS"


def _resolve_race(cloud: Cloud, plan: Publication, version_id: str) -> None:
    """Delete the new version if another run published the same version with different content first."""
    if plan.existing is not None:
        return
    found = catalog.versions(cloud, plan.product)
    own = next((version for version in found if version.id == version_id), None)
    rivals = [
        version
        for version in catalog.named(found, plan.version)
        if version.id != version_id and version not in plan.failed
    ]
    failed = catalog.failed(cloud, plan.product, rivals)
    first = min(((rival.created, rival.id) for rival in rivals if rival not in failed), default=None)
    if own is not None and first is not None and first < (own.created, own.id):
        catalog.delete(cloud, plan.product, version_id)
        raise DeploymentError(
            f"another run published version {plan.version} at the same time and was first. The version of this "
            "run was deleted; publish the template under a new version"
        )
    if own is not None and not own.available:
        catalog.update(cloud, plan.product, version_id, Active=True, Guidance="DEFAULT")
