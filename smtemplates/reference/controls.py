"""Security controls of the workspace and its deployer, for a reviewer to tick off; whoever proves one adds it here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """Hold one control: what it asks for, how it is met, the test that holds it, and what no live account has shown."""

    asks: str
    answer: str
    test: str
    unseen: str = ""


ROLE = "tests/access/test_execution_role.py::test_the_role_may_do_what_the_table_says_and_nothing_else"
POLICY = "tests/policy/test_rules.py"
KEPT = f"{POLICY}::test_our_template_breaks_no_rule"
EXCUSED = f"{POLICY}::test_no_combination_breaks_a_rule_but_where_it_is_waived"
NOTEBOOK = f"{POLICY}::test_with_a_vpc_and_a_key_no_control_of_sagemaker_is_waived"
# What AWS Security Hub asks for, by its numbers; `smtemplates/policy` has a rule for each but those of CloudFormation.
# Source: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-controls-reference.html
SECURITY_HUB = (
    Control(
        "SageMaker.1: no direct internet access from notebook instances",
        "Disabled with a VPC, unless `NotebookDirectInternetAccess=Enabled` asks for it",
        NOTEBOOK,
    ),
    Control("SageMaker.2: notebook instances in your VPC", "`VpcId` and `SubnetIds`; waived without", NOTEBOOK),
    Control("SageMaker.3: no root access", "Disabled, unless `NotebookRootAccess=Enabled` asks for it", KEPT),
    Control("SageMaker.8: a supported platform", "`notebook-al2023-v1`, always", KEPT),
    Control(
        "SageMaker.21: your key encrypts notebook volumes", "`KmsKeyArn` or `CreateKmsKey`; waived without", NOTEBOOK
    ),
    Control("S3.2, S3.3, S3.6, S3.8, S3.12: no public bucket, no ACL, no foreign administrator", "Always", KEPT),
    Control("S3.5: TLS only", "A bucket policy refuses all else, always", KEPT),
    Control("S3.9: access logs", "`AccessLogBucketName`; waived without", EXCUSED),
    Control("S3.10, S3.13: lifecycle rules", "Unfinished uploads and old versions are deleted, always", KEPT),
    Control("S3.14: versioning", "On, unless `BucketVersioning=false` turns it off", EXCUSED),
    Control(
        "S3.17, SNS.1: KMS keys encrypt buckets and topic", "`KmsKeyArn` or `CreateKmsKey`; waived without", EXCUSED
    ),
    Control("KMS.1, KMS.2: no policy decrypts with any key", "Each names the one key", KEPT),
    Control("KMS.3, KMS.4, KMS.5: keys are kept, rotate, and are not public", "The key made here", KEPT),
    Control("Lambda.1, Lambda.2: no public function, a supported runtime", "Python 3.13; nobody is let in", KEPT),
    Control("IAM.1, IAM.21: no policy allows everything, or all of a service", "Actions are named", KEPT),
    Control("SNS.4: no public topic", "The topic policy lets services of AWS publish, and nobody else", KEPT),
    Control("EC2.18: no port open to the internet", "The security group made here admits its members only", KEPT),
    Control(
        "CloudFormation.3: termination protection",
        "`deploy.py --termination-protection`, on by itself for `Environment=prd`",
        "tests/deploying/test_life.py::test_settings_without_a_change",
    ),
    Control(
        "CloudFormation.4: a service role for the stack",
        "`deploy.py --role-arn`",
        "tests/deploying/test_stubbed.py::test_create_arguments",
    ),
)
CONTROLS = (
    *SECURITY_HUB,
    Control(
        "The execution role may do what work needs, and nothing else",
        "Managed policies by activity; a table of requests is judged in every world of parameters",
        ROLE,
        "A simulator is not IAM: which context keys SageMaker really sends",
    ),
    Control(
        "No grant, refusal or condition is idle",
        "Without any one of them a request of that table is judged otherwise",
        "tests/access/test_execution_role.py::test_every_grant_is_needed_and_every_refusal_and_condition_counts",
    ),
    Control(
        "No way to more privileges, no data exfiltration, no exposed resource, no credentials",
        "Cloudsplaining finds none in any policy of an identity",
        "tests/access/test_words.py::test_scanner_finds_no_way_up_or_out",
    ),
    Control(
        "No invented permission",
        "Each action and condition key is in a data set made from AWS's service authorization reference",
        "tests/access/test_words.py::test_every_condition_key_is_one_that_an_action_sends",
    ),
    Control(
        "No confused deputy",
        "The role trusts SageMaker on behalf of this account only (`aws:SourceAccount`)",
        "tests/access/test_execution_role.py::test_only_this_account_s_sagemaker_takes_the_role",
        "AWS's pages say nothing of `aws:SourceAccount` for notebook instances",
    ),
    Control(
        "A permissions boundary on every role",
        "`PermissionsBoundaryArn`",
        "tests/access/test_execution_role.py::test_a_boundary_bounds_every_role",
    ),
    Control(
        "The function that makes folders touches its keys and log groups only",
        "`InitializerRole` names each of them",
        "tests/access/test_initializer_role.py::test_it_touches_its_folders_and_groups_only",
        "That CloudWatch Logs asks IAM about a group with an empty stream is read from its refusals",
    ),
    Control(
        "Who launches from Service Catalog needs no permission of the workspace's",
        "The launch role's permissions are computed from the template's types; a table of requests is judged. Whoever "
        "publishes a version decides what is done with them, in each launching account, to all that is named `SC-*`",
        "tests/launching/test_launch_role.py::test_others_things_and_more_power_are_refused",
        "A simulator is not IAM",
    ),
    Control(
        "The launch role lacks nothing that a launch takes",
        "It launches, updates and deletes a whole workspace on a local cloud, and all that the provider schemas name "
        "for each of these steps is judged",
        "tests/launching/test_life.py::test_each_call_is_allowed",
        "What CloudFormation calls beside its schemas, and how it names SageMaker's resources",
    ),
    Control(
        "Who plans a change in a pipeline cannot make it",
        "The documented planning role plans on a local cloud, and is refused the rest",
        "tests/docs/test_pipelines.py::test_gitlab_does_the_same",
    ),
    Control(
        "Roles that a launch makes cannot do more than their boundary",
        "`iam:PermissionsBoundary` on all that makes or changes a role; no launch may change or take off the boundary, "
        "which keeps others' secrets, Studio sessions, logs and roles out of reach, whatever policies are attached",
        "tests/launching/test_launch_role.py::test_whatever_is_attached_stays_within_the_boundary",
    ),
    Control(
        "Launches reach buckets named as those of launches are, and of others only those that are named to them",
        "The same boundary: `sc-*`, other launches' too, and other accounts' that let them in, and "
        "`BringableBucketArns` of the stack that made the launch role",
        "tests/launching/test_launch_role.py::test_roles_reach_buckets_that_launches_made_and_named_ones_only",
        "What S3 says to a launch that brings another",
    ),
    Control(
        "A model is approved by somebody else than who trained it",
        "`AllowModelApproval`, off by default",
        ROLE,
    ),
    Control(
        "The customer key is lent to S3, SageMaker and EC2 only",
        "`kms:ViaService` on its use and on grants",
        ROLE,
        "That SageMaker makes the grants of Studio's spaces under that condition; if not, making a space fails",
    ),
    Control(
        "What is executed is what was reviewed",
        "The change set's template is read back and compared before it is executed",
        "tests/deploying/test_reviewed.py::test_altered_template",
        "What AWS returns as a change set's original template",
    ),
    Control(
        "TLS is always checked",
        "https but on loopback; no call turns verification off; a self-signed server is refused",
        "tests/deploying/test_tls.py::test_strangers_certificate",
        "A company's proxy with `AWS_CA_BUNDLE`",
    ),
    Control(
        "Values of NoEcho parameters are shown nowhere",
        "Masked in plans, pages, summaries, failures and fetched logs",
        "tests/deploying/test_secrecy.py::test_every_command",
        "Whether AWS repeats such values in reasons",
    ),
    Control(
        "No credentials or presigned URL in any log",
        "`--debug` logs facts of calls, not what they carry",
        "tests/deploying/test_secrecy.py::test_workspace",
        "Real presigned answers of custom resources",
    ),
    Control(
        "No secret is a parameter",
        "None is named, described or hidden as one; the place named instead is Secrets Manager",
        "tests/test_secrets.py::test_no_parameter_wants_a_secret",
    ),
    Control(
        "No value of a parameter is code",
        "The nastiest values that the patterns let through are run in bash and parsed, wherever they reach",
        "tests/test_hostile_values.py::test_what_patterns_let_through_is_data",
    ),
    Control(
        "AWS Control Tower's proactive controls pass",
        "Its Guard rules judge each form of each resource; what stands has its reason in `tests/scanners/waivers.yaml`",
        "tests/scanners/test_guard.py::test_control_tower_lets_each_stack_pass",
        "Control Tower's own hooks, in an account that has them",
    ),
    Control(
        "checkov's checks pass",
        "Likewise, with the same file of reasons; a reason that is no longer needed fails",
        "tests/scanners/test_checkov.py::test_checkov_lets_each_stack_pass",
    ),
    Control(
        "Another account's bucket is never written to or emptied",
        "Each call to S3 says whose bucket is meant (`ExpectedBucketOwner`)",
        "tests/deploying/test_owner.py::test_a_strangers_bucket_is_left_alone",
    ),
    Control(
        "A brought key's policy is known",
        "Printed below, the same as that of a key made here; a failure for lack of it says so",
        "tests/deploying/test_stubbed.py::test_own_key_denied",
    ),
    Control(
        "Dependencies are locked, and known vulnerabilities fail",
        "Hashes in `requirements/`; `scripts/audit.py` asks OSV on GitHub, at every change and each week",
        "tests/test_audit.py::test_only_a_known_vulnerability_fails",
        "Answers of OSV itself: where this was made it cannot be reached",
    ),
)
