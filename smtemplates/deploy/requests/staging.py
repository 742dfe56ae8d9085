"""Upload a template that is too long for a request to a bucket, under the hash of its content."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from smtemplates.aws import objects
from smtemplates.aws.endpoints import is_local
from smtemplates.aws.errors import DENIED, CloudError, DeploymentError, sentence
from smtemplates.aws.objects import Location
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.partitions import partition_of
from smtemplates.console import program
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.requests.template import MAX_INLINE_BYTES, Template
from smtemplates.deploy.resources import buckets
from smtemplates.errors import UsageError

# CloudFormation reads the template when it creates the change set. A week leaves time to inspect the template.
EXPIRE_DAYS = 7

# A key has at most 1,024 bytes; the rest is for the hash. CloudFormation and Service Catalog read the key from a URL.
# The prefix contains only characters that a URL does not have to escape.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
MAX_PREFIX_LENGTH = 900
_FOLDER = r"(?!\.+(?:/|$))[A-Za-z0-9._~=@-]+"
_PREFIX = re.compile(f"{_FOLDER}(?:/{_FOLDER})*")
_ACCOUNT = re.compile(r"[0-9]{12}")

# Another run uploads the same template at the moment. S3 asks to repeat the request.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
CONFLICT_ATTEMPTS = 3
CONFLICT_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The bucket to stage in: an existing bucket (`name`), or the staging bucket of the deployer (None).

    `prefix` is the first part of the keys, without a slash at its end. `kms_key` is the ID, ARN or alias of a KMS key.
    `encryption` is the value of the header x-amz-server-side-encryption. Without both, the default encryption of the
    bucket applies. `owner` is the ID of the account that must own the bucket (default: that of the caller).
    """

    name: str | None = None
    prefix: str = "smtemplates"
    kms_key: str | None = None
    encryption: str | None = None
    owner: str | None = None

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            UsageError: A value is not valid, or does not suit the others.
        """
        if len(self.prefix) > MAX_PREFIX_LENGTH or not _PREFIX.fullmatch(self.prefix):
            raise UsageError(
                f"'{self.prefix}' is not a valid --staging-prefix. Specify names separated by /, such as teams/churn, "
                f"of at most {MAX_PREFIX_LENGTH} characters. A name contains letters, digits and . _ ~ = @ -."
            )
        if self.owner is not None and not _ACCOUNT.fullmatch(self.owner):
            raise UsageError(f"--staging-bucket-owner must be the ID of an account (12 digits), not '{self.owner}'.")
        if self.owner is not None and self.name is None:
            raise UsageError(
                "--create-staging-bucket uses a bucket of your own account. Specify a bucket of another account with "
                "--staging-bucket."
            )
        if self.kms_key is not None and self.encryption == "AES256":
            raise UsageError("--staging-kms-key requires --staging-encryption aws:kms or aws:kms:dsse.")

    @property
    def encryption_arguments(self) -> dict[str, str]:
        """The arguments of PutObject for encryption."""
        if self.kms_key is not None:
            return {"ServerSideEncryption": self.encryption or "aws:kms", "SSEKMSKeyId": self.kms_key}
        return {} if self.encryption is None else {"ServerSideEncryption": self.encryption}


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
            f"or fix the parameters that you do not change with {program.command('render')} --keep NAME,..., which "
            "removes unused resources and outputs."
        )
    return {"TemplateURL": stage(cloud, template, bucket, listener)}


def key_of(template: Template, bucket: Bucket) -> str:
    """Return the key under which a template is staged."""
    return f"{bucket.prefix}/{template.digest}.template"


def stage(cloud: Cloud, template: Template, bucket: Bucket, listener: Listener, *, endpoint: str | None = None) -> str:
    """Upload a template of any length to a bucket unless the bucket contains it, and return its URL.

    `endpoint` is that of the URL (default: the endpoint of the calls).

    Raises:
        UsageError: The bucket does not exist.
        DeploymentError: The bucket contains a different object under the key of the template. Any user who may plan
            can have uploaded it.
    """
    key = key_of(template, bucket)
    location = Location(bucket=bucket.name or create(cloud, listener), key=key, owner=bucket.owner)
    try:
        region = _upload(cloud, template, location, bucket.encryption_arguments)
    except CloudError as error:
        if error.code == "NoSuchBucket":
            raise UsageError(
                f"Staging bucket {location.bucket} does not exist. Create it, or specify another bucket with "
                "--staging-bucket."
            ) from error
        if error.code in DENIED:
            raise CloudError(_refused(cloud, error, location), code=error.code) from error
        raise
    return _url(endpoint or cloud.client("s3").meta.endpoint_url, region, location.bucket, key)


def _upload(
    cloud: Cloud, template: Template, location: Location, encryption: dict[str, str], attempts: int = CONFLICT_ATTEMPTS
) -> str:
    """Upload a template unless the bucket contains it, and return the Region of the bucket.

    The upload comes first: with s3:GetObject only, a missing object cannot be recognized, because S3 returns
    AccessDenied to users without s3:ListBucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    try:
        return objects.create(cloud, location, template.body.encode(), encryption)
    except CloudError as error:
        if error.code == "ConditionalRequestConflict" and attempts > 1:
            cloud.pause(CONFLICT_SECONDS)
            return _upload(cloud, template, location, encryption, attempts - 1)
        region = _staged_region(cloud, template, location, error)
        if region is None:
            raise
        return region


def _staged_region(cloud: Cloud, template: Template, location: Location, failure: CloudError) -> str | None:
    """Return the Region of the bucket if it already contains the template, and None if the error has another reason.

    Raises:
        DeploymentError: The bucket contains a different object under the key of the template.
    """
    if failure.code not in {"PreconditionFailed", "ConditionalRequestConflict", *DENIED}:
        return None
    try:
        content, region = objects.read(cloud, location)
    except CloudError as error:
        # a denied upload is the first reason, and a user without s3:ListBucket cannot see that an object is missing
        if failure.code in DENIED and error.code in {"NoSuchKey", *DENIED}:
            return None
        raise
    if content != template.body.encode():
        raise DeploymentError(
            f"The content of {location} does not match the SHA-256 in its key. Nothing was changed. Find out who "
            "uploaded the object, delete it, and repeat this command."
        )
    return region


def _refused(cloud: Cloud, error: CloudError, location: Location) -> str:
    """Return a message on a bucket that refused the template, which names the options that its policy can require."""
    return (
        f"The template cannot be staged as {location}. {sentence(error)} You need s3:PutObject and s3:GetObject for "
        "this key. If the policy of the bucket requires a KMS key, a type of encryption or a prefix, specify it with "
        "--staging-kms-key, --staging-encryption or --staging-prefix. The bucket must belong to account "
        f"{location.owner or cloud.account}; specify another owner with --staging-bucket-owner."
    )


def _url(endpoint_url: str, region: str, bucket: str, key: str) -> str:
    """Return the URL of an object with the Region of the bucket, because services do not follow redirects to it.

    A bucket name with dots is in the path, because the certificate of S3 does not cover host names with such a bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    endpoint, suffix = urlsplit(endpoint_url), partition_of(region)[1]
    host = f"s3.{region}.{suffix}" if str(endpoint.hostname).endswith(f".{suffix}") else endpoint.netloc
    if "." in bucket or is_local(endpoint_url):
        return f"{endpoint.scheme}://{host}/{bucket}/{key}"
    return f"{endpoint.scheme}://{bucket}.{host}/{key}"


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
