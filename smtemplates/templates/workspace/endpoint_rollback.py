"""Endpoint rollback: alarms on the instances of one endpoint configuration, which roll back an update."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import GetAtt, Sub, cloudwatch

from smtemplates.core.construct import Construct, NamedCondition
from smtemplates.templates.workspace.endpoint import VARIANT, Endpoint
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.endpoint_thresholds import EndpointThresholds, Threshold
from smtemplates.templates.workspace.monitoring import PERIOD_SECONDS
from smtemplates.templates.workspace.project import Project


@dataclass(frozen=True, kw_only=True)
class EndpointRollback(Construct):
    """Contain the alarms, which the dashboard shows."""

    alarms: tuple[cloudwatch.Alarm, ...]
    on_instances: NamedCondition


def endpoint_rollback(
    project: Project,
    endpoint: Endpoint,
    endpoint_alarm_names: EndpointAlarmNames,
    endpoint_thresholds: EndpointThresholds,
) -> EndpointRollback:
    """Build alarms that measure only the instances of the new configuration.

    An alarm on the whole endpoint would also measure the old instances. It would end every update that repairs a
    failing endpoint. A new configuration gets new alarms, because an alarm keeps its state when its metric changes.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    configuration = GetAtt(endpoint.configuration, "EndpointConfigName")

    def alarm(name: str, description: str, threshold: Threshold) -> cloudwatch.Alarm:
        dimensions = {
            "EndpointName": endpoint.name,
            "VariantName": VARIANT,
            "EndpointConfigName": configuration,
        }
        return cloudwatch.Alarm(
            name,
            Condition=endpoint.on_instances.name,
            AlarmDescription=Sub(f"{description} (stack ${{AWS::StackName}}). It rolls back an update."),
            AlarmName=Sub(f"${{AWS::StackName}}-{name}-${{Configuration}}", Configuration=configuration),
            ComparisonOperator="GreaterThanThreshold",
            Dimensions=[cloudwatch.MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
            EvaluationPeriods=threshold.periods,
            MetricName=threshold.metric,
            Namespace="AWS/SageMaker",
            Period=PERIOD_SECONDS,
            Statistic=threshold.statistic,
            Tags=project.tags(),
            Threshold=threshold.value,
            TreatMissingData="notBreaching",
        )

    alarms = (
        alarm(endpoint_alarm_names.errors, "A new model returns server errors", endpoint_thresholds.errors),
        alarm(endpoint_alarm_names.latency, "A new model has a high latency", endpoint_thresholds.latency),
    )
    return EndpointRollback(
        title="Endpoint", source=__name__, resources=alarms, alarms=alarms, on_instances=endpoint.on_instances
    )
