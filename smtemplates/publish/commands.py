"""The commands that publish: each prints its result and returns the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smtemplates.aws.errors import StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.partitions import partition_of
from smtemplates.deploy.printing.terminal import Terminal, print_result, terminal_for_questions
from smtemplates.deploy.requests import staging
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError
from smtemplates.publish import catalog, lifetime, links, pruning, publication
from smtemplates.publish import tables as show
from smtemplates.publish.publication import Request


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of the commands that change something: only plan, do not ask for confirmation, print JSON."""

    plan: bool = False
    yes: bool = False
    json: bool = False


def version(cloud: Cloud, product: str | None, stack: str | None, request: Request, options: Options) -> int:
    """Show the steps of a publication, ask for confirmation, and publish a template as a version."""
    terminal = Terminal() if options.plan else terminal_for_questions(yes=options.yes)
    product_id = catalog.product_of(cloud, product, stack)
    plan = publication.plan(cloud, product_id, request)
    version_id = plan.existing.id if plan.existing else None
    if options.plan:
        print_result(
            show.publication_json(plan, done=False, version_id=version_id) if options.json else show.publication(plan)
        )
        return 0
    terminal.say(show.publication(plan))
    if not plan.empty:
        _confirm(terminal, "Publish this version?", options)
    # even if no step is left, AWS may still be creating the version of an earlier run
    if not plan.unchanged:
        try:
            version_id = publication.execute(cloud, plan, request, terminal)
        except KeyboardInterrupt:
            raise StoppedError(
                f"interrupted. AWS may still be creating version {request.version}. Repeat this command to complete "
                "the publication"
            ) from None
        terminal.say(f"published version {request.version} of product {product_id} ({version_id})")
    if options.json:
        print_result(show.publication_json(plan, done=True, version_id=version_id))
    return 0


def _confirm(terminal: Terminal, question: str, options: Options) -> None:
    if not options.yes and not terminal.confirm(question):
        raise StoppedError("nothing was changed")


def versions(cloud: Cloud, product: str | None, stack: str | None, *, as_json: bool) -> int:
    """List the versions of a product."""
    product_id = catalog.product_of(cloud, product, stack)
    found, used = catalog.versions(cloud, product_id), catalog.usage(cloud, product_id)
    failed = catalog.failed(cloud, product_id, (version for version in found if version.active))
    print_result(show.versions_json(found, failed, used) if as_json else show.versions(found, failed, used))
    return 0


def prune(cloud: Cloud, product: str | None, stack: str | None, *, delete: bool, options: Options) -> int:
    """Show the unused versions, ask for confirmation, and deactivate or delete them."""
    terminal = Terminal() if options.plan else terminal_for_questions(yes=options.yes)
    plan = pruning.plan(cloud, catalog.product_of(cloud, product, stack), delete=delete)
    if options.plan:
        print_result(show.pruning_json(plan, done=False) if options.json else show.pruning(plan))
        return 0
    terminal.say(show.pruning(plan))
    if not plan.empty:
        question = "Delete these versions permanently?" if delete else "Deactivate these versions?"
        _confirm(terminal, question, options)
    try:
        pruning.execute(cloud, plan, terminal)
    except KeyboardInterrupt:
        raise StoppedError("interrupted. Repeat this command to complete it") from None
    if options.json:
        print_result(show.pruning_json(plan, done=True))
    return 0


def stage(cloud: Cloud, template: Template, bucket: staging.Bucket | None) -> int:
    """Upload a template to a bucket, and print its URL in AWS, which a rehearsal on a local cloud also accepts."""
    if bucket is None:
        raise UsageError("specify the bucket with --staging-bucket")
    print_result(_staged(cloud, template, bucket, Terminal(), endpoint=f"https://s3.{partition_of(cloud.region)[1]}"))
    return 0


def _staged(
    cloud: Cloud, template: Template, bucket: staging.Bucket, terminal: Terminal, *, endpoint: str | None = None
) -> str:
    """Upload a template to a bucket that keeps it, and return its URL."""
    if bucket.name is None:
        raise UsageError(
            f"objects in the bucket of --create-staging-bucket expire after {staging.EXPIRE_DAYS} days, and the URL "
            "with them; use your own bucket with --staging-bucket"
        )
    lifetime.check_bucket(cloud, template, bucket, terminal)
    return staging.stage(cloud, template, bucket, terminal, endpoint=endpoint)


def link(
    cloud: Cloud,
    template: Template,
    given: Mapping[str, str],
    *,
    regions: Sequence[str],
    stack: str | None,
    source: str | staging.Bucket | None,
    output_format: str,
) -> int:
    """Print quick-create links of the console. `output_format` is url, markdown (a table of buttons) or json."""
    links.check(template, given, stack)
    terminal = Terminal()
    if source is None:
        raise UsageError(
            "the console reads the template from a bucket; stage it with --staging-bucket, or specify its URL with "
            "--template-url"
        )
    location = links.check_url(source, template) if isinstance(source, str) else None
    regions = list(regions) or [cloud.region]
    # errors in the Regions are reported before anything is staged
    links.links(regions, "" if isinstance(source, staging.Bucket) else source, given, stack)
    if location is not None:
        lifetime.check_object(cloud, template, location, terminal)
    if isinstance(source, staging.Bucket):
        links.check_partition(cloud.region, regions)
        source = _staged(cloud, template, source, terminal)
        terminal.say(links.access_note(source))
    found = links.links(regions, source, given, stack)
    if output_format == "json":
        print_result(show.links_json(found))
    elif output_format == "markdown" or len(found) > 1:
        print_result(links.markdown(found))
    else:
        print_result(found[0].url)
    return 0
