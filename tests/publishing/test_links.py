"""Links into the console: checked, encoded, and on the host of the Region's partition; by the real script."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.conftest import BUCKET, Publisher, template_of
from smtemplates.errors import UsageError
from smtemplates.publish import links

URL = "https://bucket.s3.eu-west-1.amazonaws.com/template.json"
CHINA = "https://bucket.s3.cn-north-1.amazonaws.com.cn/template.json"


def query_of(url: str) -> dict[str, list[str]]:
    """Read a link as the console does: what follows the ? of its fragment."""
    return parse_qs(urlsplit(url).fragment.partition("?")[2], keep_blank_values=True, strict_parsing=True)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_values_survive(value: str) -> None:
    """Whatever a value contains, the console reads it back, and neither Markdown nor a shell's URL ends early."""
    (link,) = links.links(["eu-west-1"], URL, {"Size": value}, "team")
    assert query_of(link.url) == {"templateURL": [URL], "stackName": ["team"], "param_Size": [value]}
    assert not set(link.url) & set(" '\"()<>|[]\\\n")


@pytest.mark.parametrize(
    ("region", "url", "host"),
    [
        ("eu-west-1", URL, "eu-west-1.console.aws.amazon.com"),
        ("us-gov-west-1", URL, "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", CHINA, "cn-north-1.console.amazonaws.cn"),
        ("eusc-de-east-1", "https://b.s3.eusc-de-east-1.amazonaws.eu/t", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_hosts(region: str, url: str, host: str) -> None:
    """Each partition has its console, which opens the page of CloudFormation in the Region."""
    (link,) = links.links([region], url, {}, None)
    assert link.url.startswith(f"https://{host}/cloudformation/home?region={region}#/stacks/create/review?templateURL=")


@pytest.mark.parametrize(
    ("region", "url", "told"),
    [
        ("us-iso-east-1", URL, "no public documentation"),
        ("cn-north-1", URL, "cannot read a template from bucket.s3.eu-west-1.amazonaws.com"),
        ("eu-west-1", CHINA, "cannot read a template from"),
        ("eu-west-1.evil.com/", URL, "is not a Region"),
    ],
)
def test_no_link(region: str, url: str, told: str) -> None:
    """No link is better than a wrong one."""
    with pytest.raises(UsageError, match=told):
        links.links([region], url, {}, None)


@pytest.mark.parametrize(
    "url",
    [
        "http://b.s3.amazonaws.com/t",
        "https://example.com/t",
        "https://s3.amazonaws.com.evil.com/t",
        "https://evil-s3.com/t",
        "https://b.s3.amazonaws.com",
        "https://b.s3.amazonaws.com/",
        "https://s3.us-east-1.amazonaws.com/b",
        "https://b.s3.amazonaws.com:99999/t",
        "https://[::1",
    ],
)
def test_where_templates_are(publisher: Publisher, url: str) -> None:
    """A template that the console could not read is refused."""
    path = publisher.write(template_of())
    done = publisher.run("link", "--template", str(path), "--template-url", url, "--region", "eu-west-1")
    assert (done.returncode, done.stdout, "--template-url must be" in done.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("Sizes=1", "did you mean Size?"),
        ("Size=3", "must be 1 or 2; it is '3'"),
        ("Token=x", "Parameter Token is a secret"),
    ],
)
def test_parameters_are_checked(publisher: Publisher, setting: str, told: str) -> None:
    """What the console would silently ignore, or refuse only after the person has filled in the page, is said now."""
    content = template_of(AllowedPattern="[12]", ConstraintDescription="must be 1 or 2")
    content["Parameters"]["Token"] = {"Type": "String", "Default": "", "NoEcho": True}
    done = publisher.run("link", "--template", str(publisher.write(content)), "--template-url", URL, "--set", setting)
    assert (done.returncode, done.stdout, told in done.stderr) == (2, "", True), done.stderr


def test_another_template(publisher: Publisher) -> None:
    """A URL that names the hash of another template than the one at hand is refused."""
    url = URL.replace("template.json", f"smtemplates/{'0' * 64}.template")
    done = publisher.run("link", "--template", str(publisher.write(template_of())), "--template-url", url)
    assert (done.returncode, "holds another template" in done.stderr) == (2, True)


def test_staged(publisher: Publisher) -> None:
    """The template is staged and the link holds where; what is on this machine alone, the console cannot read."""
    path = publisher.write(template_of(Default=publisher.product))
    arguments = ["link", "--template", str(path), "--staging-bucket", BUCKET, "--stack", "team", "--json"]
    done = publisher.run(*arguments)
    (link,) = json.loads(done.stdout)
    (url,) = query_of(link["url"])["templateURL"]
    staged = publisher.aws.client("s3").get_object(Bucket=BUCKET, Key=url.split(f"/{BUCKET}/")[1])
    assert json.loads(staged["Body"].read()) == template_of(Default=publisher.product)
    assert f"the console cannot read {url}" in done.stderr
    assert "unset AWS_ENDPOINT_URL" in done.stderr


def test_readers() -> None:
    """Of what is staged with AWS it is said who must be allowed to read it."""
    assert links.readers(URL) == f"who follows the link must be allowed to read {URL}"


def test_a_bucket_that_forgets(publisher: Publisher) -> None:
    """A link to what expires in a week is refused before anything is made; a bucket that is not there is said to be."""
    path = publisher.write(template_of())
    done = publisher.run("link", "--template", str(path), "--create-staging-bucket")
    assert (done.returncode, done.stdout, "expires after 7 days; name a bucket of yours" in done.stderr) == (
        2,
        "",
        True,
    )
    done = publisher.run("link", "--template", str(path), "--staging-bucket", "nowhere-at-all")
    assert (done.returncode, "there is no staging bucket nowhere-at-all; make it" in done.stderr) == (2, True)
    assert [one["Name"] for one in publisher.aws.client("s3").list_buckets(Prefix="smtemplates-")["Buckets"]] == []


def test_buttons(publisher: Publisher) -> None:
    """Several Regions are a Markdown table, with a button each."""
    path = publisher.write(template_of())
    regions = ["eu-west-1", "us-east-1"]
    done = publisher.run("link", "--template", str(path), "--template-url", URL, "--region", *regions)
    head, rule, *rows = done.stdout.splitlines()
    assert (head, rule) == ("| Region | |", "|---|---|")
    assert [row.split(" | ")[0] for row in rows] == ["| eu-west-1", "| us-east-1"]
    assert "(https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1#" in rows[1]
