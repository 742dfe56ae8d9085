"""A template is staged in the bucket of a company, with its policy, key, owner and prefix, with two permissions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from deploying.local_aws import SAMPLE, Aws, policy
from deploying.proxy import Proxy, serving
from deploying.stubs import RecordingListener, stubbed
from deploying.test_owner import OTHER_ACCOUNT, S3
from smtemplates.aws.errors import CloudError
from smtemplates.deploy.requests.staging import Bucket, stage
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError

TEMPLATE = Template(body="{}", content={})
OWNER = "111122223333"
KEY = "arn:aws:kms:us-east-1:111122223333:key/11112222-0000-0000-0000-000000000000"


@pytest.fixture
def long(tmp_path: Path, name: str) -> Path:
    """Write a template that must be staged, and that no other test stages."""
    path = tmp_path / "long.yaml"
    path.write_text(f"{SAMPLE.read_text()}  Filler: {{Value: {name}{'x' * 60_000}}}\n")
    return path


@pytest.fixture
def bucket(aws: Aws, name: str) -> str:
    """Create a bucket that the tests did not configure otherwise."""
    bucket = f"company-{name.lower()}"
    aws.client("s3").create_bucket(Bucket=bucket)
    return bucket


def keys(aws: Aws, bucket: str) -> list[str]:
    return [item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def set_policy(aws: Aws, bucket: str, **statement: Any) -> None:
    arn = f"arn:aws:s3:::{bucket}/*"
    document = {"Version": "2012-10-17", "Statement": [{"Principal": "*", "Resource": arn, **statement}]}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def test_two_permissions_suffice(aws: Aws, name: str, bucket: str, long: Path) -> None:
    """A user with s3:PutObject and s3:GetObject under a prefix stages a template, and uses it again later."""
    allowed = policy(Action=["s3:PutObject", "s3:GetObject"], Resource=f"arn:aws:s3:::{bucket}/teams/churn/*")
    allowed["Statement"].append({"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"})
    user = aws.as_role(aws.role(name, allowed=allowed))
    with pytest.raises(ClientError, match="AccessDenied"):
        user.client("s3").list_objects_v2(Bucket=bucket)
    for _ in range(2):
        done = user.run("plan", name, "--staging-bucket", bucket, "--staging-prefix", "teams/churn/", template=long)
        assert done.returncode == 0, done.stderr
    (key,) = keys(aws, bucket)
    assert key.startswith("teams/churn/")
    done = user.run("plan", name, "--staging-bucket", bucket, template=long)
    assert done.returncode == 1
    assert "--staging-prefix" in done.stderr


def test_policy_that_requires_kms(aws: Aws, name: str, bucket: str, long: Path) -> None:
    """A bucket policy that requires aws:kms denies the upload, and allows it with --staging-kms-key."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    set_policy(aws, bucket, Effect="Deny", Action="s3:PutObject", Condition=condition)
    user = aws.as_role(aws.role(name))
    options = ("plan", name, "--staging-bucket", bucket)
    refused = user.run(*options, template=long)
    assert refused.returncode == 1
    assert "PutObject is not allowed" in refused.stderr
    for option in ("--staging-kms-key", "--staging-encryption", "--staging-prefix", "--staging-bucket-owner"):
        assert option in refused.stderr
    done = user.run(*options, "--staging-kms-key", key, template=long)
    assert done.returncode == 0, done.stderr
    (staged,) = keys(aws, bucket)
    assert aws.client("s3").head_object(Bucket=bucket, Key=staged)["SSEKMSKeyId"] == key


