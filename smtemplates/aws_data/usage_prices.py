"""Prices of short use in one Region, from which the highest costs of experiments are computed.

Prices differ by Region and change. The pricing pages decide. The price of a key was read on its page. The others were
read in public copies of the price lists of AWS, and not compared with a bill.

Source: https://aws.amazon.com/sagemaker/pricing/ (instances)
Source: https://aws.amazon.com/kms/pricing/ (a key, charged by the hour, and not while it awaits deletion)
Source: https://aws.amazon.com/cloudwatch/pricing/ (alarms, charged by the hour)
Source: https://aws.amazon.com/secrets-manager/pricing/ (secrets)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from smtemplates.aws_data.network_prices import (
    HOURS_PER_MONTH,
    MONTH,
    NAT_GATEWAY_PER_GB,
    NAT_GATEWAY_PER_HOUR,
    PUBLIC_ADDRESS_PER_HOUR,
    REGION,
)

VALIDITY = f"Prices are those of {REGION} in {MONTH}. They differ by Region and change."


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of one unit in USD, and the AWS page with the current price."""

    unit: str
    usd: Decimal
    page: str


_SAGEMAKER = "https://aws.amazon.com/sagemaker/pricing/"
M5_LARGE_HOUR = Price(unit="hours of ml.m5.large", usd=Decimal("0.115"), page=_SAGEMAKER)
T3_MEDIUM_HOUR = Price(unit="hours of ml.t3.medium", usd=Decimal("0.05"), page=_SAGEMAKER)
KEY_HOUR = Price(
    unit="hours of a KMS key", usd=Decimal(1) / HOURS_PER_MONTH, page="https://aws.amazon.com/kms/pricing/"
)
ALARM_METRIC_HOUR = Price(
    unit="hours of an alarm metric",
    usd=Decimal("0.10") / HOURS_PER_MONTH,
    page="https://aws.amazon.com/cloudwatch/pricing/",
)
SECRET_HOUR = Price(
    unit="hours of a secret",
    usd=Decimal("0.40") / HOURS_PER_MONTH,
    page="https://aws.amazon.com/secrets-manager/pricing/",
)
NAT_HOUR = Price(
    unit="hours of a NAT gateway with its public address, and a GB in each",
    usd=NAT_GATEWAY_PER_HOUR + PUBLIC_ADDRESS_PER_HOUR + NAT_GATEWAY_PER_GB,
    page="https://aws.amazon.com/vpc/pricing/",
)
# An upper bound and not a price: AWS documents no charge for MLflow apps (not verified in a live account).
MLFLOW_APP_HOUR = Price(unit="hours of an MLflow app (upper bound)", usd=Decimal("0.70"), page=_SAGEMAKER)
# An estimate and not a price: the requests, events, messages, objects and log lines of an experiment, of which there
# are fewer than a thousand. The most expensive of them are requests to KMS and S3.
REQUESTS = Price(unit="allowance for requests", usd=Decimal("0.01"), page="https://aws.amazon.com/s3/pricing/")
