"""Security controls of the workspace and its deployer, for reviewers. Each control that has a test has a row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """A control: its requirement, its implementation, its test, and the part not verified in a live account."""

    requirement: str
    implementation: str
    test: str
    unverified: str = ""


ROLE = "tests/access/test_execution_role.py::test_role_allows_exactly_the_requests_of_the_table"
RULES = "tests/policy/test_rules.py"
NO_FINDING = f"{RULES}::test_our_template_breaks_no_rule"
WAIVED = f"{RULES}::test_no_combination_breaks_a_rule_but_where_it_is_waived"
NO_WAIVER = f"{RULES}::test_with_a_vpc_and_a_key_no_control_of_sagemaker_is_waived"
# Requirements of AWS Security Hub, by control ID. `smtemplates/policy` has a rule for each, except for CloudFormation.
# Source: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
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
    ),
    Control("S3.5: Requests require TLS", "A bucket policy always denies all other requests.", NO_FINDING),
    Control(
        "S3.9: Buckets have access logs", "`AccessLogBucketName`. The control is waived without this bucket.", WAIVED
    ),
    Control(
        "S3.10, S3.13: Buckets have lifecycle rules",
        "Incomplete uploads and noncurrent versions are always deleted.",
        NO_FINDING,
    ),
    Control("S3.14: Buckets have versioning", "Enabled, unless you set `BucketVersioning=false`.", WAIVED),
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
    ),
    Control(
        "Lambda.1, Lambda.2: Functions are not public and use a supported runtime",
        "Python 3.13, without a resource-based policy.",
        NO_FINDING,
    ),
    Control(
        "IAM.1, IAM.21: No policy allows all actions, or all actions of a service",
        "Each policy names its actions.",
        NO_FINDING,
    ),
    Control("SNS.4: The topic is not public", "The topic policy allows only AWS services to publish.", NO_FINDING),
    Control(
        "EC2.18: No port is open to the internet",
        "The security group that this stack creates allows inbound traffic only from its members.",
        NO_FINDING,
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
CONTROLS = (
    *SECURITY_HUB,
    Control(
        "The execution role has only the permissions that its work requires",
        "One managed policy for each activity. A table of requests is simulated for every combination of parameters "
        "that changes the policies.",
        ROLE,
        "Whether IAM decides as the simulator does, and which context keys SageMaker sends.",
    ),
    Control(
        "Every allow, deny and condition of the execution role is necessary",
        "Without any one of them, the simulation of the same table has a different result.",
        "tests/access/test_execution_role.py::test_every_allow_deny_and_condition_is_exercised",
    ),
    Control(
        "No privilege escalation, data exfiltration, exposed resources or exposed credentials",
        "Cloudsplaining has no such finding for any identity-based policy.",
        "tests/access/test_policy_contents.py::test_no_privilege_escalation_or_data_exfiltration",
    ),
    Control(
        "Policies contain only existing actions and condition keys",
        "Each action and condition key is in a data set that is based on the AWS service authorization reference.",
        "tests/access/test_policy_contents.py::test_condition_keys_apply_to_an_action",
    ),
    Control(
        "Confused deputy prevention",
        "The execution role trusts SageMaker only on behalf of this account (`aws:SourceAccount`).",
        "tests/access/test_execution_role.py::test_only_sagemaker_of_this_account_can_assume_the_role",
        "Notebook instances: the AWS documentation does not mention `aws:SourceAccount` for them.",
    ),
    Control(
        "Every role has a permissions boundary",
        "`PermissionsBoundaryArn`",
        "tests/access/test_execution_role.py::test_permissions_boundary_applies_to_every_role",
    ),
    Control(
        "The function that creates folders and log groups has access only to their keys and log groups",
        "`InitializerRole` names each of them.",
        "tests/access/test_initializer_role.py::test_role_reaches_only_its_folders_and_log_groups",
        "Whether CloudWatch Logs authorizes requests for log groups with an empty log stream name. This is inferred "
        "from its error messages.",
    ),
    Control(
        "Users who launch from Service Catalog need no permissions on the resources of the workspace",
        "The permissions of the launch role are computed from the resource types of the template, and a table of "
        "requests is simulated. The user who publishes a version determines how each launching account uses these "
        "permissions on all resources named `SC-*`.",
        "tests/launching/test_launch_role.py::test_other_resources_and_more_privileges_are_denied",
        "Whether IAM decides as the simulator does.",
    ),
    Control(
        "The launch role has all permissions that a launch requires",
        "The role launches, updates and deletes a complete workspace on a local cloud. All permissions that the "
        "provider schemas list for each of these steps are simulated.",
        "tests/launching/test_lifecycle.py::test_each_call_is_allowed",
        "Calls by CloudFormation that its schemas do not list, and the names that it generates for SageMaker "
        "resources.",
    ),
    Control(
        "A pipeline that plans changes cannot deploy them",
        "The documented planning role creates plans on a local cloud. All its other requests are denied.",
        "tests/docs/test_pipelines.py::test_gitlab_plans_deploys_and_publishes",
    ),
    Control(
        "The permissions boundary limits all roles that a launch creates",
        "`iam:PermissionsBoundary` is a condition of all actions that create or change a role. No launch can change or "
        "remove the boundary. Whichever policies are attached, the boundary denies access to secrets, Studio sessions, "
        "logs and roles of others.",
        "tests/launching/test_launch_role.py::test_attached_policies_stay_within_the_permissions_boundary",
    ),
    Control(
        "Launched workspaces have access only to buckets with names of launches and to listed buckets",
        "The same permissions boundary allows `sc-*`, and the `BringableBucketArns` of the stack that created the "
        "launch role. These include buckets of other launches, and buckets "
        "in other accounts that allow the access.",
        "tests/launching/test_launch_role.py::test_roles_reach_only_launched_and_listed_buckets",
        "The response of S3 to a launch that uses another existing bucket.",
    ),
    Control(
        "Model versions are not approved by the person who trained the model",
        "`AllowModelApproval` is false by default.",
        ROLE,
    ),
    Control(
        "The execution role can use the customer managed key only through S3, SageMaker and EC2",
        "`kms:ViaService` is a condition of the use of the key and of grants.",
        ROLE,
        "Whether SageMaker creates the grants of Studio spaces under this condition. If not, spaces cannot be created.",
    ),
    Control(
        "Only the reviewed template is deployed",
        "The template of the change set is retrieved and compared before the change set is executed.",
        "tests/deploying/test_reviewed.py::test_altered_template_is_not_executed",
        "The content that AWS returns as the original template of a change set.",
    ),
    Control(
        "TLS certificates are always verified",
        "Only loopback addresses are allowed without HTTPS. No call disables verification. A server with a self-signed "
        "certificate is rejected.",
        "tests/deploying/test_tls.py::test_untrusted_certificate_is_rejected",
        "A company proxy with `AWS_CA_BUNDLE`.",
    ),
    Control(
        "Values of NoEcho parameters are never displayed",
        "They are masked in plans, pages, summaries, error messages and retrieved logs.",
        "tests/deploying/test_secrecy.py::test_commands_write_no_secrets",
        "Whether AWS repeats such values in status reasons.",
    ),
    Control(
        "Logs contain no credentials and no presigned URLs",
        "`--debug` logs metadata of calls, but not their content.",
        "tests/deploying/test_secrecy.py::test_initializer_logs_no_secrets",
        "Presigned responses of custom resources in AWS.",
    ),
    Control(
        "No parameter contains a secret",
        "No parameter has the name, the description or the NoEcho attribute of a secret. Descriptions refer to Secrets "
        "Manager instead.",
        "tests/test_secrets.py::test_no_parameter_wants_a_secret",
    ),
    Control(
        "Parameter values are never executed as code",
        "The most harmful values that the patterns allow are run in bash and parsed wherever they are used.",
        "tests/test_hostile_values.py::test_hostile_values_are_data",
    ),
    Control(
        "The stacks pass the proactive controls of AWS Control Tower",
        "Its Guard rules check each form of each resource. Accepted findings have a reason in "
        "`tests/scanners/waivers.yaml`.",
        "tests/scanners/test_guard.py::test_every_stack_passes_the_control_tower_rules",
        "The hooks of Control Tower in an account that uses them.",
    ),
    Control(
        "The stacks pass the checks of checkov",
        "Accepted findings have a reason in the same file. A reason without a finding fails the test.",
        "tests/scanners/test_checkov.py::test_every_stack_passes_checkov",
    ),
    Control(
        "Objects in buckets of other accounts are never written or deleted",
        "Each S3 request names the expected owner of the bucket (`ExpectedBucketOwner`).",
        "tests/deploying/test_owner.py::test_bucket_of_another_account_is_not_changed",
    ),
    Control(
        "The required policy of an existing KMS key is documented",
        "It is shown below and matches the policy of the key that this stack creates. If a deployment fails because of "
        "the key policy, the message refers to it.",
        "tests/deploying/test_stubbed.py::test_denied_kms_key_refers_to_its_policy",
    ),
    Control(
        "Dependencies are locked and checked for known vulnerabilities",
        "`requirements/` contains hashes. `scripts/audit.py` queries OSV on GitHub for every change and every week. A "
        "known vulnerability fails the check.",
        "tests/test_audit.py::test_only_a_known_vulnerability_fails",
        "Responses of OSV itself. It was not reachable during development.",
    ),
)