def test_default_encryption_of_the_bucket_applies(aws: Aws, name: str, bucket: str, long: Path) -> None:
    """Without options, the template has the default encryption of the bucket. The options replace it."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3 = aws.client("s3")
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    found = []
    for options in ((), ("--staging-encryption", "AES256", "--staging-prefix", "plain")):
        done = aws.run("plan", name, "--staging-bucket", bucket, *options, template=long)
        assert done.returncode == 0, done.stderr
    for staged in keys(aws, bucket):
        head = s3.head_object(Bucket=bucket, Key=staged)
        found.append((head["ServerSideEncryption"], head.get("SSEKMSKeyId")))
    assert found == [("AES256", None), ("aws:kms", key)]


def test_bucket_of_another_account(aws: Aws, name: str, bucket: str, long: Path) -> None:
    """The bucket of another account is rejected, and accepted if the owner is specified."""
    with serving(S3(aws.url, OTHER_ACCOUNT)) as s3:
        options = ("plan", name, "--staging-bucket", bucket, "--endpoint-url", s3.url)
        refused = aws.run(*options, template=long)
        assert (refused.returncode, keys(aws, bucket)) == (1, [])
        assert "must belong to account 000000000000" in refused.stderr
        done = aws.run(*options, "--staging-bucket-owner", OTHER_ACCOUNT, template=long)
    assert (done.returncode, len(keys(aws, bucket)), s3.unowned) == (0, 1, []), done.stderr


def test_each_run_stages_with_the_least_calls(aws: Aws, proxy: Proxy, name: str, bucket: str, long: Path) -> None:
    """A new template needs one call to S3, and a template that is already staged needs two."""
    found = []
    for _ in range(2):
        proxy.spoil(None)
        done = aws.run("plan", name, "--staging-bucket", bucket, "--endpoint-url", proxy.url, template=long)
        assert done.returncode == 0, done.stderr
        found.append([call.split()[0] for call in proxy.calls if bucket in call])
    assert found == [["PUT"], ["PUT", "GET"]]


def test_different_object_is_not_used(aws: Aws, name: str, bucket: str, long: Path) -> None:
    """An object with the key of the template and different content is neither used nor replaced."""
    aws.run("plan", name, "--staging-bucket", bucket, template=long)
    (key,) = keys(aws, bucket)
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"other")
    done = aws.run("plan", name, "--staging-bucket", bucket, template=long)
    assert done.returncode == 1
    assert f"The content of s3://{bucket}/{key} does not match" in done.stderr
    assert aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"other"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--staging-kms-key", "k"], "require --staging-bucket or --create-staging-bucket"),
        (["--staging-bucket-owner", OWNER], "require --staging-bucket or --create-staging-bucket"),
        (["--create-staging-bucket", "--staging-bucket-owner", OWNER], "bucket of your own account"),
        (["--staging-bucket", "b", "--staging-bucket-owner", "me"], "12 digits"),
        (["--staging-bucket", "b", "--staging-prefix", "../a"], "not a valid --staging-prefix"),
        (["--staging-bucket", "b", "--staging-prefix", "a b"], "not a valid --staging-prefix"),
        (
            ["--staging-bucket", "b", "--staging-kms-key", "k", "--staging-encryption", "AES256"],
            "requires --staging-encryption aws:kms",
        ),
    ],
)
def test_invalid_options_are_rejected(aws: Aws, name: str, options: list[str], message: str) -> None:
    """Options that cannot be combined or are not valid are usage errors."""
    done = aws.run("plan", name, *options)
    assert (done.returncode, message in done.stderr, len(done.stderr.splitlines())) == (2, True, 1), done.stderr


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(st.text() | st.text("aB1./=@~-_"))
def test_url_of_each_valid_prefix_names_the_key(prefix: str) -> None:
    """A prefix is invalid, or the path of the URL is the key of the object."""
    try:
        bucket = Bucket(name="company", prefix=prefix, owner=OWNER)
    except UsageError:
        return
    with stubbed("s3") as aws:
        key = f"{prefix}/{TEMPLATE.digest}.template"
        sent = {"Bucket": "company", "Key": key, "Body": b"{}", "IfNoneMatch": "*", "ExpectedBucketOwner": OWNER}
        aws.answers("put_object", {}, sent)
        url = stage(aws.cloud, TEMPLATE, bucket, RecordingListener())
    assert unquote(urlsplit(url).path) == urlsplit(url).path == f"/{key}"


def test_concurrent_uploads_are_repeated() -> None:
    """While another run uploads the same template, S3 asks to repeat the request. The last answer is compared."""
    with stubbed("s3") as aws:
        for code in ("ConditionalRequestConflict", "PreconditionFailed"):
            aws.refuses("put_object", code)
        aws.refuses("get_object", "AccessDenied", "Access Denied")
        with pytest.raises(CloudError, match="s3:GetObject"):
            stage(aws.cloud, TEMPLATE, Bucket(name="company", owner=OWNER), RecordingListener())
    assert aws.pauses == [1.0]


def test_other_refusals_keep_their_reason() -> None:
    """A key that does not exist is reported as S3 reports it."""
    with stubbed("s3") as aws:
        aws.refuses("put_object", "KMS.NotFoundException", f"Key '{KEY}' does not exist")
        with pytest.raises(CloudError, match="does not exist") as caught:
            stage(aws.cloud, TEMPLATE, Bucket(name="company", kms_key=KEY, owner=OWNER), RecordingListener())
    assert caught.value.code == "KMS.NotFoundException"
