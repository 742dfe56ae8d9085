"""Prices of resources of a workspace in one Region, from which the costs of a month are calculated.

They were read in public copies of the price lists of AWS, and not compared with a bill. They differ by Region and
change, so texts that contain them name the Region and the month.

Source: https://aws.amazon.com/sagemaker/pricing/
Source: https://aws.amazon.com/s3/pricing/ (S3 Standard, the first 50 TB)
Source: https://aws.amazon.com/cloudwatch/pricing/ (alarms with standard resolution)
Source: https://aws.amazon.com/kms/pricing/
"""

from __future__ import annotations

from decimal import Decimal

MONTH = "September 2026"

# USD. A type without a row is reported as not calculated.
NOTEBOOK_PER_HOUR = {"ml.t3.medium": Decimal("0.05")}  # a notebook instance, or an app in Studio
INSTANCE_PER_HOUR = {"ml.m5.large": Decimal("0.115")}  # training, processing and hosting
VOLUME_PER_GB_MONTH = Decimal("0.14")
BUCKET_PER_GB_MONTH = Decimal("0.023")
ALARM_METRIC_PER_MONTH = Decimal("0.10")
KEY_PER_MONTH = Decimal(1)
