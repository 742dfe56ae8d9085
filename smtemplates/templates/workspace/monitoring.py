"""Monitoring: the topic that receives the notifications of alarms and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import Allow, Bool, Condition, Deny, Principal, Statement
from troposphere import AWSObject, If, Parameter, Ref, sns

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    guard_waivers,
    is_empty,
    is_not_empty,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, for_this_account, policy_document
from smtemplates.templates.workspace.budget_limit import BUDGETS, CLOUDWATCH, BudgetLimit
from smtemplates.templates.workspace.encryption import Encryption
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


def monitoring(project: Project, encryption: Encryption, budget_limit: BudgetLimit | None = None) -> Monitoring:
    """Build the topic for notifications, with an optional subscription."""
    email, topic = _email(), _topic_arn()
    create_topic = NamedCondition("CreateAlarmTopic", is_empty(topic))
    subscribe = NamedCondition("CreateSubscription", all_of(create_topic, is_not_empty(email)))
    return Monitoring(
        title="Monitoring",
        source=__name__,
        parameters={"Email address for alarms": email, "Existing topic for alarms": topic},
        conditions=[create_topic, subscribe],
        rules={
            "EmailOrTopic": rule(
                "Enter AlarmEmail or AlarmTopicArn, but not both. To use both, subscribe the email address to your "
                "topic.",
                is_empty(email),
                given=is_not_empty(topic),
            )
        },
        resources=_topic(create_topic, subscribe, project, encryption, email, budget_limit),
        create_topic=create_topic,
        existing_topic=topic,
    )


def _topic(
    create_topic: NamedCondition,
    subscribe: NamedCondition,
    project: Project,
    encryption: Encryption,
    email: Parameter,
    budget_limit: BudgetLimit | None,
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
        _topic_policy(create_topic, topic, budget_limit),
        sns.SubscriptionResource(
            "AlarmSubscription",
            Condition=subscribe.name,
            Endpoint=Ref(email),
            Protocol="email",
            TopicArn=Ref(topic),
        ),
    ]


def _topic_policy(create_topic: NamedCondition, topic: sns.Topic, budget_limit: BudgetLimit | None) -> sns.TopicPolicy:
    publishers = budget_limit.publishers() if budget_limit else CLOUDWATCH
    return sns.TopicPolicy(
        "AlarmTopicPolicy",
        Condition=create_topic.name,
        PolicyDocument=required_topic_policy(Ref(topic), publishers),
        Topics=[Ref(topic)],
    )


def required_topic_policy(arn: Any, publishers: Any = None) -> dict[str, Any]:
    """Return the policy that a topic needs, whether this stack creates it or not.

    `publishers` are the services that publish to the topic themselves (default: all). EventBridge uses a role.

    Source: https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html
    """
    return policy_document(
        Statement(
            Sid="AlarmsPublish",
            Effect=Allow,
            Principal=Principal("Service", publishers or [BUDGETS, CLOUDWATCH]),
            Action=actions("sns", "Publish"),
            Resource=[arn],
            Condition=for_this_account(),
        ),
        Statement(
            Sid="DenyWithoutTls",
            Effect=Deny,
            Principal=Principal("*"),
            Action=actions("sns", "Publish"),
            Resource=[arn],
            Condition=Condition(Bool({"aws:SecureTransport": "false"})),
        ),
    )


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
        "ARN of an existing SNS topic for alarm notifications. Its policy must allow CloudWatch to publish. The "
        "reference contains the policy. Leave empty to create a topic. If you enter a topic later, the topic of this "
        "stack is deleted with its subscriptions.",
        pattern="^$|^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        hint="must be empty or the ARN of an SNS topic",
        max_length=320,
    )
