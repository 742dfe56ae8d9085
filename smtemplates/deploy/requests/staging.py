"""Upload a template that is too long for a request to a bucket, under the hash of its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from smtemplates.aws.endpoints import is_local
from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.partitions import partition_of
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.requests.template import MAX_INLINE_BYTES, Template
from smtemplates.deploy.resources import buckets
from smtemplates.errors import UsageError

# CloudFormation reads the template when it creates the change set. A week leaves time to inspect the template.
EXPIRE_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The bucket to stage in: an existing bucket (`name`), or the staging bucket of the deployer (None)."""

    name: str | None = None


def template_argument(cloud: Cloud, template: Template, bucket: Bucket | None, listener: Listener) -> dict[str, str]:
    """Return the argument of CreateChangeSet for the template, and upload the template if it is too long for a request.

    Raises:
        UsageError: The template is too long, and no bucket is specified or the bucket does not exist.
        DeploymentError: The bucket contains a different object under the key of the template.
    """
    if template.inline:
        return {"TemplateBody": template.body}
    if bucket is None:
        raise UsageError(
            f"The template has {len(template.body.encode()):,} bytes in compact form. The maximum without a bucket is "
            f"{MAX_INLINE_BYTES:,}. Specify a bucket with --staging-bucket, create one with --create-staging-bucket, "
            "or render a smaller template with --without FEATURE."
        )
    return {"TemplateURL": stage(cloud, template, bucket, listener)}


def stage(cloud: Cloud, template: Template, bucket: Bucket, listener: Listener) -> str:
    """Upload a template of any length to a bucket, and return its URL."""
    return upload(cloud, template, bucket.name or create(cloud, listener))


def upload(cloud: Cloud, template: Template, bucket: str) -> str:
    """Upload a template unless the bucket contains it, and return its URL. The bucket must belong to the account.

    Raises:
        UsageError: The bucket does not exist.
        DeploymentError: The bucket contains a different object under the key of the template. Any user who may plan
            can have uploaded it.
    """
    region = _region(cloud, bucket)
    key = f"smtemplates/{template.digest}.template"
    location: dict[str, Any] = {"Bucket": bucket, "Key": key}
    if not _is_staged(cloud, template, location):
        _put(cloud, template, location)
    return _url(cloud, region, bucket, key)


def _region(cloud: Cloud, bucket: str) -> str:
    try:
        region = buckets.region(cloud, bucket)
    except CloudError as error:
        raise CloudError(
            f"Cannot use the staging bucket {bucket}. {sentence(error)} The bucket must belong to account "
            f"{cloud.account}.",
            code=error.code,
        ) from error
    if region is None:
        raise UsageError(
            f"Staging bucket {bucket} does not exist. Create it, or specify another bucket with --staging-bucket."
        )
    return region


def _url(cloud: Cloud, region: str, bucket: str, key: str) -> str:
    """Return the URL of an object with the Region of the bucket, because services do not follow redirects to it.

    A bucket name with dots is in the path, because the certificate of S3 does not cover host names with such a bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    url, suffix = cloud.client("s3").meta.endpoint_url, partition_of(region)[1]
    endpoint = urlsplit(url)
    host = f"s3.{region}.{suffix}" if str(endpoint.hostname).endswith(f".{suffix}") else endpoint.netloc
    if "." in bucket or is_local(url):
        return f"{endpoint.scheme}://{host}/{bucket}/{key}"
    return f"{endpoint.scheme}://{bucket}.{host}/{key}"


def _is_staged(cloud: Cloud, template: Template, location: Mapping[str, Any]) -> bool:
    """Return whether the bucket contains a template.

    Raises:
        DeploymentError: The bucket contains a different object under the key of the template.
    """
    try:
        content = cloud.read(**location)
    except CloudError as error:
        if error.code == "NoSuchKey":
            return False
        raise
    if content != template.body.encode():
        raise DeploymentError(
            f"The content of s3://{location['Bucket']}/{location['Key']} does not match the SHA-256 in its key. "
            "Nothing was changed. Find out who uploaded the object, delete it, and repeat this command."
        )
    return True


def _put(cloud: Cloud, template: Template, location: Mapping[str, Any]) -> None:
    """Upload a template only if no object has its key.

    A bucket policy can therefore allow users who plan to upload templates, and deny them to overwrite objects.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    body = template.body.encode()
    try:
        cloud.call("s3", "put_object", **location, Body=body, IfNoneMatch="*", ServerSideEncryption="AES256")
    except CloudError as error:
        # another run may have uploaded the template in the meantime
        if error.code != "PreconditionFailed" or not _is_staged(cloud, template, location):
            raise


def create(cloud: Cloud, listener: Listener) -> str:
    """Create the staging bucket of the deployer or update its settings, and return its name."""
    name = f"smtemplates-staging-{cloud.account}-{cloud.region}"
    found = buckets.exists(cloud, name)
    if not found:
        _create(cloud, name)
    # if another account owns the bucket, each of these calls fails because it checks the owner
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
    action = "Using" if found else "Created"
    listener.say(f"{action} staging bucket {name}. Its objects expire after {EXPIRE_DAYS} days.")
    return name


def _create(cloud: Cloud, name: str) -> None:
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
