"""Monitoring: a dashboard for endpoints and jobs, and alarms for endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import Allow, Bool, Condition, Deny, Principal, Statement
from troposphere import (
    AWS_PARTITION,
    AWSObject,
    Equals,
    FindInMap,
    GetAtt,
    If,
    Not,
    Output,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
    cloudwatch,
    sns,
)

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.core.assets import read_asset
from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    guard_waivers,
    is_empty,
    is_not_empty,
    is_true,
    number_parameter,
    output,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, for_this_account, policy_document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.log_groups import LogGroups
from smtemplates.templates.workspace.project import Project

PERIOD_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Monitoring(Construct):
    """Represent the SNS topic for notifications, created by this stack or existing."""

    create_topic: NamedCondition
    existing_topic: Parameter

    def topic_arn(self) -> If:
        """Return the ARN of the topic."""
        return when(self.create_topic, Ref("AlarmTopic"), Ref(self.existing_topic))


def monitoring(
    project: Project, encryption: Encryption, log_groups: LogGroups, endpoint_alarm_names: EndpointAlarmNames
) -> Monitoring:
    """Build the dashboard, the alarms and the topic for notifications."""
    dashboard = boolean_parameter(
        "CreateDashboard",
        "Create a CloudWatch dashboard. Dashboards beyond the free tier have a monthly charge. If false, no "
        "dashboard is created.",
        default=True,
    )
    email, topic = _email(), _topic_arn()
    errors, latency = _thresholds()
    create_dashboard = NamedCondition("CreateDashboard", is_true(dashboard))
    has_console = Not(Equals(FindInMap("Console", Ref(AWS_PARTITION), "Host"), "none"))
    link_dashboard = NamedCondition("LinkDashboard", all_of(create_dashboard, has_console))
    create_topic = NamedCondition("CreateAlarmTopic", is_empty(topic))
    subscribe = NamedCondition("CreateSubscription", all_of(create_topic, is_not_empty(email)))
    topic_arn = when(create_topic, Ref("AlarmTopic"), Ref(topic))
    return Monitoring(
        title="Monitoring",
        source=__name__,
        switches={"Create dashboard": dashboard},
        parameters={
            "Email address for alarms": email,
            "Existing topic for alarms": topic,
            "Endpoint error threshold (in 5 minutes)": errors,
            "Endpoint latency threshold (ms)": latency,
        },
        conditions=[create_dashboard, link_dashboard, create_topic, subscribe],
        rules={
            "EmailOrTopic": rule(
                "Enter AlarmEmail or AlarmTopicArn, but not both. To use both, subscribe the email address to your "
                "topic.",
                is_empty(email),
                given=is_not_empty(topic),
            )
        },
        mappings={"Console": {partition: {"Host": host} for partition, host in CONSOLE_HOSTS.items()}},
        resources=[
            cloudwatch.Dashboard(
                "Dashboard",
                Condition=create_dashboard.name,
                DashboardBody=_dashboard_body(log_groups, endpoint_alarm_names),
            ),
            *_topic(create_topic, subscribe, project, encryption, email),
            *_alarms(endpoint_alarm_names, project, log_groups, topic_arn, errors, latency),
        ],
        outputs=_outputs(create_dashboard, link_dashboard),
        create_topic=create_topic,
        existing_topic=topic,
    )


def _dashboard_body(log_groups: LogGroups, endpoint_alarm_names: EndpointAlarmNames) -> Sub:
    """Build the dashboard body. Its searches include endpoints and jobs that are created later.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    only = Sub(' EndpointName=\\"${EndpointName}\\"', EndpointName=log_groups.watched)
    return Sub(
        read_asset(__package__, "dashboard.json"),
        Errors=GetAtt(endpoint_alarm_names.errors, "Arn"),
        Latency=GetAtt(endpoint_alarm_names.latency, "Arn"),
        Endpoint=when(log_groups.has_endpoint, only, ""),
    )


