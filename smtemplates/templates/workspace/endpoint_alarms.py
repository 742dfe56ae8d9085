"""Endpoint alarms: notify the topic of errors and latency of the monitored endpoint, or of all endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import Sub, cloudwatch

from smtemplates.core.construct import Construct, when
from smtemplates.templates.workspace.endpoint_thresholds import EndpointThresholds, Threshold
from smtemplates.templates.workspace.log_groups import LogGroups
from smtemplates.templates.workspace.monitoring import PERIOD_SECONDS, Monitoring
from smtemplates.templates.workspace.project import Project

FUNCTIONS = {"Sum": "SUM", "Average": "AVG"}


@dataclass(frozen=True, kw_only=True)
class EndpointAlarms(Construct):
    """Contain the alarms, which the dashboard shows."""

    errors: cloudwatch.Alarm
    latency: cloudwatch.Alarm


def endpoint_alarms(
    project: Project, monitoring: Monitoring, log_groups: LogGroups, endpoint_thresholds: EndpointThresholds
) -> EndpointAlarms:
    """Build alarms on queries, so that one alarm covers all endpoints. Without endpoints there is no alarm.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
    """
    topic: Any = monitoring.topic_arn()

    def alarm(name: str, description: str, threshold: Threshold) -> cloudwatch.Alarm:
        only = Sub(" WHERE EndpointName = '${EndpointName}'", EndpointName=log_groups.watched)
        query = Sub(
            f"SELECT {FUNCTIONS[threshold.statistic]}({threshold.metric}) "
            'FROM SCHEMA("AWS/SageMaker", EndpointName, VariantName)${Where}',
            Where=when(log_groups.has_endpoint, only, ""),
        )
        return cloudwatch.Alarm(
            name,
            AlarmActions=[topic],
            AlarmDescription=Sub(f"{description} (stack ${{AWS::StackName}})"),
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=threshold.periods,
            Metrics=[cloudwatch.MetricDataQuery(Id="q1", Expression=query, Period=PERIOD_SECONDS, ReturnData=True)],
            OKActions=[topic],
            Tags=project.tags(),
            Threshold=threshold.value,
            TreatMissingData="notBreaching",
        )

    errors = alarm("EndpointErrorsAlarm", "SageMaker endpoints return server errors", endpoint_thresholds.errors)
    latency = alarm("EndpointLatencyAlarm", "SageMaker endpoints have a high latency", endpoint_thresholds.latency)
    return EndpointAlarms(
        title="Monitoring", source=__name__, resources=[errors, latency], errors=errors, latency=latency
    )
