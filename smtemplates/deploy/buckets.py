"""Empty buckets: every version of every object, and every delete marker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws.session import Cloud

# Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
MAX_DELETED_AT_ONCE = 1000

GONE = ("NoSuchBucket", "404", "NotFound")

# Told after each batch: the bucket, how many are gone, how many there were.
Progress = Callable[[str, int, int], None]


def exists(cloud: Cloud, bucket: str) -> bool:
    """Tell whether a bucket is there, and ours to see."""
    return region(cloud, bucket) is not None


def region(cloud: Cloud, bucket: str) -> str | None:
    """Tell which Region a bucket is in, whichever is called; None where there is no such bucket.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
    """
    try:
        answer = cloud.call("s3", "head_bucket", Bucket=bucket)
    except CloudError as error:
        if error.code in GONE:
            return None
        raise
    # what stands in for S3 need not say it
    return str(answer.get("BucketRegion", cloud.region))


def is_empty(cloud: Cloud, bucket: str) -> bool:
    """Tell whether a bucket holds nothing, not even a delete marker; one that is gone is empty."""
    return next(iter(_batches(cloud, bucket, size=1)), None) is None


def empty(cloud: Cloud, bucket: str, progress: Progress | None = None) -> None:
    """Delete everything in a bucket; what a run before this one has deleted is not done again.

    Raises:
        DeploymentError: S3 keeps an object, for a lock or a policy.
    """
    total = sum(len(batch) for batch in _batches(cloud, bucket)) if progress else 0
    done = 0
    for batch in _batches(cloud, bucket):
        answer = cloud.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise DeploymentError(
                f"S3 keeps {len(errors)} object(s) of bucket {bucket}, {first.get('Key')} among them: "
                f"{first.get('Message') or first.get('Code')}; see to that, then repeat this command"
            )
        done += len(batch)
        if progress:
            progress(bucket, done, max(total, done))


def _batches(cloud: Cloud, bucket: str, size: int = MAX_DELETED_AT_ONCE) -> Iterator[list[dict[str, str]]]:
    """Yield what a bucket holds, in lists that one call can delete."""
    marker: dict[str, Any] = {}
    while True:
        try:
            page = cloud.call("s3", "list_object_versions", Bucket=bucket, MaxKeys=size, **marker)
        except CloudError as error:
            if error.code in GONE:
                return
            raise
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if not page.get("IsTruncated"):
            return
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker") or "null"}
