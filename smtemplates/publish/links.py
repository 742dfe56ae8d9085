"""Links that open the console with a template and parameter values filled in. Nothing in this module calls AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from smtemplates.aws.endpoints import is_local, split_url
from smtemplates.aws.objects import Location
from smtemplates.aws.regions import no_such_region
from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.aws_data.partitions import PARTITIONS, partition_of
from smtemplates.aws_data.regions import NAME
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.request import check_name
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError

BUTTON = "https://s3.amazonaws.com/cloudformation-examples/cloudformation-launch-stack.png"

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-template.html
MAX_TEMPLATE_URL = 1024

# A host of S3 is s3, s3.REGION or s3-REGION, optionally after the bucket, and before the DNS suffix of the partition.
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?P<place>[a-z0-9.-]+\.)?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Link:
    """The link for one Region."""

    region: str
    url: str
    template_url: str


def check(template: Template, given: Mapping[str, str], stack: str | None) -> None:
    """Check the names and values for a link, and report all errors at once. The console would ignore unknown names.

    Raises:
        UsageError: a name or value is not valid.
    """
    if stack is not None:
        check_name(stack)
    problems = [
        f"Parameter {name} is a secret (NoEcho): the console ignores its value in a link. The user must enter it."
        for name in sorted(given.keys() & template.secret_names)
    ]
    problems += templates.check(template, given, None if _incomplete(template, given) else {})
    if problems:
        raise UsageError("\n".join(problems))


def _incomplete(template: Template, given: Mapping[str, str]) -> bool:
    """Return whether the user must still enter values in the console, so that the Rules cannot be evaluated yet."""
    return any("Default" not in about and name not in given for name, about in template.parameters.items())


def check_url(url: str, template: Template) -> Location:
    """Check that a URL is one from which the console can read the template, and return the bucket and the key.

    Raises:
        UsageError: it is not the https URL of an object in S3, or the hash in it is of a different template.
    """
    parts = split_url(url)
    in_s3 = _in_s3(parts.hostname or "")
    path = unquote(parts.path.removeprefix("/"))
    # the path begins with the bucket unless the host contains it
    bucket, _, key = (in_s3["bucket"], "", path) if in_s3 and in_s3["bucket"] else path.partition("/")
    if parts.scheme != "https" or not in_s3 or not key.strip("/"):
        raise UsageError(f"--template-url must be the https:// URL of an object in S3, not '{url}'")
    if len(url) > MAX_TEMPLATE_URL:
        raise UsageError(f"--template-url has {len(url):,} characters; the console accepts {MAX_TEMPLATE_URL:,}")
    digest = _DIGEST.search(parts.path)
    if digest and digest[0] != template.digest:
        raise UsageError(
            "the hash in --template-url is not that of --template, so the URL is of a different template; render and "
            "stage the template again"
        )
    return Location(bucket=bucket, key=key)


def _in_s3(host: str) -> re.Match[str] | None:
    """Return the parts of a host name of S3; None if it is another host."""
    suffix = _suffix(host)
    return None if suffix is None else _S3_HOST.fullmatch(host.removesuffix(suffix))


def _partition(url: str) -> str | None:
    """Return the partition of a URL in S3; None for another URL.

    GovCloud has the DNS suffix of the commercial Regions, so the Region in the host decides. A host without a Region
    is in the commercial Regions.

    Source: https://docs.aws.amazon.com/general/latest/gr/s3.html
    """
    host = urlsplit(url).hostname or ""
    suffix, in_s3 = _suffix(host), _in_s3(host)
    if in_s3 is None:
        return None
    if region := NAME.search(in_s3["place"] or ""):
        return partition_of(region[0])[0]
    return next(partition for _, partition, own in reversed(PARTITIONS) if own == suffix)


def _suffix(host: str) -> str | None:
    """Return the DNS suffix of the partition of a host, or None."""
    suffixes = {partition_of(f"{start}x-1")[1] for start in ("", "cn-", "eusc-")}
    return max((one for one in suffixes if host.endswith(f".{one}")), key=len, default=None)


def links(regions: Sequence[str], template_url: str, given: Mapping[str, str], stack: str | None) -> tuple[Link, ...]:
    """Return a link for each Region.

    Raises:
        UsageError: a Region is not valid, its console is not known, or it cannot read the URL.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
    """
    return tuple(
        Link(region=region, url=_link(region, template_url, given, stack), template_url=template_url)
        for region in dict.fromkeys(regions)
    )


def check_partition(home: str, regions: Sequence[str]) -> None:
    """Check that all Regions are in the partition of the Region whose buckets are used.

    Raises:
        UsageError: a Region is in another partition.
    """
    partition = partition_of(home)[0]
    for region in regions:
        if partition_of(region)[0] != partition:
            raise UsageError(
                f"{region} cannot read a template from a bucket of the partition {partition}; run this command for "
                "each partition, with credentials of it"
            )


def _link(region: str, template_url: str, given: Mapping[str, str], stack: str | None) -> str:
    if not NAME.fullmatch(region):
        raise UsageError(no_such_region(region))
    partition = partition_of(region)[0]
    host = CONSOLE_HOSTS.get(partition, "none")
    if host == "none":
        raise UsageError(f"no public documentation names the host of the console in {region} ({partition})")
    if _partition(template_url) not in (None, partition):
        template_host = urlsplit(template_url).hostname
        raise UsageError(
            f"{region} cannot read a template from {template_host}, which is in another partition; stage the template "
            f"in a bucket of the partition {partition}"
        )
    query = {"templateURL": template_url, **({"stackName": stack} if stack else {})}
    query.update({f"param_{name}": value for name, value in given.items()})
    encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
    return f"https://{region}.{host}/cloudformation/home?region={region}#/stacks/create/review?{encoded}"


def access_note(template_url: str) -> str:
    """Return a message about who must be able to read the template of a link."""
    if is_local(template_url):
        return (
            f"the console cannot read {template_url}, which is on this machine. For links that work, stage the "
            "template in AWS: unset AWS_ENDPOINT_URL and remove --endpoint-url"
        )
    return f"users of the link need permission to read {template_url}"


def markdown(found: Sequence[Link]) -> str:
    """Return links as a Markdown table of buttons."""
    lines = ["| Region | |", "|---|---|"]
    lines += [f"| {link.region} | [![Launch Stack in {link.region}]({BUTTON})]({link.url}) |" for link in found]
    return "\n".join(lines)
