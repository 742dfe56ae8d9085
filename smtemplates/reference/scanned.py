"""Controls that only scanners verify, with their rules. No stack violates one of these rules."""

from __future__ import annotations

from smtemplates.reference.control import Control

CHECKOV = "tests/scanners/test_checkov.py::test_every_stack_passes_checkov"
GUARD = "tests/scanners/test_guard.py::test_every_stack_passes_the_guard_rules"
NAG = "tests/scanners/test_cdk_nag.py::test_every_stack_passes_cdk_nag"
SCANNED = (
    Control(
        "Security groups have descriptions and only known outbound ports",
        "Each rule has a description. Outbound traffic to other addresses uses port 443.",
        GUARD,
        rules=(
            "AwsSolutions-EC27",
            "CKV_AWS_23",
            "SECURITY_GROUP_DESCRIPTION_RULE",
            "SECURITY_GROUP_EGRESS_PORT_RANGE_RULE",
            "SECURITY_GROUP_MISSING_EGRESS_RULE",
        ),
    ),
    Control(
        "Subnets assign no public addresses",
        "No subnet sets `MapPublicIpOnLaunch`, which is false by default.",
        GUARD,
        rules=(
            "NIST.800.53.R5-VPCSubnetAutoAssignPublicIpDisabled",
            "SUBNET_AUTO_ASSIGN_PUBLIC_IP_DISABLED",
            "subnet_auto_assign_public_ip_disabled_check",
        ),
    ),
    Control(
        "Buckets and queues are always encrypted",
        "SSE-S3 and SSE-SQS, or your KMS key.",
        GUARD,
        rules=(
            "AwsSolutions-SQS2",
            "CKV_AWS_19",
            "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
            "S3_DEFAULT_ENCRYPTION_KMS",
            "sqs_queue_encrypted_check",
        ),
    ),
    Control(
        "Queues and topics reject requests without TLS",
        "Their policies deny these requests.",
        NAG,
        rules=(
            "AwsSolutions-SNS3",
            "AwsSolutions-SQS4",
        ),
    ),
    Control(
        "Queue policies list their principals and actions",
        "Only the event rules of this stack send events to the queue.",
        GUARD,
        rules=(
            "SQS_QUEUEPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL",
            "SQS_QUEUEPOLICY_NO_ALLOW_PLUS_NOT_ACTION",
            "SQS_QUEUEPOLICY_NO_WILDCARD_ACTION",
            "SQS_QUEUEPOLICY_NO_WILDCARD_PRINCIPAL",
        ),
    ),
    Control(
        "Image repositories are private, encrypted and scanned, and tags cannot be overwritten",
        "Applies to the repository of `CreateStudioRepository`.",
        CHECKOV,
        rules=(
            "AwsSolutions-ECR1",
            "CKV_AWS_136",
            "CKV_AWS_163",
            "CKV_AWS_32",
            "CKV_AWS_51",
            "ECR_REPO_SCAN_ON_PUSH",
            "ecr_private_image_scanning_enabled_check",
            "ecr_private_lifecycle_policy_configured_check",
            "ecr_private_tag_immutability_enabled_check",
        ),
    ),
    Control(
        "Log groups have a retention",
        "`LogRetentionDays` and `FlowLogRetentionDays`",
        GUARD,
        rules=(
            "CKV_AWS_66",
            "CW_LOGGROUP_RETENTION_PERIOD_CHECK",
            "NIST.800.53.R5-CloudWatchLogGroupRetentionPeriod",
        ),
    ),
    Control(
        "Alarms are enabled", "No alarm disables its actions.", GUARD, rules=("cloudwatch_alarm_action_enabled_check",)
    ),
    Control(
        "Policies are attached to roles, not to users",
        "No resource of the template is a user.",
        GUARD,
        rules=(
            "IAM_NO_POLICY_ON_USER",
            "NIST.800.53.R5-IAMUserNoPolicies",
            "iam_user_no_policies_check",
        ),
    ),
    Control(
        "Trust policies list their principals and actions",
        "Only the AWS service that uses a role can assume it.",
        GUARD,
        rules=(
            "CKV_AWS_60",
            "CKV_AWS_61",
            "IAM_ROLE_NO_ALLOW_PLUS_NOT_ACTION_ON_TRUST_POLICY",
            "IAM_ROLE_NO_ALLOW_PLUS_NOT_PRINCIPAL",
            "IAM_ROLE_NO_FULL_ACCESS_ON_TRUST_POLICY",
        ),
    ),
    Control(
        "Roles have no administrator policy and can pass only known roles",
        "`iam:PassRole` names each role.",
        GUARD,
        rules=(
            "IAM_POLICY_NO_WILDCARD_RESOURCE_ON_PASSROLE",
            "IAM_ROLE_ADMINISTRATOR_ACCESS_POLICY_RULE",
            "IAM_ROLE_ELEVATED_MANAGED_POLICY_RULE",
            "IAM_ROLE_NO_WILDCARD_RESOURCE_ON_PASSROLE",
        ),
    ),
    Control(
        "Environment variables and parameters contain no secrets",
        "The function has no environment variables. The parameter of Studio contains its settings.",
        CHECKOV,
        rules=(
            "CKV_AWS_173",
            "CKV_AWS_384",
            "CKV_AWS_45",
        ),
    ),
    Control(
        "Notebook instances require version 2 of the instance metadata service",
        "`MinimumInstanceMetadataServiceVersion` is 2.",
        CHECKOV,
        rules=("CKV_AWS_371",),
    ),
)
