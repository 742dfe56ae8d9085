"""Endpoint idle alarm: notify the topic of an endpoint on instances that has no requests."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import FindInMap, Ref, Sub, cloudwatch

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    not_,
)
from smtemplates.templates.workspace.endpoint import VARIANT, Endpoint
from smtemplates.templates.workspace.monitoring import Monitoring
from smtemplates.templates.workspace.project import Project

HOUR_SECONDS = 3600
# An alarm evaluates at most seven days, and a warm-up period ends after at most two days.
# Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
# Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-warm-up.html
HOURS = (0, 1, 2, 4, 8, 12, 24, 48, 72, 168)
MOST_WARM_UP_MINUTES = 2880


@dataclass(frozen=True, kw_only=True)
class EndpointIdle(Construct):
    """Contain the condition that there is an alarm, which the dashboard shows."""

    alarm: cloudwatch.Alarm
    has_alarm: NamedCondition


def endpoint_idle(project: Project, endpoint: Endpoint, monitoring: Monitoring | None = None) -> Construct:
    """Build the alarm, if the template has a topic that it can notify.

    Without a call there is no data, which the alarm counts as no calls. Until the warm-up period ends, it does not
    report that a new endpoint has not been called yet.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    if monitoring is None:
        return Construct(title="Monitoring", source=__name__)
    hours = choice_parameter(
        "EndpointIdleHours",
        "Number of hours without a call after which the alarm topic is notified of an endpoint on instances, which is "
        "charged until it is deleted. Enter 0 for no alarm.",
        [str(each) for each in HOURS],
        default="0",
    )
    has_alarm = NamedCondition("AlarmOnIdleEndpoint", all_of(endpoint.on_instances, not_(equals(hours, "0"))))
    dimensions = {"EndpointName": endpoint.name, "VariantName": VARIANT}
    alarm = cloudwatch.Alarm(
        "EndpointIdleAlarm",
        Condition=has_alarm.name,
        AlarmActions=[monitoring.topic_arn()],
        AlarmDescription=Sub(
            "The endpoint of stack ${AWS::StackName} was not called for ${EndpointIdleHours} hours and is charged "
            "until it is deleted"
        ),
        ComparisonOperator="LessThanThreshold",
        Dimensions=[cloudwatch.MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
        EvaluationPeriods=Ref(hours),
        MetricName="Invocations",
        Namespace="AWS/SageMaker",
        OKActions=[monitoring.topic_arn()],
        Period=HOUR_SECONDS,
        Statistic="Sum",
        Tags=project.tags(),
        Threshold=1,
        TreatMissingData="breaching",
        WarmUpConfiguration=cloudwatch.WarmUpConfiguration(
            WarmUpPeriodDurationInMinutes=FindInMap("IdleWarmUp", Ref(hours), "Minutes")
        ),
    )
    minutes = {str(each): {"Minutes": str(min(max(1, each * 60), MOST_WARM_UP_MINUTES))} for each in HOURS}
    return EndpointIdle(
        title="Monitoring",
        source=__name__,
        parameters={"Alarm on an idle endpoint (hours)": hours},
        conditions=[has_alarm],
        mappings={"IdleWarmUp": minutes},
        resources=[alarm],
        alarm=alarm,
        has_alarm=has_alarm,
    )
