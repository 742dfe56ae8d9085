"""Notifications: the alarm topic also receives failed jobs, failed endpoints and model approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from awacs.aws import Allow, ArnEquals, Bool, Condition, Deny, Principal, Statement
from troposphere import AWS_ACCOUNT_ID, AWSObject, Delete, GetAtt, If, Ref, Sub, cloudwatch, events, sqs

from smtemplates.core.construct import Construct, NamedCondition, all_of, boolean_parameter, is_true, when
from smtemplates.core.iam import actions, policy_document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.log_groups import LogGroups
from smtemplates.templates.workspace.model_registry import ModelRegistry
from smtemplates.templates.workspace.monitoring import PERIOD_SECONDS, Monitoring
from smtemplates.templates.workspace.notification_role import notification_role
from smtemplates.templates.workspace.project import Project

# The names of the job types in EventBridge.
JOBS = ("Training", "Processing", "Transform", "HyperParameter Tuning")
# The states of an endpoint that require an action. DescribeEndpoint and events spell them differently: the documented
# events contain IN_SERVICE and UPDATING. The other spellings of events are inferred.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
ENDPOINT_FAILURES = (
    *("Failed", "OutOfService", "RollingBack", "UpdateRollbackFailed"),
    *("FAILED", "OUT_OF_SERVICE", "ROLLING_BACK", "UPDATE_ROLLBACK_FAILED"),
)
# The longest retention.
# Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
RETENTION_SECONDS = 1209600


@dataclass(frozen=True, kw_only=True)
class _Notification:
    """Describe a rule: the events that match, and the message.

    `template` is text in quotes if its values cannot contain quotes or line breaks. The message of
    EventBridge is not documented if they do. Otherwise it is a JSON object in which variables are not quoted.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """

    name: str
    condition: NamedCondition
    description: str
    types: Sequence[str]
    detail: dict[str, Any]
    template: str | Sub
    paths: dict[str, str]


def notifications(
    project: Project,
    encryption: Encryption,
    execution_role: ExecutionRole,
    log_groups: LogGroups,
    monitoring: Monitoring,
    model_registry: ModelRegistry | None = None,
) -> Construct:
    """Build rules for failed jobs, failed endpoints and, if the template has a model registry, for approvals."""
    notify = boolean_parameter(
        "NotifyOfEvents",
        "Notify the alarm topic of failed jobs of this workspace's role, of failed transform jobs of the account, of "
        "endpoints that fail or are rolled back, and of model versions that are registered, approved or rejected in "
        "the model package group. A message about a job contains all details of the event, such as "
        "hyperparameters. If false, the topic receives only alarms. Changing this to false deletes the undelivered "
        "events.",
        default=True,
    )
    on_events = NamedCondition("NotifyOfEvents", is_true(notify))
    conditions = [on_events]
    rows = [_job_failures(on_events, execution_role), _endpoint_failures(on_events, log_groups)]
    if model_registry:
        on_approvals = NamedCondition("NotifyOfApprovals", all_of(on_events, model_registry.has_group))
        conditions.append(on_approvals)
        rows.append(_approvals(on_approvals, model_registry))
    queue = _queue(on_events, project)
    topic_arn = monitoring.topic_arn()
    role = notification_role(on_events, monitoring, encryption, execution_role)
    rules = [_rule(row, topic_arn, GetAtt(role, "Arn"), queue) for row in rows]
    return Construct(
        title="Monitoring",
        source=__name__,
        parameters={"Notify of failures and model approvals": notify},
        conditions=conditions,
        resources=[
            role,
            *rules,
            _alarm(rules, rows, on_events, project, topic_arn),
            queue,
            _queue_policy(queue, rules, rows, on_events),
        ],
    )


def _job_failures(condition: NamedCondition, role: ExecutionRole) -> _Notification:
    """Describe failed jobs. Events of transform jobs do not contain a role.

    A training job of a tuning job does not send a message, because AWS reports the tuning job. It is inferred that
    the event contains TuningJobArn, like DescribeTrainingJob, because the documented example shows another job.
    Without that field, each training job sends a message. AWS sends no event about AutoML jobs, so their jobs do.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
    """
    roles = [role.execution_arn()]
    tuning = {"HyperParameterTuningJobStatus": ["Failed"]}
    return _Notification(
        name="JobFailures",
        condition=condition,
        description="A job of this workspace failed",
        types=[f"SageMaker {job} Job State Change" for job in JOBS],
        detail={
            "$or": [
                {
                    "TrainingJobStatus": ["Failed"],
                    "RoleArn": roles,
                    "TuningJobArn": [{"exists": False}, None, ""],
                },
                {"ProcessingJobStatus": ["Failed"], "RoleArn": roles},
                {**tuning, "TrainingJobDefinition": {"RoleArn": roles}},
                {**tuning, "TrainingJobDefinitions": {"RoleArn": roles}},
                {"TransformJobStatus": ["Failed"]},
            ]
        },
        # the reason of a failure usually has quotes and line breaks, which are valid inside of an object
        template=Sub(
            '{"summary": "A SageMaker job of workspace ${AWS::StackName} failed. See FailureReason.", '
            '"type": <type>, "resources": <resources>, "detail": <detail>}'
        ),
        paths={"resources": "$.resources", "detail": "$.detail"},
    )


def _endpoint_failures(condition: NamedCondition, log_groups: LogGroups) -> _Notification:
    """Describe failures and rollbacks of the monitored endpoint or, without one, of all endpoints of the account.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return _Notification(
        name="EndpointFailures",
        condition=condition,
        description="An endpoint failed or is rolled back",
        types=["SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"],
        detail={
            "EndpointName": [when(log_groups.has_endpoint, log_groups.watched, {"exists": True})],
            "EndpointStatus": list(ENDPOINT_FAILURES),
        },
        template='"<type>: <endpoint> is <status>"',
        paths={"endpoint": "$.detail.EndpointArn", "status": "$.detail.EndpointStatus"},
    )


