"""Notification role: EventBridge publishes events to the alarm topic of this stack with it."""

from __future__ import annotations

from awacs.aws import Allow
from troposphere import Ref, iam

from smtemplates.core.construct import NamedCondition
from smtemplates.core.iam import actions, for_this_account, policy_document, trust_policy
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole


def notification_role(
    condition: NamedCondition, topic_arn: Ref, encryption: Encryption, execution_role: ExecutionRole
) -> iam.Role:
    """Build the role, which can publish to the topic and use the key of the topic.

    A policy of the topic or of the key that names EventBridge would also allow the rules of other accounts: a key with
    a condition on the source does not work, and AWS documents no condition for a topic. It is inferred that the role
    also works with an encrypted topic, because a former version of the documentation advised against it. If a delivery
    fails, the alarm on undelivered events reports it. An existing topic is used without the role. Its own policy must
    allow EventBridge.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
    Source: https://aws.amazon.com/about-aws/whats-new/2025/03/amazon-eventbridge-iam-execution-role-all-targets/
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html (no condition on the source)
    Source: https://github.com/aws/aws-cdk/pull/34259
    """
    publish = {
        "Sid": "Publish",
        "Effect": Allow,
        "Action": [*actions("sns", "Publish"), *actions("kms", "Decrypt", "GenerateDataKey*")],
        "Resource": [topic_arn, encryption.key()],
    }
    return iam.Role(
        "NotificationRole",
        Condition=condition.name,
        AssumeRolePolicyDocument=trust_policy("events.amazonaws.com", for_this_account()),
        PermissionsBoundary=execution_role.permissions_boundary(),
        Policies=[iam.Policy(PolicyName="Publish", PolicyDocument=policy_document(publish))],
    )
