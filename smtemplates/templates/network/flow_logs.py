"""Flow logs: an optional record of the traffic in the VPC, in CloudWatch Logs."""

from __future__ import annotations

from awacs.aws import ArnLike, Condition, StringEquals
from troposphere import (
    AWS_ACCOUNT_ID,
    AWSObject,
    GetAtt,
    Parameter,
    Ref,
    Retain,
    RetainExceptOnCreate,
    ec2,
    iam,
    logs,
)

from smtemplates.aws_data import network_prices
from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    boolean_parameter,
    choice_parameter,
    is_not_empty,
    is_true,
    output,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, allow, policy_document, regional_arns, trust_policy
from smtemplates.templates.network.vpc import Vpc, name_tag

# The values that CloudWatch Logs accepts.
# Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
# The interval within which traffic is aggregated into one record.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
INTERVAL_SECONDS = 600


def flow_logs(vpc: Vpc) -> Construct:
    """Build the flow logs."""
    create, traffic, retention, key = (
        _create_parameter(),
        _traffic_parameter(),
        _retention_parameter(),
        _key_parameter(),
    )
    is_created = NamedCondition("HasFlowLogs", is_true(create))
    has_key = NamedCondition("HasFlowLogKey", is_not_empty(key))
    group = logs.LogGroup(
        "FlowLogGroup",
        Condition=is_created.name,
        # The records are evidence, also after the network is deleted.
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        KmsKeyId=when(has_key, Ref(key)),
        RetentionInDays=Ref(retention),
        Tags=name_tag(""),
    )
    return Construct(
        title="Flow logs",
        source=__name__,
        parameters={
            "Create flow logs": create,
            "Recorded traffic": traffic,
            "Log retention (days)": retention,
            "KMS key ARN": key,
        },
        conditions=[is_created, has_key],
        resources=[group, *_delivery(vpc, is_created, traffic, group)],
        outputs=[
            output("FlowLogGroupName", "Name of the log group of the flow logs", Ref(group), condition=is_created)
        ],
    )


def _delivery(vpc: Vpc, condition: NamedCondition, traffic: Parameter, group: logs.LogGroup) -> list[AWSObject]:
    """Build the flow log and the role that writes it.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    role = iam.Role(
        "FlowLogRole",
        Condition=condition.name,
        AssumeRolePolicyDocument=trust_policy(
            "vpc-flow-logs.amazonaws.com",
            Condition(
                [
                    StringEquals({"aws:SourceAccount": Ref(AWS_ACCOUNT_ID)}),
                    ArnLike({"aws:SourceArn": regional_arns("ec2", "vpc-flow-log/*")[0]}),
                ]
            ),
        ),
        Policies=[
            iam.Policy(
                PolicyName="WriteFlowLogs",
                PolicyDocument=policy_document(
                    allow(
                        "WriteRecords",
                        actions("logs", "CreateLogStream", "DescribeLogStreams", "PutLogEvents"),
                        [GetAtt(group, "Arn")],
                    ),
                    # this action has no resource
                    allow("FindGroup", actions("logs", "DescribeLogGroups"), ["*"]),
                ),
            )
        ],
        Tags=name_tag(" flow logs"),
    )
    return [
        role,
        ec2.FlowLog(
            "FlowLog",
            Condition=condition.name,
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            MaxAggregationInterval=INTERVAL_SECONDS,
            ResourceId=vpc.vpc_id(),
            ResourceType="VPC",
            TrafficType=Ref(traffic),
            Tags=name_tag(""),
        ),
    ]


def _create_parameter() -> Parameter:
    prices = network_prices
    return boolean_parameter(
        "CreateFlowLogs",
        "Record the connections of the VPC in CloudWatch Logs: addresses, ports and sizes, not contents. Each GB of "
        f"records costs USD {prices.FLOW_LOGS_PER_GB}, and its storage in addition. {prices.VALIDITY} Changing this to "
        "false ends the recording. The log group and its records are retained. If false, nothing is recorded.",
        default=False,
    )


def _traffic_parameter() -> Parameter:
    return choice_parameter(
        "FlowLogTraffic",
        "Traffic that the flow logs record: all connections, or only those that security groups accept or reject. "
        "Recording only rejected connections costs least. Changing this replaces the flow log. Its records are "
        "retained. Default: ALL.",
        ("ALL", "ACCEPT", "REJECT"),
        default="ALL",
    )


def _retention_parameter() -> Parameter:
    return Parameter(
        "FlowLogRetentionDays",
        Type="Number",
        Description="Days after which CloudWatch Logs deletes the records. Decreasing this deletes older records. "
        "Default: 90.",
        Default=90,
        AllowedValues=list(RETENTION_DAYS),
        ConstraintDescription="must be a number of days that CloudWatch Logs accepts, such as 30, 90 or 365",
    )


def _key_parameter() -> Parameter:
    return string_parameter(
        "FlowLogKmsKeyArn",
        "ARN of an existing KMS key in this Region that encrypts the records. The key policy must allow CloudWatch "
        "Logs to use it. After a change, earlier records still need the earlier key. Leave empty to use a key that AWS "
        "manages.",
        pattern="^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        hint="must be empty or the ARN of a KMS key, such as arn:aws:kms:us-east-1:111122223333:key/<id>, not of an "
        "alias",
        max_length=128,
    )
