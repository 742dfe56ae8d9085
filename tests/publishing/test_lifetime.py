"""The template of a link must exist, and the bucket must not delete or archive it later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from deploying.local_aws import Aws, policy
from deploying.proxy import serving

from publishing.aws_hosts import Hosts
from publishing.conftest import BUCKET, Publisher, template_of
from smtemplates.publish.lifetime import loss_by

KEY, SIZE = "smtemplates/0123.template", 200_000
WEEK = {"Expiration": {"Days": 7}}
COLD = {"Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "DEEP_ARCHIVE"}]}
EXPIRES, ARCHIVED, KEPT = "expires after 7 days", "is archived after 90 days", ""


def tagged(*names: str) -> list[dict[str, str]]:
    return [{"Key": name, "Value": "yes"} for name in names]


@pytest.mark.parametrize(
    ("rule", "size", "tags", "expected"),
    [
        (WEEK, SIZE, {}, EXPIRES),
        ({**WEEK, "Status": "Disabled"}, SIZE, {}, KEPT),
        ({**WEEK, "Prefix": ""}, SIZE, {}, EXPIRES),
        ({**WEEK, "Prefix": "smtemplates/"}, SIZE, {}, EXPIRES),
        ({**WEEK, "Prefix": "logs/"}, SIZE, {}, KEPT),
        ({**WEEK, "Filter": {"Prefix": "smtemplates/0"}}, SIZE, {}, EXPIRES),
        ({**WEEK, "Filter": {"Prefix": "smtemplates/1"}}, SIZE, {}, KEPT),
        ({**WEEK, "Filter": {}}, SIZE, {}, EXPIRES),
        ({**WEEK, "Filter": {"Tag": tagged("old")[0]}}, SIZE, {"old": "yes"}, EXPIRES),
        ({**WEEK, "Filter": {"Tag": tagged("old")[0]}}, SIZE, {"old": "no"}, KEPT),
        ({**WEEK, "Filter": {"Tag": tagged("old")[0]}}, SIZE, {}, KEPT),
        ({**WEEK, "Filter": {"Tag": tagged("old")[0]}}, SIZE, None, EXPIRES),
        ({**WEEK, "Filter": {"And": {"Prefix": "smtemplates/", "Tags": tagged("a", "b")}}}, SIZE, {"a": "yes"}, KEPT),
        ({**WEEK, "Filter": {"And": {"Prefix": "s", "Tags": tagged("a")}}}, SIZE, {"a": "yes"}, EXPIRES),
        ({**WEEK, "Filter": {"And": {"Prefix": "logs/", "Tags": tagged("a")}}}, SIZE, {"a": "yes"}, KEPT),
        ({**WEEK, "Filter": {"ObjectSizeGreaterThan": SIZE}}, SIZE, {}, KEPT),
        ({**WEEK, "Filter": {"ObjectSizeGreaterThan": SIZE - 1}}, SIZE, {}, EXPIRES),
        ({**WEEK, "Filter": {"ObjectSizeLessThan": SIZE}}, SIZE, {}, KEPT),
        ({**WEEK, "Filter": {"ObjectSizeLessThan": SIZE + 1}}, SIZE, {}, EXPIRES),
        ({"Expiration": {"Date": datetime(2030, 1, 2, tzinfo=timezone.utc)}}, SIZE, {}, "expires on 2030-01-02"),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, SIZE, {}, KEPT),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}, SIZE, {}, KEPT),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}, SIZE, {}, KEPT),
        (COLD, SIZE, {}, ARCHIVED),
        (COLD, 1000, {}, KEPT),
        ({**COLD, "Filter": {"ObjectSizeGreaterThan": 10}}, 1000, {}, ARCHIVED),
        ({"Transitions": [{"Days": 1, "StorageClass": "GLACIER_IR"}]}, SIZE, {}, KEPT),
    ],
)
def test_rules_that_delete_or_archive_the_template(
    rule: dict[str, Any], size: int, tags: dict[str, str] | None, expected: str
) -> None:
    """A rule counts if it is enabled, applies to the key, size and tags, and makes the object unreadable."""
    rules = [
        {"ID": "other", "Status": "Enabled", "Filter": {"Prefix": "other/"}, **WEEK},
        {"Status": "Enabled", **rule},
    ]
    found = loss_by({"Rules": rules}, KEY, size, tags)
    assert found == expected
    named = loss_by({"Rules": [{**rules[1], "ID": "clean"}]}, KEY, size, tags)
    assert named == (f"{expected} (rule clean of the bucket)" if expected else "")


def test_small_objects_are_archived_if_the_bucket_says_so() -> None:
    """S3 moves small objects only in buckets whose default minimum size depends on the storage class."""
    configuration = {"Rules": [{"Status": "Enabled", **COLD}]}
    assert loss_by(configuration, KEY, 1000, {}) == ""
    varies = {**configuration, "TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    assert loss_by(varies, KEY, 1000, {}) == ARCHIVED


@pytest.fixture
def expiring(aws: Aws) -> Iterator[str]:
    """Yield the name of a bucket in which objects under smtemplates/ expire after seven days."""
    s3, name = aws.client("s3"), "publishing-expiring"
    s3.create_bucket(Bucket=name)
    rule = {"ID": "clean", "Status": "Enabled", "Filter": {"Prefix": "smtemplates/"}, **WEEK}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    yield name
    for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize("command", ["link", "stage"])
def test_staging_bucket_whose_objects_expire_is_rejected(publisher: Publisher, expiring: str, command: str) -> None:
    """Nothing is staged in a bucket that deletes the template. Another prefix of the same bucket can be used."""
    path = publisher.write(template_of())
    arguments = [command, "--template", str(path), "--staging-bucket", expiring]
    done = publisher.run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expires after 7 days (rule clean of the bucket), and its URL would then no longer work" in done.stderr
    assert "Contents" not in publisher.aws.client("s3").list_objects_v2(Bucket=expiring)
    done = publisher.run(*arguments, "--staging-prefix", "links")
    assert done.returncode == 0, done.stderr


def test_bucket_of_the_deployer_is_rejected_by_its_name(publisher: Publisher) -> None:
    """The bucket of --create-staging-bucket deletes its objects, however it is specified."""
    path = publisher.write({**template_of(), "Metadata": {"Filler": "x" * 60_000}})
    planned = publisher.aws.run("plan", publisher.product, "--create-staging-bucket", template=path)
    assert planned.returncode == 0, planned.stderr
    s3 = publisher.aws.client("s3")
    (name,) = (one["Name"] for one in s3.list_buckets(Prefix="smtemplates-staging-")["Buckets"])
    done = publisher.run("link", "--template", str(path), "--staging-bucket", name)
    for item in s3.list_objects_v2(Bucket=name)["Contents"]:
        s3.delete_object(Bucket=name, Key=item["Key"])
    s3.delete_bucket(Bucket=name)
    assert (done.returncode, "expires after 7 days" in done.stderr) == (2, True), done.stderr


def test_unreadable_rules_are_reported(publisher: Publisher, expiring: str) -> None:
    """A user who may only stage templates can create links. A note reports that the rules were not checked."""
    objects = policy(Action=["s3:PutObject", "s3:GetObject"], Resource="*")
    role = publisher.aws.as_role(publisher.aws.role(publisher.product, allowed=objects))
    path = publisher.write(template_of())
    arguments = ["link", "--template", str(path), "--staging-bucket", expiring]
    done = publisher.run(*arguments, **role.credentials)
    assert (done.returncode, "s3:GetLifecycleConfiguration" in done.stderr) == (0, True), done.stderr


HOST = f"{BUCKET}.s3.us-east-1.amazonaws.com"


@pytest.fixture
def hosts(publisher: Publisher, tmp_path: Path) -> Iterator[Hosts]:
    buckets = (f"{name}.s3{region}" for name in (BUCKET, "publishing-expiring") for region in ("", ".us-east-1"))
    names = (f"{start}.amazonaws.com" for start in (*buckets, "s3.us-east-1", "sts.us-east-1"))
    with serving(Hosts(publisher.catalog.url, tmp_path, [*names])) as hosts:
        yield hosts


def test_object_of_the_template_url_is_checked(publisher: Publisher, hosts: Hosts, expiring: str) -> None:
    """The object must exist, be the template in any notation, and must not expire."""
    path, s3 = publisher.write(template_of()), publisher.aws.client("s3")

    def link(host: str, key: str) -> tuple[int, str]:
        url = f"https://{host}/{key}"
        arguments = ["link", "--template", str(path), "--template-url", url, "--region", "us-east-1"]
        done = publisher.run(*arguments, **hosts.environment)
        return done.returncode, " ".join(done.stderr.split())

    assert link(HOST, "missing.json")[0] == 2
    assert "does not exist. Check the URL" in link(HOST, "missing.json")[1]
    s3.put_object(Bucket=BUCKET, Key="links/other.json", Body=json.dumps(template_of(Default="2")))
    assert "is not the template of --template" in link(HOST, "links/other.json")[1]
    s3.put_object(Bucket=BUCKET, Key="links/same.json", Body=json.dumps(template_of(), indent=4))
    assert link(HOST, "links/same.json") == (0, "")
    s3.put_object(Bucket=expiring, Key="smtemplates/same.json", Body=path.read_bytes())
    code, message = link(HOST.replace(BUCKET, expiring), "smtemplates/same.json")
    assert (code, "expires after 7 days" in message) == (2, True), message


def test_object_that_cannot_be_checked_is_reported(publisher: Publisher) -> None:
    """A link needs no credentials. A note reports that the object was not checked, also on the local cloud."""
    path = publisher.write(template_of())
    arguments = ["link", "--template", str(path), "--template-url", f"https://{HOST}/t.json", "--region", "us-east-1"]
    done = publisher.run(*arguments)
    assert (done.returncode, "was not checked, because the calls go to this computer" in done.stderr) == (0, True)
    done = publisher.run(*arguments, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_ENDPOINT_URL="")
    assert (done.returncode, "was not checked. " in done.stderr) == (0, True), done.stderr
