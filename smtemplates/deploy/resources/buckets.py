"""Empty buckets: delete every version of every object, and every delete marker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.console.columns import counted

# Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
MAX_DELETED_AT_ONCE = 1000

NOT_FOUND = ("NoSuchBucket", "404", "NotFound")

# Called after each batch with the bucket, the number of deleted object versions and the number of all.
Progress = Callable[[str, int, int], None]


def exists(cloud: Cloud, bucket: str) -> bool:
    """Return whether a bucket exists and the caller may see it."""
    return region(cloud, bucket) is not None


def region(cloud: Cloud, bucket: str) -> str | None:
    """Return the Region of a bucket, which can differ from the Region of the call; None if the bucket does not exist.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        answer = cloud.call("s3", "head_bucket", Bucket=bucket)
    except CloudError as error:
        if error.code in NOT_FOUND:
            return None
        raise
    # an S3-compatible server does not have to return the Region
    return str(answer.get("BucketRegion", cloud.region))


def is_empty(cloud: Cloud, bucket: str) -> bool:
    """Return whether a bucket contains no object version and no delete marker; a missing bucket is empty."""
    return next(iter(_batches(cloud, bucket, size=1)), None) is None


def empty(cloud: Cloud, bucket: str, progress: Progress | None = None) -> None:
    """Delete every object version and delete marker in a bucket.

    A repeated run continues where an interrupted one stopped.

    Raises:
        DeploymentError: S3 did not delete an object, for example because of an object lock or a bucket policy.
    """
    total = sum(len(batch) for batch in _batches(cloud, bucket)) if progress else 0
    done = 0
    for batch in _batches(cloud, bucket):
        answer = cloud.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise DeploymentError(
                f"S3 did not delete {counted(len(errors), 'object')} in bucket {bucket}, for example "
                f"{first.get('Key')}: {sentence(first.get('Message') or first.get('Code'))} Fix this, then repeat this "
                "command."
            )
        done += len(batch)
        if progress:
            progress(bucket, done, max(total, done))


def _batches(cloud: Cloud, bucket: str, size: int = MAX_DELETED_AT_ONCE) -> Iterator[list[dict[str, str]]]:
    """Yield the object versions and delete markers of a bucket in lists of at most `size`."""
    marker: dict[str, Any] = {}
    while True:
        try:
            page = cloud.call("s3", "list_object_versions", Bucket=bucket, MaxKeys=size, **marker)
        except CloudError as error:
            if error.code in NOT_FOUND:
                return
            raise
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if not page.get("IsTruncated"):
            return
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker") or "null"}
