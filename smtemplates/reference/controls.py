"""Security controls of the workspace and its deployer, for reviewers. Each control that has a test has a row."""

from __future__ import annotations

from smtemplates.reference.control import Control
from smtemplates.reference.scanned import GUARD, SCANNED
from smtemplates.reference.security_hub import SECURITY_HUB

ROLE = "tests/access/test_execution_role.py::test_role_allows_exactly_the_requests_of_the_table"
CONTROLS = (
    *SECURITY_HUB,
    *SCANNED,
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
        rules=("CKV_AWS_107", "CKV_AWS_108", "CKV_AWS_109", "CKV_AWS_110", "CKV_AWS_111"),
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
        "Confused deputy prevention in topics, queues and keys",
        "Policies allow AWS services only on behalf of this account. EventBridge publishes to the topic with a role.",
        "tests/access/test_resource_policies.py::test_services_act_only_for_this_account",
        "EventBridge publishes to an encrypted topic with a role. Pages of AWS differ about it. The alarm on "
        "undelivered events reports a failure.",
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
        "tests/launching/test_boundary.py::test_attached_policies_stay_within_the_permissions_boundary",
    ),
    Control(
        "Launched workspaces have access only to buckets with names of launches and to listed buckets",
        "The same permissions boundary allows `sc-*`, and the `BringableBucketArns` of the stack that created the "
        "launch role. These include buckets of other launches, and buckets "
        "in other accounts that allow the access.",
        "tests/launching/test_boundary.py::test_roles_reach_only_launched_and_listed_buckets",
        "The response of S3 to a launch that uses another existing bucket.",
    ),
    Control(
        "Model versions are not approved by the person who trained the model",
        "`AllowModelApproval` is false by default. A change by the execution role resets the approval. The role cannot "
        "set a life cycle stage or write approved artifacts.",
        ROLE,
        "That a version without a life cycle stage has no value of the condition key for its current stage.",
    ),
    Control(
        "The execution role can change only resources of its own project",
        "`Isolation=Project`. Not enabled by default. The reference lists the requests that IAM cannot separate.",
        "tests/access/test_isolation.py::test_role_changes_only_resources_of_its_project",
        "The tags of trial components, and of jobs that Autopilot and Model Monitor start.",
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
        "The stacks pass the rules of AWS Control Tower, the Guard Rules Registry, cdk-nag and checkov",
        "Each rule that applies to one of our resources is listed below, with its control or with the reason why its "
        "finding is accepted. All forms of all resources are scanned.",
        GUARD,
        "The hooks of Control Tower in an account that uses them.",
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
