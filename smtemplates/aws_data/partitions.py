"""The AWS partitions and their DNS suffixes."""

from __future__ import annotations

PARTITIONS = (  # (prefix of the Region name, partition, DNS suffix)
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("", "aws", "amazonaws.com"),
)


def partition_of(region: str) -> tuple[str, str]:
    """Return the partition of a Region and its DNS suffix."""
    return next((partition, suffix) for start, partition, suffix in PARTITIONS if region.startswith(start))


def some_region_of_each_partition() -> tuple[str, ...]:
    """Return one invented Region for each partition. It represents all Regions that no condition names."""
    return tuple(f"{start or 'aws-'}other-1" for start, _, _ in PARTITIONS)
