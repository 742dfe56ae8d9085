"""Read and create objects in S3, and find the Region of their bucket, with PutObject and GetObject only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from smtemplates.aws.errors import UNREACHABLE, CloudError, sentence
from smtemplates.aws.session import Cloud


@dataclass(frozen=True, kw_only=True)
class Location:
    """The place of an object. `owner` is the account that must own the bucket (default: that of the caller)."""

    bucket: str
    key: str
    owner: str | None = None

    @property
    def arguments(self) -> dict[str, str]:
        """The arguments of the calls of S3."""
        owner = {"ExpectedBucketOwner": self.owner} if self.owner else {}
        return {"Bucket": self.bucket, "Key": self.key, **owner}

    def __str__(self) -> str:
        """Return the URL of the object for messages."""
        return f"s3://{self.bucket}/{self.key}"


def read(cloud: Cloud, location: Location) -> tuple[bytes, str]:
    """Return the content of an object and the Region of its bucket.

    Raises:
        CloudError: S3 refused the call, or the connection broke.
    """
    exceptions: Any = import_module("botocore.exceptions")
    with _regions(cloud, location.bucket) as regions:
        answer = cloud.call("s3", "get_object", **location.arguments)
    try:
        content = bytes(answer["Body"].read())
    except exceptions.BotoCoreError as error:
        raise CloudError(
            f"The object {location} was not read completely: {sentence(error)} Repeat this command.",
            code=UNREACHABLE,
        ) from error
    return content, regions[-1]


def create(cloud: Cloud, location: Location, body: bytes, encryption: dict[str, str]) -> str:
    """Create an object only if no object has its key, and return the Region of its bucket.

    A bucket policy can therefore allow users to create objects, and deny them to overwrite objects. `encryption`
    contains the arguments of PutObject for encryption. If it is empty, the default encryption of the bucket applies.

    Raises:
        CloudError: S3 refused the call. The code is PreconditionFailed if an object has the key, and
            ConditionalRequestConflict if another request creates it at the moment.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    with _regions(cloud, location.bucket) as regions:
        cloud.call("s3", "put_object", **location.arguments, Body=body, IfNoneMatch="*", **encryption)
    return regions[-1]


@contextmanager
def _regions(cloud: Cloud, bucket: str) -> Iterator[list[str]]:
    """Yield a list that contains the Region of the calls, and after them also the Region in which S3 answered.

    If a bucket is in another Region, S3 returns that Region, and the SDK repeats the call there. HeadBucket, which
    needs s3:ListBucket, is therefore not necessary.
    """
    regions, events = [cloud.region], cloud.client("s3").meta.events

    def note(context: dict[str, Any], **_: Any) -> None:
        if context.get("s3_redirect", {}).get("bucket", bucket) != bucket:
            return  # a call of another request at the same time
        regions.append(context.get("signing", {}).get("region") or cloud.region)

    events.register("after-call.s3", note)
    try:
        yield regions
    finally:
        events.unregister("after-call.s3", note)
