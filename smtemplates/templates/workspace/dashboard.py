"""Dashboard: shows the alarms, the endpoints and the jobs in CloudWatch."""

from __future__ import annotations

from typing import Any

from troposphere import AWS_PARTITION, Equals, FindInMap, GetAtt, Not, Output, Ref, Sub, cloudwatch

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.core.assets import read_asset
from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    is_true,
    output,
    when,
)
from smtemplates.templates.workspace.endpoint_alarms import EndpointAlarms
from smtemplates.templates.workspace.endpoint_idle import EndpointIdle
from smtemplates.templates.workspace.endpoint_rollback import EndpointRollback
from smtemplates.templates.workspace.log_groups import LogGroups


def dashboard(
    log_groups: LogGroups,
    endpoint_alarms: EndpointAlarms,
    endpoint_rollback: EndpointRollback | None = None,
    endpoint_idle: EndpointIdle | None = None,
) -> Construct:
    """Build the dashboard."""
    parameter = boolean_parameter(
        "CreateDashboard",
        "Create a CloudWatch dashboard. Dashboards beyond the free tier have a monthly charge. If false, no "
        "dashboard is created.",
        default=True,
    )
    create = NamedCondition("CreateDashboard", is_true(parameter))
    has_console = Not(Equals(FindInMap("Console", Ref(AWS_PARTITION), "Host"), "none"))
    link = NamedCondition("LinkDashboard", all_of(create, has_console))
    alarms: list[Any] = [GetAtt(alarm, "Arn") for alarm in (endpoint_alarms.errors, endpoint_alarms.latency)]
    more = {
        "Rollback": _optional(endpoint_rollback.on_instances, *endpoint_rollback.alarms) if endpoint_rollback else "",
        "Idle": _optional(endpoint_idle.has_alarm, endpoint_idle.alarm) if endpoint_idle else "",
    }
    return Construct(
        title="Monitoring",
        source=__name__,
        switches={"Create dashboard": parameter},
        conditions=[create, link],
        mappings={"Console": {partition: {"Host": host} for partition, host in CONSOLE_HOSTS.items()}},
        resources=[
            cloudwatch.Dashboard("Dashboard", Condition=create.name, DashboardBody=_body(log_groups, alarms, more))
        ],
        outputs=_outputs(create, link),
    )


def _optional(condition: NamedCondition, *alarms: cloudwatch.Alarm) -> Any:
    """Return the ARNs of alarms for the list in the dashboard, or nothing without these alarms."""
    arns: dict[str, Any] = {str(alarm.title): GetAtt(alarm, "Arn") for alarm in alarms}
    return when(condition, Sub("".join(f', "${{{name}}}"' for name in arns), **arns), "")


def _body(log_groups: LogGroups, alarms: list[Any], more: dict[str, Any]) -> Sub:
    """Build the dashboard body. Its searches include endpoints and jobs that are created later.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    only = Sub(' EndpointName=\\"${EndpointName}\\"', EndpointName=log_groups.watched)
    errors, latency = alarms
    return Sub(
        read_asset(__package__, "dashboard.json").replace("\n", ""),
        Errors=errors,
        Latency=latency,
        Endpoint=when(log_groups.has_endpoint, only, ""),
        **more,
    )


def _outputs(create: NamedCondition, link: NamedCondition) -> list[Output]:
    address = "https://${AWS::Region}.${Host}/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Name}"
    return [
        output("DashboardName", "Name of the dashboard", Ref("Dashboard"), condition=create),
        output(
            "DashboardUrl",
            "URL of the dashboard in the CloudWatch console",
            Sub(address, Name=Ref("Dashboard"), Host=FindInMap("Console", Ref(AWS_PARTITION), "Host")),
            condition=link,
        ),
    ]
