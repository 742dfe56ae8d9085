"""The URL of a staged template contains the Region of the bucket, whichever Region is called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from deploying.local_aws import ACCOUNT, Aws
from deploying.proxy import serving

from publishing.aws_hosts import Hosts
from publishing.conftest import BUCKET, Publisher, template_of

ABROAD, DOTTED = "publishing-abroad", "publishing.abroad"
BUCKETS = {
    BUCKET: f"https://{BUCKET}.s3.us-east-1.amazonaws.com",
    ABROAD: f"https://{ABROAD}.s3.eu-west-1.amazonaws.com",
    # the certificate of S3 covers no bucket name with dots before .s3
    DOTTED: f"https://s3.eu-west-1.amazonaws.com/{DOTTED}",
}
REGIONS = ("us-east-1", "eu-west-1")
HOSTS = [
    *(f"{name}.{region}.amazonaws.com" for name in ("cloudformation", "servicecatalog", "sts") for region in REGIONS),
    *(
        f"{bucket}s3{region}.amazonaws.com"
        for bucket in ("", f"{BUCKET}.", f"{ABROAD}.")
        for region in ("", ".us-east-1", ".eu-west-1")
    ),
]


@pytest.fixture(scope="module", autouse=True)
def abroad(aws: Aws) -> None:
    """Create buckets in a Region other than the default Region of the tests."""
    for bucket in (ABROAD, DOTTED):
        configuration = {"LocationConstraint": "eu-west-1"}
        aws.client("s3", "eu-west-1").create_bucket(Bucket=bucket, CreateBucketConfiguration=configuration)


@pytest.fixture
def hosts(publisher: Publisher, tmp_path: Path) -> Iterator[Hosts]:
    with serving(Hosts(publisher.catalog.url, tmp_path, HOSTS)) as hosts:
        yield hosts


def url_of(bucket: str, path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{BUCKETS[bucket]}/smtemplates/{digest}.template"


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("bucket", BUCKETS)
def test_link_contains_the_region_of_the_bucket(publisher: Publisher, hosts: Hosts, bucket: str, region: str) -> None:
    """A link names the Region of the bucket, although the calls go to the first Region of the list."""
    path = publisher.write(template_of(Default=publisher.product))
    place = ["--template", str(path), "--staging-bucket", bucket]
    done = publisher.run("link", *place, "--json", "--region", f"{region},ap-south-1", **hosts.environment)
    assert done.returncode == 0, done.stderr
    assert [one["template_url"] for one in json.loads(done.stdout)] == [url_of(bucket, path)] * 2


@pytest.mark.parametrize("region", REGIONS)
def test_version_uses_the_region_of_the_bucket(publisher: Publisher, hosts: Hosts, region: str) -> None:
    """Service Catalog, which follows no redirects, receives that URL."""
    arguments = publisher.arguments("1.0.0", "--yes", "--region", region, size=publisher.product)
    done = publisher.run(*arguments, **hosts.environment)
    assert done.returncode == 0, done.stderr
    (version,) = publisher.catalog.products[publisher.product]
    assert version["url"] == url_of(BUCKET, publisher.folder / "template.json")


@pytest.mark.parametrize("region", REGIONS)
def test_plan_uses_the_region_of_the_bucket(publisher: Publisher, hosts: Hosts, region: str) -> None:
    """CloudFormation receives that URL from deploy.py. The local cloud does not support the URL, so the plan fails."""
    path = publisher.write({**template_of(), "Metadata": {"Filler": publisher.product + "x" * 60_000}})
    place = ["--staging-bucket", ABROAD, "--region", region]
    publisher.aws.run("plan", publisher.product, *place, template=path, **hosts.environment)
    (request,) = (body for body in hosts.bodies if "Action=CreateChangeSet" in body)
    assert f"TemplateURL={quote_plus(f'{BUCKETS[ABROAD]}/smtemplates/')}" in request


def test_link_and_version_use_the_options_of_the_bucket(publisher: Publisher) -> None:
    """The options of the staging bucket apply to links and to versions."""
    key = publisher.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    prefix = f"teams/{publisher.product}"
    options = ["--staging-prefix", prefix, "--staging-kms-key", key, "--staging-bucket-owner", ACCOUNT]
    path = publisher.write(template_of(Default=publisher.product))
    done = publisher.run("link", "--template", str(path), "--staging-bucket", BUCKET, "--json", *options)
    assert done.returncode == 0, done.stderr
    (link,) = json.loads(done.stdout)
    assert f"/{BUCKET}/{prefix}/" in link["template_url"]
    done = publisher.run(*publisher.arguments("1.0.0", "--yes", *options, size=publisher.product))
    assert done.returncode == 0, done.stderr
    (version,) = publisher.catalog.products[publisher.product]
    assert f"/{BUCKET}/{prefix}/" in version["url"]
    found = publisher.aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
    heads = [publisher.aws.client("s3").head_object(Bucket=BUCKET, Key=item["Key"]) for item in found]
    assert {head["SSEKMSKeyId"] for head in heads} == {key}