def _topic(
    create_topic: NamedCondition, subscribe: NamedCondition, project: Project, encryption: Encryption, email: Parameter
) -> list[AWSObject]:
    """Build the topic. Without a customer managed key it is not encrypted: alarms cannot use the AWS managed key.

    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    topic = sns.Topic(
        "AlarmTopic",
        Condition=create_topic.name,
        Metadata=guard_waivers(SNS_1=encryption.has_key),
        KmsMasterKeyId=encryption.key(),
        Tags=project.tags(),
    )
    return [
        topic,
        _topic_policy(create_topic, topic),
        sns.SubscriptionResource(
            "AlarmSubscription",
            Condition=subscribe.name,
            Endpoint=Ref(email),
            Protocol="email",
            TopicArn=Ref(topic),
        ),
    ]


def _topic_policy(create_topic: NamedCondition, topic: sns.Topic) -> sns.TopicPolicy:
    return sns.TopicPolicy(
        "AlarmTopicPolicy",
        Condition=create_topic.name,
        PolicyDocument=policy_document(
            # Source: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
            Statement(
                Sid="AlarmsPublish",
                Effect=Allow,
                Principal=Principal("Service", ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]),
                Action=actions("sns", "Publish"),
                Resource=[Ref(topic)],
                Condition=for_this_account(),
            ),
            # the documented policy for EventBridge has no condition, and public reports say that conditions do not work
            # Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
            Statement(
                Sid="EventsPublish",
                Effect=Allow,
                Principal=Principal("Service", "events.amazonaws.com"),
                Action=actions("sns", "Publish"),
                Resource=[Ref(topic)],
            ),
            Statement(
                Sid="DenyWithoutTls",
                Effect=Deny,
                Principal=Principal("*"),
                Action=actions("sns", "Publish"),
                Resource=[Ref(topic)],
                Condition=Condition(Bool({"aws:SecureTransport": "false"})),
            ),
        ),
        Topics=[Ref(topic)],
    )


def _alarms(
    endpoint_alarm_names: EndpointAlarmNames,
    project: Project,
    log_groups: LogGroups,
    topic_arn: If,
    errors: Parameter,
    latency: Parameter,
) -> list[cloudwatch.Alarm]:
    """Build alarms on queries, so that one alarm covers all endpoints. Without endpoints there is no alarm.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Metrics_Insights_Alarm.html
    """

    def alarm(name: str, description: str, select: str, threshold: Ref | Sub, periods: int) -> cloudwatch.Alarm:
        only = Sub(" WHERE EndpointName = '${EndpointName}'", EndpointName=log_groups.watched)
        query = Sub(
            f'SELECT {select} FROM SCHEMA("AWS/SageMaker", EndpointName, VariantName)${{Where}}',
            Where=when(log_groups.has_endpoint, only, ""),
        )
        return cloudwatch.Alarm(
            name,
            AlarmActions=[topic_arn],
            AlarmDescription=Sub(f"{description} (stack ${{AWS::StackName}})"),
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=periods,
            Metrics=[cloudwatch.MetricDataQuery(Id="q1", Expression=query, Period=PERIOD_SECONDS, ReturnData=True)],
            OKActions=[topic_arn],
            Tags=project.tags(),
            Threshold=threshold,
            TreatMissingData="notBreaching",
        )

    return [
        alarm(
            endpoint_alarm_names.errors,
            "SageMaker endpoints return server errors",
            "SUM(Invocation5XXErrors)",
            Ref(errors),
            periods=1,
        ),
        alarm(
            endpoint_alarm_names.latency,
            "SageMaker endpoints have a high latency",
            "AVG(ModelLatency)",
            # the metric is in microseconds. CloudFormation cannot multiply, and accepts fractions such as 2500.5
            Sub("${Ms}000", Ms=Select(0, Split(".", Ref(latency)))),
            periods=3,
        ),
    ]


def _outputs(create_dashboard: NamedCondition, link_dashboard: NamedCondition) -> list[Output]:
    address = "https://${AWS::Region}.${Host}/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Name}"
    return [
        output("DashboardName", "Name of the dashboard", Ref("Dashboard"), condition=create_dashboard),
        output(
            "DashboardUrl",
            "URL of the dashboard in the CloudWatch console",
            Sub(address, Name=Ref("Dashboard"), Host=FindInMap("Console", Ref(AWS_PARTITION), "Host")),
            condition=link_dashboard,
        ),
    ]


def _email() -> Parameter:
    return string_parameter(
        "AlarmEmail",
        "Email address for alarm notifications. AWS sends a confirmation request first. Leave empty for no email.",
        pattern="^$|^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$",
        hint="must be empty or one email address",
        max_length=254,
    )


def _topic_arn() -> Parameter:
    return string_parameter(
        "AlarmTopicArn",
        "ARN of an existing SNS topic for alarm notifications. Its policy must allow CloudWatch and EventBridge to "
        "publish. Leave empty to create a topic. If you enter a topic later, the topic of this stack is deleted with "
        "its subscriptions.",
        pattern="^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        hint="must be empty or the ARN of an SNS topic",
        max_length=320,
    )


def _thresholds() -> tuple[Parameter, Parameter]:
    return (
        number_parameter(
            "EndpointErrorThreshold",
            "Number of 5xx errors in five minutes above which the alarm is triggered. Default: 10.",
            default=10,
            least=0,
            most=1000000,
        ),
        number_parameter(
            "EndpointLatencyThresholdMs",
            "Average model latency in milliseconds above which the alarm is triggered, if it lasts for fifteen "
            "minutes. Default: 5000.",
            default=5000,
            least=1,
            most=3600000,
        ),
    )
