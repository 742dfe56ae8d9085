"""Links that open the console with a template and its parameters filled in. Nothing here calls AWS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from smtemplates.aws.endpoints import is_local, parts_of
from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.aws_data.partitions import partition_of
from smtemplates.deploy import template as templates
from smtemplates.deploy.planning import check_name
from smtemplates.deploy.template import Template
from smtemplates.errors import UsageError

BUTTON = "https://s3.amazonaws.com/cloudformation-examples/cloudformation-launch-stack.png"
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-template.html
MAX_TEMPLATE_URL = 1024

# How the hosts of S3 end: the DNS suffix of the partition, behind s3, s3.REGION or s3-REGION.
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[.-](?:[a-z0-9.-]+\.)?")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link for one Region."""

    region: str
    url: str
    template_url: str


def check(template: Template, given: Mapping[str, str], stack: str | None) -> None:
    """Check the names and values that a link is to carry, all at once: the console ignores what it does not know.

    Raises:
        UsageError: something is wrong with them.
    """
    if stack is not None:
        check_name(stack)
    problems = [
        f"Parameter {name} is a secret (NoEcho), which the console takes from nobody but the person who fills it in."
        for name in sorted(given.keys() & template.secret_names)
    ]
    problems += templates.check(template, given, None if _incomplete(template, given) else {})
    if problems:
        raise UsageError("\n".join(problems))


def _incomplete(template: Template, given: Mapping[str, str]) -> bool:
    """Tell whether something is left for the person to fill in, so that the Rules cannot be judged yet."""
    return any("Default" not in about and name not in given for name, about in template.parameters.items())


def check_url(url: str, template: Template) -> None:
    """Refuse what the console cannot read a template from.

    Raises:
        UsageError: it is no https URL of an object in S3, or holds another template than the one it is checked with.
    """
    parts = parts_of(url)
    host = parts.hostname or ""
    suffix = _suffix(host)
    in_s3 = suffix is not None and _S3_HOST.fullmatch(host.removesuffix(suffix))
    place = [*filter(None, parts.path.split("/"))]
    # the path begins with the bucket where the host does not name it
    if parts.scheme != "https" or not in_s3 or not place[0 if in_s3["bucket"] else 1 :]:
        raise UsageError(f"--template-url must be the https:// URL of an object in S3, not '{url}'")
    if len(url) > MAX_TEMPLATE_URL:
        raise UsageError(f"--template-url has {len(url):,} characters; the console takes {MAX_TEMPLATE_URL:,}")
    held = _DIGEST.search(parts.path)
    if held and held[0] != template.digest:
        raise UsageError(
            "--template-url holds another template than --template, by the hash in its name; render and stage it again"
        )


def _suffix(host: str) -> str | None:
    """Return the longest DNS suffix of a partition that a host ends with."""
    suffixes = {partition_of(f"{start}x-1")[1] for start in ("", "cn-", "eusc-")}
    return max((one for one in suffixes if host.endswith(f".{one}")), key=len, default=None)


def links(regions: Sequence[str], template_url: str, given: Mapping[str, str], stack: str | None) -> tuple[Link, ...]:
    """Build a link for each Region.

    Raises:
        UsageError: a Region is none, has no console that we know, or cannot read that URL.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stacks-quick-create-links.html
    """
    return tuple(
        Link(region=region, url=_link(region, template_url, given, stack), template_url=template_url)
        for region in dict.fromkeys(regions)
    )


def _link(region: str, template_url: str, given: Mapping[str, str], stack: str | None) -> str:
    if not REGION.fullmatch(region):
        raise UsageError(f"'{region}' is not a Region; it looks like eu-west-1")
    partition, suffix = partition_of(region)
    host = CONSOLE_HOSTS.get(partition, "none")
    if host == "none":
        raise UsageError(f"the console of {region} ({partition}) is in no public documentation, so there is no link")
    found = _suffix(urlsplit(template_url).hostname or "")
    if found not in (None, suffix):
        raise UsageError(f"{region} cannot read a template from {urlsplit(template_url).hostname}: stage it there")
    query = {"templateURL": template_url, **({"stackName": stack} if stack else {})}
    query.update({f"param_{name}": value for name, value in given.items()})
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
    return f"https://{region}.{host}/cloudformation/home?region={region}#/stacks/create/review?{asked}"


def readers(template_url: str) -> str:
    """Say who must be able to read what a link leads to."""
    if is_local(template_url):
        return (
            f"the console cannot read {template_url}, which is on this machine: for links that work, stage with AWS "
            "itself (unset AWS_ENDPOINT_URL, and leave --endpoint-url out)"
        )
    return f"who follows the link must be allowed to read {template_url}"


def markdown(found: Sequence[Link]) -> str:
    """Show links as a table of buttons for a README or a wiki."""
    lines = ["| Region | |", "|---|---|"]
    lines += [f"| {link.region} | [![Launch Stack in {link.region}]({BUTTON})]({link.url}) |" for link in found]
    return "\n".join(lines)
