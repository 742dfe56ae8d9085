"""Links to the console: validation, encoding, and the host for each partition."""

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
# GovCloud has the DNS suffix of the commercial Regions
GOVCLOUD = "https://s3-us-gov-west-1.amazonaws.com/bucket/template.json"
CHINA = "https://bucket.s3.cn-north-1.amazonaws.com.cn/template.json"


def query_of(url: str) -> dict[str, list[str]]:
    """Return the query after the ? in the fragment, as the console parses it."""
    return parse_qs(urlsplit(url).fragment.partition("?")[2], keep_blank_values=True, strict_parsing=True)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_values_are_encoded(value: str) -> None:
    """The console decodes any value unchanged, and no character ends the URL early in Markdown or a shell."""
    (link,) = links.links(["eu-west-1"], URL, {"Size": value}, "team")
    assert query_of(link.url) == {"templateURL": [URL], "stackName": ["team"], "param_Size": [value]}
    assert not set(link.url) & set(" '\"()<>|[]\\\n")


@pytest.mark.parametrize(
    ("region", "url", "host"),
    [
        ("eu-west-1", URL, "eu-west-1.console.aws.amazon.com"),
        ("us-gov-west-1", GOVCLOUD, "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("cn-north-1", CHINA, "cn-north-1.console.amazonaws.cn"),
        ("eusc-de-east-1", "https://b.s3.eusc-de-east-1.amazonaws.eu/t", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_its_console_host(region: str, url: str, host: str) -> None:
    """A link opens the CloudFormation page of the Region, on the console host of the partition."""
    (link,) = links.links([region], url, {}, None)
    assert link.url.startswith(f"https://{host}/cloudformation/home?region={region}#/stacks/create/review?templateURL=")


@pytest.mark.parametrize(
    ("region", "url", "message"),
    [
        ("us-iso-east-1", URL, "no public documentation"),
        ("cn-north-1", URL, "cannot read a template from bucket.s3.eu-west-1.amazonaws.com"),
        ("eu-west-1", CHINA, "cannot read a template from"),
        ("us-gov-west-1", URL, "in another partition; stage the template in a bucket of the partition aws-us-gov"),
        ("us-gov-west-1", "https://bucket.s3.amazonaws.com/template.json", "in another partition"),
        ("eu-west-1", GOVCLOUD, "cannot read a template from s3-us-gov-west-1.amazonaws.com"),
        ("eu-west-1.evil.com/", URL, "There is no Region"),
    ],
)
def test_impossible_links_are_rejected(region: str, url: str, message: str) -> None:
    """No link is printed for an unknown Region, or for one that cannot read the template."""
    with pytest.raises(UsageError, match=message):
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
def test_template_url_must_be_an_object_in_s3(publisher: Publisher, url: str) -> None:
    """A URL that the console cannot read is rejected."""
    path = publisher.write(template_of())
    done = publisher.run("link", "--template", str(path), "--template-url", url, "--region", "eu-west-1")
    assert (done.returncode, done.stdout, "--template-url must be" in done.stderr) == (2, "", True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("Sizes=1", "did you mean Size?"),
        ("Size=3", "must be 1 or 2; it is '3'"),
        ("Token=x", "Parameter Token is a secret"),
    ],
)
def test_parameter_values_are_validated(publisher: Publisher, setting: str, message: str) -> None:
    """Values that the console would ignore or reject later are rejected when the link is created."""
    content = template_of(AllowedPattern="[12]", ConstraintDescription="must be 1 or 2")
    content["Parameters"]["Token"] = {"Type": "String", "Default": "", "NoEcho": True}
    done = publisher.run("link", "--template", str(publisher.write(content)), "--template-url", URL, "--set", setting)
    assert (done.returncode, done.stdout, message in done.stderr) == (2, "", True), done.stderr


def test_template_url_with_a_different_hash_is_rejected(publisher: Publisher) -> None:
    """A URL that contains the hash of a different template is rejected."""
    url = URL.replace("template.json", f"smtemplates/{'0' * 64}.template")
    done = publisher.run("link", "--template", str(publisher.write(template_of())), "--template-url", url)
    assert (done.returncode, "the URL is of a different template" in done.stderr) == (2, True)


def test_link_contains_the_url_of_the_staged_template(publisher: Publisher) -> None:
    """The template is staged and the link contains its URL. A note says that the console cannot read a local URL."""
    path = publisher.write(template_of(Default=publisher.product))
    arguments = ["link", "--template", str(path), "--staging-bucket", BUCKET, "--stack", "team", "--json"]
    done = publisher.run(*arguments)
    (link,) = json.loads(done.stdout)
    (url,) = query_of(link["url"])["templateURL"]
    staged = publisher.aws.client("s3").get_object(Bucket=BUCKET, Key=url.split(f"/{BUCKET}/")[1])
    assert json.loads(staged["Body"].read()) == template_of(Default=publisher.product)
    assert f"the console cannot read {url}" in done.stderr
    assert "unset AWS_ENDPOINT_URL" in done.stderr


def test_note_about_read_permission() -> None:
    """A note says that users need permission to read the template."""
    assert links.access_note(URL) == f"users of the link need permission to read {URL}"


def test_region_of_another_partition_is_rejected_before_staging(publisher: Publisher) -> None:
    """A bucket is in the partition of the first Region, so that the template is not uploaded for another partition."""
    path = publisher.write(template_of(Default=publisher.product))
    prefix = f"partitions/{publisher.product}"
    place = ["--staging-bucket", BUCKET, "--staging-prefix", prefix]
    done = publisher.run("link", "--template", str(path), *place, "--region", "us-east-1,us-gov-west-1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "us-gov-west-1 cannot read a template from a bucket of the partition aws" in done.stderr
    assert "Contents" not in publisher.aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)


@pytest.mark.parametrize("command", ["link", "stage"])
@pytest.mark.parametrize(
    ("bucket", "message"),
    [
        ([], "with --staging-bucket"),
        (["--create-staging-bucket"], "expire after 7 days, and the URL with them"),
        (["--staging-bucket", "nowhere-at-all"], "Staging bucket nowhere-at-all does not exist"),
    ],
)
def test_expiring_or_missing_bucket_is_rejected(
    publisher: Publisher, command: str, bucket: list[str], message: str
) -> None:
    """A bucket whose objects expire, that does not exist or is not specified is rejected. Nothing is created."""
    path = publisher.write(template_of())
    done = publisher.run(command, "--template", str(path), *bucket)
    assert (done.returncode, done.stdout, message in done.stderr) == (2, "", True), done.stderr
    assert [one["Name"] for one in publisher.aws.client("s3").list_buckets(Prefix="smtemplates-")["Buckets"]] == []


@pytest.mark.parametrize(
    ("regions", "deprecated"),
    [
        (["--region", "eu-west-1,us-east-1"], False),
        (["--region", "eu-west-1", "--region", "us-east-1"], False),
        (["--region", "eu-west-1", "us-east-1"], True),
    ],
)
def test_several_regions_are_a_markdown_table(publisher: Publisher, regions: list[str], *, deprecated: bool) -> None:
    """Links for several Regions are printed as a table with one button each. The form of 0.1.0 is reported."""
    path = publisher.write(template_of())
    done = publisher.run("link", "--template", str(path), "--template-url", URL, *regions)
    head, rule, *rows = done.stdout.splitlines()
    assert (head, rule) == ("| Region | |", "|---|---|")
    assert [row.split(" | ")[0] for row in rows] == ["| eu-west-1", "| us-east-1"]
    assert "(https://us-east-1.console.aws.amazon.com/cloudformation/home?region=us-east-1#" in rows[1]
    assert ("--region eu-west-1 us-east-1 is now --region eu-west-1,us-east-1." in done.stderr) == deprecated
