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
CONTROLS = (
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
        "The launch role's permissions are computed from the template's types; a table of requests is judged",
        "tests/launching/test_launch_role.py::test_others_things_and_more_power_are_refused",
        "A simulator is not IAM: what CloudFormation really calls, and how it names SageMaker's resources",
    ),
    Control(
        "Roles that a launch makes cannot do more than their boundary",
        "`iam:PermissionsBoundary` on all that makes or changes a role; no launch may change or take off the boundary",
        "tests/launching/test_launch_role.py::test_the_boundary_takes_nothing_from_the_workspaces_roles",
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