def _approvals(condition: NamedCondition, registry: ModelRegistry) -> _Notification:
    return _Notification(
        name="ModelApprovals",
        condition=condition,
        description="A model version of this workspace was registered, approved or rejected",
        types=["SageMaker Model Package State Change"],
        detail={"ModelPackageGroupName": [registry.name]},
        template='"<type>: <version> is <status>"',
        paths={"version": "$.detail.ModelPackageArn", "status": "$.detail.ModelApprovalStatus"},
    )


def _rule(row: _Notification, topic_arn: If, role_arn: GetAtt, queue: sqs.Queue) -> events.Rule:
    """Build a rule that sends a message for each matching event of this account. A change can cause several."""
    return events.Rule(
        row.name,
        Condition=row.condition.name,
        Description=row.description,
        EventPattern={
            "source": ["aws.sagemaker"],
            "account": [Ref(AWS_ACCOUNT_ID)],
            "detail-type": list(row.types),
            "detail": row.detail,
        },
        Targets=[
            events.Target(
                Arn=topic_arn,
                DeadLetterConfig=events.DeadLetterConfig(Arn=GetAtt(queue, "Arn")),
                Id="topic",
                InputTransformer=events.InputTransformer(
                    InputPathsMap={"type": "$.detail-type", **row.paths}, InputTemplate=row.template
                ),
                RoleArn=role_arn,
            )
        ],
    )


def _alarm(
    rules: Sequence[events.Rule],
    rows: Sequence[_Notification],
    on_events: NamedCondition,
    project: Project,
    topic_arn: If,
) -> cloudwatch.Alarm:
    """Build an alarm on events that a rule could not deliver. The metric of a rule has one dimension, its name.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    """
    failed = [
        when(row.condition, _failed_invocations(rule)) if row.condition is not on_events else _failed_invocations(rule)
        for rule, row in zip(rules, rows, strict=True)
    ]
    return cloudwatch.Alarm(
        "UndeliveredEventsAlarm",
        Condition=on_events.name,
        AlarmActions=[topic_arn],
        AlarmDescription="Notifications could not be delivered. The events are in the queue UndeliveredEvents.",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Metrics=[cloudwatch.MetricDataQuery(Id="failed", Expression="SUM(METRICS())"), *failed],
        Tags=project.tags(),
        Threshold=0,
        TreatMissingData="notBreaching",
    )


def _failed_invocations(rule: events.Rule) -> cloudwatch.MetricDataQuery:
    return cloudwatch.MetricDataQuery(
        Id=f"of{rule.title}",
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(
                Dimensions=[cloudwatch.MetricDimension(Name="RuleName", Value=Ref(rule))],
                MetricName="FailedInvocations",
                Namespace="AWS/Events",
            ),
            Period=PERIOD_SECONDS,
            Stat="Sum",
        ),
        ReturnData=False,
    )


def _queue(condition: NamedCondition, project: Project) -> sqs.Queue:
    """Build the queue of undelivered events, encrypted with a key of Amazon SQS.

    EventBridge does not use the role for this queue, so a KMS key would have to allow EventBridge of all accounts.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html
    """
    return sqs.Queue(
        "UndeliveredEvents",
        Condition=condition.name,
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Delete,
        MessageRetentionPeriod=RETENTION_SECONDS,
        SqsManagedSseEnabled=True,
        Tags=project.tags(),
    )


def _queue_policy(
    queue: sqs.Queue, rules: Sequence[events.Rule], rows: Sequence[_Notification], condition: NamedCondition
) -> AWSObject:
    """Allow only these rules to send events to the queue.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    arns: list[Any] = [
        when(row.condition, GetAtt(rule, "Arn")) if row.condition is not condition else GetAtt(rule, "Arn")
        for rule, row in zip(rules, rows, strict=True)
    ]
    arn = GetAtt(queue, "Arn")
    return sqs.QueuePolicy(
        "UndeliveredEventsPolicy",
        Condition=condition.name,
        PolicyDocument=policy_document(
            Statement(
                Sid="RulesSend",
                Effect=Allow,
                Principal=Principal("Service", "events.amazonaws.com"),
                Action=actions("sqs", "SendMessage"),
                Resource=[arn],
                Condition=Condition(ArnEquals({"aws:SourceArn": arns})),
            ),
            Statement(
                Sid="DenyWithoutTls",
                Effect=Deny,
                Principal=Principal("*"),
                Action=actions("sqs", "*"),
                Resource=[arn],
                Condition=Condition(Bool({"aws:SecureTransport": "false"})),
            ),
        ),
        Queues=[Ref(queue)],
    )
