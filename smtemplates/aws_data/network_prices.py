"""Prices of the network template in one Region, and sentences about them.

Prices differ by Region and change. The texts that contain them therefore name the Region and the month, and the pricing
pages decide.

Source: https://aws.amazon.com/privatelink/pricing/
Source: https://aws.amazon.com/vpc/pricing/ (NAT gateways, public IPv4 addresses)
Source: https://aws.amazon.com/cloudwatch/pricing/ (vended logs, their first 10 TB a month)
"""

from __future__ import annotations

from decimal import Decimal

REGION = "us-east-1"
MONTH = "June 2026"
# AWS bills hours. A month has 730 of them on average.
HOURS_PER_MONTH = 730

# USD
ENDPOINT_PER_ZONE_HOUR = Decimal("0.01")
ENDPOINT_PER_GB = Decimal("0.01")
NAT_GATEWAY_PER_HOUR = Decimal("0.045")
NAT_GATEWAY_PER_GB = Decimal("0.045")
PUBLIC_ADDRESS_PER_HOUR = Decimal("0.005")
FLOW_LOGS_PER_GB = Decimal("0.50")

VALIDITY = f"Prices are those of {REGION} in {MONTH}. They differ by Region and change."


def monthly(hourly: Decimal, count: int = 1) -> str:
    """Return the price of a month as text, such as "USD 7.30", for a number of resources with a price per hour."""
    return f"USD {hourly * HOURS_PER_MONTH * count:.2f}"


def interface_endpoints(endpoints: int, zones: int) -> str:
    """Return the price of a month of interface endpoints in a number of zones, without data."""
    return monthly(ENDPOINT_PER_ZONE_HOUR, endpoints * zones)


def nat_gateways(count: int) -> str:
    """Return the price of a month of NAT gateways with a public IPv4 address each, without data."""
    return monthly(NAT_GATEWAY_PER_HOUR + PUBLIC_ADDRESS_PER_HOUR, count)
