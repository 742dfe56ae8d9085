"""Notification role: EventBridge publishes events to the alarm topic with it."""

from __future__ import annotations

from awacs.aws import Allow, Condition, StringEquals
from troposphere import AWS_NO_VALUE, Ref, Sub, iam

from smtemplates.core.construct import NamedCondition, when
from smtemplates.core.iam import actions, allow, for_this_account, policy_document, trust_policy
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.monitoring import Monitoring


def notification_role(
    condition: NamedCondition, monitoring: Monitoring, encryption: Encryption, execution_role: ExecutionRole
) -> iam.Role:
    """Build the role, which can publish to the topic and use the key of the topic.

    A policy of the topic or of the key that names EventBridge would also allow the rules of other accounts: a key with
    a condition on the source does not work, and AWS documents no condition for a topic. It is inferred that the role
    also works with an encrypted topic, because a former version of the documentation advised against it. If a delivery
    fails, the alarm on undelivered events reports it. An existing topic can have any key, which the role can use for
    this topic only. It is inferred that Amazon SNS sends the topic as the encryption context, as in other examples.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
    Source: https://aws.amazon.com/about-aws/whats-new/2025/03/amazon-eventbridge-iam-execution-role-all-targets/
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (no condition on the source)
    Source: https://docs.aws.amazon.com/gameliftservers/latest/flexmatchguide/queue-notification-sns-sse.html (context)
    Source: https://github.com/aws/aws-cdk/pull/34259
    Source: https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/407
    """
    use_key = actions("kms", "Decrypt", "GenerateDataKey*")
    publish = {
        "Sid": "Publish",
        "Effect": Allow,
        "Action": [*actions("sns", "Publish"), *use_key],
        "Resource": [monitoring.topic_arn(), encryption.key()],
    }
    keys = Sub("arn:${AWS::Partition}:kms:${AWS::Region}:*:key/*")
    for_topic = StringEquals({"kms:EncryptionContext:aws:sns:topicArn": Ref(monitoring.existing_topic)})
    use_key_of_topic = allow("UseKeyOfTopic", use_key, [keys], Condition(for_topic))
    return iam.Role(
        "NotificationRole",
        Condition=condition.name,
        AssumeRolePolicyDocument=trust_policy("events.amazonaws.com", for_this_account()),
        PermissionsBoundary=execution_role.permissions_boundary(),
        Policies=[
            iam.Policy(
                PolicyName="Publish",
                PolicyDocument=policy_document(
                    publish, when(monitoring.create_topic, Ref(AWS_NO_VALUE), use_key_of_topic)
                ),
            )
        ],
    )
