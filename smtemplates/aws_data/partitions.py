"""The partitions of AWS, with their DNS suffixes."""

from __future__ import annotations

PARTITIONS = (  # by the start of the Region's name
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
    """Name the partition of a Region and its DNS suffix."""
    return next((partition, suffix) for start, partition, suffix in PARTITIONS if region.startswith(start))


def some_region_of_each_partition() -> tuple[str, ...]:
    """Name one Region that does not exist in each partition: it stands for all that no condition names."""
    return tuple(f"{start or 'aws-'}other-1" for start, _, _ in PARTITIONS)
