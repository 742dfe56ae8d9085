"""Links that open the console with a template and parameter values filled in. Nothing in this module calls AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from smtemplates.aws.endpoints import is_local, split_url
from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.aws_data.partitions import partition_of
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.request import check_name
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError

BUTTON = "https://s3.amazonaws.com/cloudformation-examples/cloudformation-launch-stack.png"
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-template.html
MAX_TEMPLATE_URL = 1024

# A host of S3 is s3, s3.REGION or s3-REGION, optionally after the bucket, and before the DNS suffix of the partition.
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9.-]+\.)?")
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


def check_url(url: str, template: Template) -> None:
    """Check that a URL is one from which the console can read the template.

    Raises:
        UsageError: it is not the https URL of an object in S3, or the hash in it is of a different template.
    """
    parts = split_url(url)
    host = parts.hostname or ""
    suffix = _suffix(host)
    in_s3 = suffix is not None and _S3_HOST.fullmatch(host.removesuffix(suffix))
    place = [*filter(None, parts.path.split("/"))]
    # the path begins with the bucket unless the host contains it
    if parts.scheme != "https" or not in_s3 or not place[0 if in_s3["bucket"] else 1 :]:
        raise UsageError(f"--template-url must be the https:// URL of an object in S3, not '{url}'")
    if len(url) > MAX_TEMPLATE_URL:
        raise UsageError(f"--template-url has {len(url):,} characters; the console accepts {MAX_TEMPLATE_URL:,}")
    digest = _DIGEST.search(parts.path)
    if digest and digest[0] != template.digest:
        raise UsageError(
            "the hash in --template-url is not that of --template, so the URL is of a different template; render and "
            "stage the template again"
        )


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


def _link(region: str, template_url: str, given: Mapping[str, str], stack: str | None) -> str:
    if not REGION.fullmatch(region):
        raise UsageError(f"'{region}' is not a Region; a Region looks like eu-west-1")
    partition, suffix = partition_of(region)
    host = CONSOLE_HOSTS.get(partition, "none")
    if host == "none":
        raise UsageError(f"no public documentation names the host of the console in {region} ({partition})")
    found = _suffix(urlsplit(template_url).hostname or "")
    if found not in (None, suffix):
        template_host = urlsplit(template_url).hostname
        raise UsageError(f"{region} cannot read a template from {template_host}; stage the template in that partition")
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
