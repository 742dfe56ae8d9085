"""The commands: from what is asked to what is printed, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smtemplates.aws.errors import StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import staging
from smtemplates.deploy.template import Template
from smtemplates.deploy.terminal import Terminal, asking, emit
from smtemplates.errors import UsageError
from smtemplates.publish import catalog, links, pruning, publication
from smtemplates.publish import tables as show
from smtemplates.publish.publication import Request


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a command goes about it: only plan, ask or not, print for a program."""

    plan: bool = False
    yes: bool = False
    json: bool = False


def version(cloud: Cloud, product: str | None, stack: str | None, request: Request, manner: Manner) -> int:
    """Publish a template as a version, after showing what that means and asking."""
    terminal = Terminal() if manner.plan else asking(yes=manner.yes)
    product_id = catalog.product_of(cloud, product, stack)
    plan = publication.plan(cloud, product_id, request)
    version_id = plan.same.id if plan.same else None
    if manner.plan:
        emit(show.publication_json(plan, done=False, version_id=version_id) if manner.json else show.publication(plan))
        return 0
    terminal.say(show.publication(plan))
    if not plan.empty:
        _agree(terminal, "Publish this?", manner)
    # even where nothing is left to do, AWS may still be at work on an earlier run's version
    if not plan.unchanged:
        try:
            version_id = publication.carry_out(cloud, plan, request, terminal)
        except KeyboardInterrupt:
            raise StoppedError(
                f"interrupted; if version {request.version} is there already, AWS goes on with it: repeat this "
                "command, and it is completed"
            ) from None
        terminal.say(f"version {request.version} of product {product_id} is published ({version_id})")
    if manner.json:
        emit(show.publication_json(plan, done=True, version_id=version_id))
    return 0


def _agree(terminal: Terminal, question: str, manner: Manner) -> None:
    if not manner.yes and not terminal.confirm(question):
        raise StoppedError("nothing was changed")


def versions(cloud: Cloud, product: str | None, stack: str | None, *, as_json: bool) -> int:
    """List a product's versions."""
    product_id = catalog.product_of(cloud, product, stack)
    found, used = catalog.versions(cloud, product_id), catalog.usage(cloud, product_id)
    failed = catalog.failed(cloud, product_id, (one for one in found if one.active))
    emit(show.versions_json(found, failed, used) if as_json else show.versions(found, failed, used))
    return 0


def prune(cloud: Cloud, product: str | None, stack: str | None, *, delete: bool, manner: Manner) -> int:
    """Retire versions that nobody uses, after showing them and asking."""
    terminal = Terminal() if manner.plan else asking(yes=manner.yes)
    plan = pruning.plan(cloud, catalog.product_of(cloud, product, stack), delete=delete)
    if manner.plan:
        emit(show.pruning_json(plan, done=False) if manner.json else show.pruning(plan))
        return 0
    terminal.say(show.pruning(plan))
    if not plan.empty:
        _agree(terminal, "Delete these for good?" if delete else "Deactivate these?", manner)
    try:
        pruning.carry_out(cloud, plan, terminal)
    except KeyboardInterrupt:
        raise StoppedError("interrupted; repeat this command, and the rest is done") from None
    if manner.json:
        emit(show.pruning_json(plan, done=True))
    return 0


def link(
    cloud: Cloud,
    template: Template,
    given: Mapping[str, str],
    *,
    regions: Sequence[str],
    stack: str | None,
    source: str | staging.Bucket | None,
    shape: str,
) -> int:
    """Print the console's quick-create link: alone, as a table of buttons (markdown), or as json."""
    links.check(template, given, stack)
    terminal = Terminal()
    if source is None:
        raise UsageError(
            "the console reads the template from a bucket; stage it with --staging-bucket, or name where it is with "
            "--template-url"
        )
    if isinstance(source, str):
        links.check_url(source, template)
    elif source.name is None:
        raise UsageError(
            "a link is to last, and what is in the bucket that --create-staging-bucket makes expires after "
            f"{staging.EXPIRE_DAYS} days; name a bucket of yours with --staging-bucket"
        )
    asked = list(regions) or [cloud.region]
    # what is wrong with the Regions is said before anything is staged
    links.links(asked, "" if isinstance(source, staging.Bucket) else source, given, stack)
    if isinstance(source, staging.Bucket):
        source = staging.stage(cloud, template, source, terminal)
        terminal.say(links.readers(source))
    found = links.links(asked, source, given, stack)
    if shape == "json":
        emit(show.links_json(found))
    elif shape == "markdown" or len(found) > 1:
        emit(links.markdown(found))
    else:
        emit(found[0].url)
    return 0
