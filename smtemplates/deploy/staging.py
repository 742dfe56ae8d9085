"""Put a template that is too long for a request into a bucket, under the hash of its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from smtemplates.aws.endpoints import is_local
from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.partitions import partition_of
from smtemplates.deploy import buckets
from smtemplates.deploy.template import MAX_INLINE_BYTES, Template
from smtemplates.deploy.watcher import Listener
from smtemplates.errors import UsageError

# CloudFormation reads the template when the change set is made; a week leaves time to look at what was deployed.
EXPIRE_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where to stage: a bucket named by the person (`name`), or one of the deployer's own (None)."""

    name: str | None = None


def template_argument(cloud: Cloud, template: Template, bucket: Bucket | None, listener: Listener) -> dict[str, str]:
    """Return the argument that carries the template, after staging it if it must be.

    Raises:
        UsageError: the template is too long, and no bucket is named, or one that is not there.
    """
    if template.inline:
        return {"TemplateBody": template.body}
    if bucket is None:
        raise UsageError(
            f"the template has {len(template.body.encode()):,} bytes in the compact form that is sent, and "
            f"CloudFormation takes {MAX_INLINE_BYTES:,} without a bucket; name one with --staging-bucket, let "
            "--create-staging-bucket make one, or render a smaller template with --without"
        )
    return {"TemplateURL": stage(cloud, template, bucket, listener)}


def stage(cloud: Cloud, template: Template, bucket: Bucket, listener: Listener) -> str:
    """Put a template into a bucket, however short it is, and return its URL."""
    return upload(cloud, template, bucket.name or create(cloud, listener))


def upload(cloud: Cloud, template: Template, bucket: str) -> str:
    """Upload a template unless it is there, and return its URL; the bucket must be the account's own.

    Raises:
        UsageError: there is no such bucket.
        DeploymentError: something else is there under the template's hash; whoever may plan may have put it there.
    """
    region = _region(cloud, bucket)
    key = f"smtemplates/{template.digest}.template"
    place: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if not _is_there(cloud, template, place):
        _put(cloud, template, place)
    return _url(cloud, region, bucket, key)


def _region(cloud: Cloud, bucket: str) -> str:
    try:
        region = buckets.region(cloud, bucket)
    except CloudError as error:
        raise CloudError(
            f"cannot use the staging bucket {bucket}: {error} (it must belong to account {cloud.account})",
            code=error.code,
        ) from error
    if region is None:
        raise UsageError(f"there is no staging bucket {bucket}; make it, or name another with --staging-bucket")
    return region


def _url(cloud: Cloud, region: str, bucket: str, key: str) -> str:
    """Give an object's URL: it names the bucket's own Region, for services follow no redirection to it.

    A bucket whose name has dots is in the path, for S3's certificate covers no host that begins with them.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    called, suffix = cloud.client("s3").meta.endpoint_url, partition_of(region)[1]
    endpoint = urlsplit(called)
    host = f"s3.{region}.{suffix}" if str(endpoint.hostname).endswith(f".{suffix}") else endpoint.netloc
    if "." in bucket or is_local(called):
        return f"{endpoint.scheme}://{host}/{bucket}/{key}"
    return f"{endpoint.scheme}://{bucket}.{host}/{key}"


def _is_there(cloud: Cloud, template: Template, place: Mapping[str, Any]) -> bool:
    """Tell whether a template is staged; that something has its name is not enough."""
    try:
        held = cloud.read(**place)
    except CloudError as error:
        if error.code == "NoSuchKey":
            return False
        raise
    if held != template.body.encode():
        raise DeploymentError(
            f"s3://{place['Bucket']}/{place['Key']} is not the template whose hash it bears; nothing was done. Find "
            "out who put it there, delete it, and repeat this command"
        )
    return True


def _put(cloud: Cloud, template: Template, place: Mapping[str, Any]) -> None:
    """Put a template where nothing is: so much may be granted to whoever plans, and to overwrite may not.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    body = template.body.encode()
    try:
        cloud.call("s3", "put_object", **place, Body=body, IfNoneMatch="*", ServerSideEncryption="AES256")
    except CloudError as error:
        # another run may have been faster
        if error.code != "PreconditionFailed" or not _is_there(cloud, template, place):
            raise


def create(cloud: Cloud, listener: Listener) -> str:
    """Make the deployer's own staging bucket, or bring the one there is up to date, and return its name."""
    name = f"smtemplates-staging-{cloud.account}-{cloud.region}"
    found = buckets.exists(cloud, name)
    if not found:
        _make(cloud, name)
    # if a stranger has taken the name, each of these calls fails: the owner is checked
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    cloud.call("s3", "put_public_access_block", Bucket=name, PublicAccessBlockConfiguration=blocked)
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    cloud.call("s3", "put_bucket_encryption", Bucket=name, ServerSideEncryptionConfiguration=encryption)
    rule = {
        "ID": "expire",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": EXPIRE_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    cloud.call("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    cloud.call("s3", "put_bucket_policy", Bucket=name, Policy=_tls_only(name, cloud.client("s3").meta.partition))
    told = "using" if found else "made"
    listener.say(f"{told} staging bucket {name}; what is in it expires after {EXPIRE_DAYS} days")
    return name


def _make(cloud: Cloud, name: str) -> None:
    location = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
    try:
        cloud.call(
            "s3",
            "create_bucket",
            Bucket=name,
            ObjectOwnership="BucketOwnerEnforced",
            **({"CreateBucketConfiguration": location} if location else {}),
        )
    except CloudError as error:
        if error.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise


def _tls_only(bucket: str, partition: str) -> str:
    arn = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
