"""Endpoint thresholds: the errors and the latency above which the alarms of endpoints are triggered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import Parameter, Ref, Select, Split, Sub

from smtemplates.core.construct import Construct, number_parameter


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Describe one alarm: its metric and statistic, the value it must exceed, and for how many periods."""

    metric: str
    statistic: str
    value: Ref | Sub
    periods: int


@dataclass(frozen=True, kw_only=True)
class EndpointThresholds(Construct):
    """Contain the thresholds that the notification alarms and the rollback alarms of endpoints share."""

    errors: Threshold
    latency: Threshold


def endpoint_thresholds() -> EndpointThresholds:
    """Build the thresholds for server errors and latency.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    """
    errors = number_parameter(
        "EndpointErrorThreshold",
        "Number of 5xx errors in five minutes above which the alarm is triggered. Default: 10.",
        default=10,
        least=0,
        most=1000000,
    )
    latency = number_parameter(
        "EndpointLatencyThresholdMs",
        "Average model latency in milliseconds above which the alarm is triggered, if it lasts for fifteen "
        "minutes. Default: 5000.",
        default=5000,
        least=1,
        most=3600000,
    )
    return EndpointThresholds(
        title="Endpoint alarms",
        source=__name__,
        parameters={
            "Endpoint error threshold (in 5 minutes)": errors,
            "Endpoint latency threshold (ms)": latency,
        },
        errors=Threshold(metric="Invocation5XXErrors", statistic="Sum", value=Ref(errors), periods=1),
        latency=Threshold(metric="ModelLatency", statistic="Average", value=_microseconds(latency), periods=3),
    )


def _microseconds(milliseconds: Parameter) -> Sub:
    """Return a threshold in the unit of the metric. CloudFormation cannot multiply, and accepts fractions (2500.5)."""
    whole: Any = Select(0, Split(".", Ref(milliseconds)))
    return Sub("${Ms}000", Ms=whole)
