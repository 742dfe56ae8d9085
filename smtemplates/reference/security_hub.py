"""Requirements of AWS Security Hub, by control ID, with the rules of scanners that verify the same requirement.

`smtemplates/policy` has a rule for each requirement, except for CloudFormation.

Source: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
"""

from __future__ import annotations

from smtemplates.reference.control import Control

RULES = "tests/policy/test_rules.py"
NO_FINDING = f"{RULES}::test_our_template_breaks_no_rule"
WAIVED = f"{RULES}::test_no_combination_breaks_a_rule_but_where_it_is_waived"
NO_WAIVER = f"{RULES}::test_with_a_vpc_and_a_key_no_control_of_sagemaker_is_waived"
SECURITY_HUB = (
    Control(
        "SageMaker.1: Notebook instances have no direct internet access",
        "Disabled if a VPC is specified, unless you set `NotebookDirectInternetAccess=Enabled`.",
        NO_WAIVER,
    ),
    Control(
        "SageMaker.2: Notebook instances run in your VPC",
        "`VpcId` and `SubnetIds`. The control is waived without them.",
        NO_WAIVER,
    ),
    Control(
        "SageMaker.3: Users have no root access",
        "Disabled, unless you set `NotebookRootAccess=Enabled`.",
        NO_FINDING,
        rules=("sagemaker_notebook_instance_root_access_check",),
    ),
    Control("SageMaker.8: Notebook instances use a supported platform", "Always `notebook-al2023-v1`.", NO_FINDING),
    Control(
        "SageMaker.21: Your KMS key encrypts notebook volumes",
        "`KmsKeyArn` or `CreateKmsKey`. The control is waived without a key.",
        NO_WAIVER,
    ),
    Control(
        "S3.2, S3.3, S3.6, S3.8, S3.12: Buckets are not public, have no ACLs and cannot be administered by other "
        "accounts",
        "Always enabled.",
        NO_FINDING,
        rules=(
            "AwsSolutions-S2",
            "AwsSolutions-S5",
            "CKV2_AWS_75",
            "CKV_AWS_20",
            "CKV_AWS_53",
            "CKV_AWS_54",
            "CKV_AWS_55",
            "CKV_AWS_56",
            "CKV_AWS_57",
            "NIST.800.53.R5-S3BucketLevelPublicAccessProhibited",
            "NIST.800.53.R5-S3BucketPublicReadProhibited",
            "NIST.800.53.R5-S3BucketPublicWriteProhibited",
            "S3_BUCKETPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL",
            "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
            "S3_BUCKET_POLICY_NO_ALLOW_PLUS_NOT_ACTION",
            "S3_BUCKET_POLICY_NO_WILDCARD_ACTION",
            "S3_BUCKET_POLICY_NO_WILDCARD_PRINCIPAL",
            "S3_BUCKET_PUBLIC_READ_ACL",
            "S3_BUCKET_PUBLIC_READ_PROHIBITED",
            "S3_BUCKET_PUBLIC_WRITE_PROHIBITED",
            "s3_bucket_acl_prohibited_check",
            "s3_bucket_level_public_access_prohibited_check",
        ),
    ),
    Control(
        "S3.5: Requests require TLS",
        "A bucket policy always denies all other requests.",
        NO_FINDING,
        rules=(
            "AwsSolutions-S10",
            "NIST.800.53.R5-S3BucketSSLRequestsOnly",
            "s3_bucket_policy_ssl_requests_only_check",
        ),
    ),
    Control(
        "S3.9: Buckets have access logs", "`AccessLogBucketName`. The control is waived without this bucket.", WAIVED
    ),
    Control(
        "S3.10, S3.13: Buckets have lifecycle rules",
        "Incomplete uploads and noncurrent versions are always deleted.",
        NO_FINDING,
        rules=(
            "s3_lifecycle_policy_check",
            "s3_version_lifecycle_policy_check",
        ),
    ),
    Control(
        "S3.14: Buckets have versioning",
        "Enabled, unless you set `BucketVersioning=false`.",
        WAIVED,
        rules=(
            "CKV_AWS_21",
            "NIST.800.53.R5-S3BucketVersioningEnabled",
            "S3_BUCKET_VERSIONING_ENABLED",
            "s3_bucket_versioning_enabled_check",
        ),
    ),
    Control(
        "S3.17, SNS.1: KMS keys encrypt the buckets and the topic",
        "`KmsKeyArn` or `CreateKmsKey`. The control is waived without a key.",
        WAIVED,
    ),
    Control(
        "KMS.1, KMS.2: No policy allows decryption with all keys",
        "Each policy names its key.",
        NO_FINDING,
    ),
    Control(
        "KMS.3, KMS.4, KMS.5: Keys are retained, rotated and not public",
        "Applies to the key that this stack creates.",
        NO_FINDING,
        rules=(
            "AwsSolutions-KMS5",
            "CKV_AWS_33",
            "CKV_AWS_7",
            "CMK_BACKING_KEY_ROTATION_ENABLED",
            "KMS_NO_WILDCARD_PRINCIPAL",
            "NIST.800.53.R5-KMSBackingKeyRotationEnabled",
            "kms_asymmetric_rsa_keyspec_check",
            "kms_key_rotation_enabled_check",
        ),
    ),
    Control(
        "Lambda.1, Lambda.2: Functions are not public and use a supported runtime",
        "Python 3.13, without a resource-based policy.",
        NO_FINDING,
        rules=("CKV_AWS_363",),
    ),
    Control(
        "IAM.1, IAM.21: No policy allows all actions, or all actions of a service",
        "Each policy names its actions.",
        NO_FINDING,
        rules=(
            "CKV_AWS_62",
            "CKV_AWS_63",
            "IAM_MANAGEDPOLICY_NO_STATEMENTS_WITH_FULL_ACCESS",
            "IAM_ROLE_NO_WILDCARD_ACTIONS_ON_PERMISSIONS",
            "IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_ACTION",
            "IAM_ROLE_OR_POLICY_NO_ALLOW_PLUS_NOT_RESOURCE",
            "NIST.800.53.R5-IAMPolicyNoStatementsWithAdminAccess",
            "NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess",
            "iam_inline_policy_no_statements_with_admin_access_check",
            "iam_inline_policy_no_statements_with_full_access_check",
            "iam_managed_policy_no_statements_with_admin_access_check",
            "iam_managed_policy_no_statements_with_full_access_check",
        ),
    ),
    Control(
        "SNS.4: The topic is not public",
        "The topic policy allows only AWS services to publish.",
        NO_FINDING,
        rules=(
            "SNS_TOPICPOLICY_NO_ALLOW_PLUS_NOTPRINCIPAL",
            "SNS_TOPICPOLICY_NO_ALLOW_PLUS_NOT_ACTION",
            "SNS_TOPICPOLICY_NO_WILDCARD_PRINCIPAL",
        ),
    ),
    Control(
        "EC2.18: No port is open to the internet",
        "The security group that this stack creates allows inbound traffic only from its members.",
        NO_FINDING,
        rules=(
            "AwsSolutions-EC23",
            "CKV_AWS_24",
            "CKV_AWS_25",
            "CKV_AWS_260",
            "EC2_SECURITY_GROUP_INGRESS_OPEN_TO_WORLD_RULE",
            "INCOMING_SSH_DISABLED",
            "NIST.800.53.R5-EC2RestrictedSSH",
            "RESTRICTED_INCOMING_TRAFFIC",
            "SECURITY_GROUP_INGRESS_CIDR_NON_32_RULE",
            "SECURITY_GROUP_INGRESS_PORT_RANGE_RULE",
            "vpc_sg_open_only_to_authorized_ports_check",
            "vpc_sg_restricted_common_ports_check",
        ),
    ),
    Control(
        "CloudFormation.3: The stack has termination protection",
        "`smtemplates deploy --termination-protection`. Enabled by default if `Environment=prd`.",
        "tests/deploying/test_life.py::test_stack_settings_without_a_change",
    ),
    Control(
        "CloudFormation.4: The stack has a service role",
        "`smtemplates deploy --role-arn`",
        "tests/deploying/test_stubbed.py::test_arguments_of_the_change_set",
    ),
)
