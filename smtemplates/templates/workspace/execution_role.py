"""Execution role: the role of SageMaker and its permissions, or an existing role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, If, Join, Parameter, Ref, Select, Split, Sub, iam

from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    is_empty,
    is_not_empty,
    not_,
    number_parameter,
    output,
    placeholder,
    rule,
    split_list,
    string_parameter,
    when,
)
from smtemplates.core.iam import for_this_account, policy_document, trust_policy
from smtemplates.templates.workspace import execution_policies
from smtemplates.templates.workspace.data_policy import Limits, data_policy
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.source_identity import SourceIdentity
from smtemplates.templates.workspace.storage import Storage
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks

MONTH_SECONDS = 28 * 24 * 3600
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}"
POLICY = "arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=.@_/-]{1,640}"
FULL_ACCESS = "arn:${AWS::Partition}:iam::aws:policy/AmazonSageMakerFullAccess"


@dataclass(frozen=True, kw_only=True)
class ExecutionRole(Construct):
    """Represent the execution role of SageMaker."""

    create_role: NamedCondition
    least_privilege: NamedCondition
    existing: Parameter
    level: Parameter
    instance_types: Parameter
    boundary: Parameter
    has_boundary: NamedCondition
    policies: Sequence[iam.ManagedPolicy]

    def execution_arn(self) -> If:
        """Return the ARN of the execution role."""
        return _role_arn(self.create_role, self.existing)

    def attached(self) -> Join:
        """Return a text that refers to all policies of the role, for resources that must wait until they are attached.

        DependsOn cannot be used, because it cannot name a resource whose condition may be false.
        """
        named: dict[str, list[str]] = {}
        for policy in self.policies:
            named.setdefault(policy.Condition, []).append(f"${{{policy.title}}}")
        return Join(" ", [If(condition, Sub(" ".join(names)), "") for condition, names in named.items()])

    def once_attached(self, value: Any) -> Select:
        """Return `value`, a text without spaces, for a property of a resource that uses the role during its creation.

        The resource then waits for the policies. CreateModel, for example, reads the model data and the image with the
        role, and fails if a policy is attached later.

        Source: https://github.com/aws/aws-cdk/issues/10064
        Source: https://github.com/aws-samples/generative-ai-sagemaker-cdk-demo/issues/2
        """
        return Select(0, Split(" ", Join(" ", [value, self.attached()])))

    def permissions_boundary(self) -> If:
        """Return the permissions boundary for a role, which is omitted if there is none."""
        return when(self.has_boundary, Ref(self.boundary))


def execution_role(
    project: Project,
    storage: Storage,
    encryption: Encryption,
    network: Network,
    workflow_packs: WorkflowPacks,
    endpoint_alarm_names: EndpointAlarmNames | None = None,
    source_identity: SourceIdentity | None = None,
) -> ExecutionRole:
    """Build the execution role for the buckets, key, network and alarms of this workspace, or use an existing role."""
    existing, boundary = _existing_role(), _permissions_boundary()
    level, additional = _access_level(), _additional_policies()
    types, runtime = _instance_types(), _job_runtime()
    create_role = NamedCondition("CreateExecutionRole", is_empty(existing))
    least_privilege = NamedCondition("LeastPrivilege", all_of(create_role, equals(level, "LeastPrivilege")))
    pack_policies = {
        policy: NamedCondition(f"Create{policy}", all_of(create_role, needed))
        for policy, needed in workflow_packs.policies.items()
    }
    full_access = NamedCondition("FullAccess", equals(level, "FullAccess"))
    has_additional = NamedCondition("HasAdditionalPolicies", is_not_empty(additional))
    has_boundary = NamedCondition("HasPermissionsBoundary", is_not_empty(boundary))
    limits = Limits(
        instance_types=types,
        has_instance_types=NamedCondition("LimitInstanceTypes", is_not_empty(types)),
        runtime=runtime,
        has_runtime=NamedCondition("LimitRuntime", not_(equals(runtime, "0"))),
    )
    policies = [
        execution_role_policy(
            "DataPolicy",
            create_role,
            data_policy(storage, encryption, limits, GetAtt("ExecutionRole", "Arn")),
        ),
        # A role can have ten policies, so each of these contains several activities.
        execution_role_policy(
            "JobsPolicy", least_privilege, policy_document(*execution_policies.jobs(network), *network.interfaces())
        ),
        execution_role_policy(
            "WorkflowPolicy",
            least_privilege,
            policy_document(
                *execution_policies.hosting(network, endpoint_alarm_names), *execution_policies.workflows()
            ),
        ),
        *(
            execution_role_policy(policy, condition, policy_document(*workflow_packs.grants(policy)))
            for policy, condition in pack_policies.items()
        ),
    ]
    role = iam.Role(
        "ExecutionRole",
        Condition=create_role.name,
        Description=Sub("SageMaker execution role of stack ${AWS::StackName}"),
        AssumeRolePolicyDocument=_trust(source_identity),
        ManagedPolicyArns=_managed_policy_arns(additional, has_additional, full_access),
        PermissionsBoundary=when(has_boundary, Ref(boundary)),
        Tags=project.tags(),
    )
    return ExecutionRole(
        title="Access",
        source=__name__,
        parameters={
            "Existing execution role": existing,
            "Access level": level,
            "Additional policies": additional,
            "Permissions boundary": boundary,
            "Allowed instance types": types,
            "Maximum job runtime (seconds)": runtime,
        },
        conditions=[
            create_role,
            least_privilege,
            *pack_policies.values(),
            full_access,
            has_additional,
            has_boundary,
            limits.has_instance_types,
            limits.has_runtime,
        ],
        rules={
            "ExistingRoleIsLeftAlone": rule(
                "With ExistingRoleArn, keep AdditionalPolicyArns, AllowedInstanceTypes, MaxJobRuntimeSeconds, "
                "WorkflowPacks and AccessLevel at their defaults. They apply only to a role that this stack creates.",
                is_empty(additional),
                is_empty(types),
                equals(runtime, "0"),
                equals(level, "LeastPrivilege"),
                workflow_packs.is_unused(),
                given=is_not_empty(existing),
            )
        },
        resources=[role, *policies],
        outputs=[
            output(
                "ExecutionRoleArn",
                "ARN of the execution role of SageMaker",
                _role_arn(create_role, existing),
                export=True,
            ),
            output("ExecutionRoleName", "Name of the execution role", Ref("ExecutionRole"), condition=create_role),
        ],
        create_role=create_role,
        least_privilege=least_privilege,
        existing=existing,
        level=level,
        instance_types=types,
        boundary=boundary,
        has_boundary=has_boundary,
        policies=policies,
    )


def execution_role_policy(name: str, condition: NamedCondition, document: dict[str, Any]) -> iam.ManagedPolicy:
    """Build a managed policy that attaches itself to the execution role, so each construct can add its own."""
    return iam.ManagedPolicy(name, Condition=condition.name, PolicyDocument=document, Roles=[Ref("ExecutionRole")])


def _trust(source_identity: SourceIdentity | None) -> dict[str, Any]:
    document = trust_policy("sagemaker.amazonaws.com", for_this_account())
    if source_identity:
        document["Statement"].append(source_identity.trust(document["Statement"][0]))
    return document


def _role_arn(create_role: NamedCondition, existing: Parameter) -> If:
    return when(create_role, GetAtt("ExecutionRole", "Arn"), Ref(existing))


def _managed_policy_arns(additional: Parameter, has_additional: NamedCondition, full_access: NamedCondition) -> If:
    both = Split(",", Sub(f"{FULL_ACCESS},{placeholder(additional)}"))
    return when(
        full_access,
        when(has_additional, both, [Sub(FULL_ACCESS)]),
        when(has_additional, split_list(additional)),
    )


def _existing_role() -> Parameter:
    return string_parameter(
        "ExistingRoleArn",
        "ARN of an existing execution role. The stack does not change the role. The role needs permissions on the "
        "buckets and the key, sagemaker:StopNotebookInstance for a notebook that stops itself, and "
        "cloudwatch:DescribeAlarms for an endpoint that rolls back. Leave empty to create a role. Changing this "
        "replaces the MLflow app, and its records are lost. It also deploys the endpoint again.",
        pattern=f"^$|^{ROLE}$",
        hint="must be empty or the ARN of an IAM role",
        max_length=640,
    )


def _additional_policies() -> Parameter:
    return string_parameter(
        "AdditionalPolicyArns",
        "ARNs of additional managed policies to attach to the role that this stack creates, separated by commas. "
        "IAM allows ten managed policies for each role by default, and the workspace uses up to nine. To give "
        "access to a password, attach a policy that allows reading its secret in Secrets Manager. Leave empty for "
        "no additional policies.",
        pattern=f"^$|^{EACH_ONCE}{POLICY}(,{POLICY}){{0,4}}$",
        hint="must be empty or up to five different ARNs of IAM policies, separated by commas, without spaces",
        max_length=2000,
    )


def _permissions_boundary() -> Parameter:
    return string_parameter(
        "PermissionsBoundaryArn",
        "ARN of the managed policy that is the permissions boundary of every role that this stack creates. The "
        "roles cannot use anything that the boundary does not allow, including existing buckets. Leave empty for "
        "no boundary.",
        pattern=f"^$|^{POLICY}$",
        hint="must be empty or the ARN of an IAM policy",
        max_length=700,
    )


def _access_level() -> Parameter:
    return choice_parameter(
        "AccessLevel",
        "Permissions of the role that this stack creates. LeastPrivilege allows training, processing, models, "
        "endpoints, pipelines and experiments. FullAccess attaches the AWS managed policy "
        "AmazonSageMakerFullAccess instead.",
        ("LeastPrivilege", "FullAccess"),
        default="LeastPrivilege",
    )


def _instance_types() -> Parameter:
    return string_parameter(
        "AllowedInstanceTypes",
        "Instance types that the role may use for jobs, apps and endpoints, separated by commas. An asterisk "
        "matches any characters, as in ml.m5.*. It applies to a role that this stack creates. Leave empty to allow "
        "all types.",
        pattern="^$|^ml[.][a-z0-9.*-]{1,30}(,ml[.][a-z0-9.*-]{1,30}){0,19}$",
        hint="must be empty or up to 20 instance types such as ml.m5.large or ml.m5.*, separated by commas, "
        "without spaces",
        max_length=700,
    )


def _job_runtime() -> Parameter:
    return number_parameter(
        "MaxJobRuntimeSeconds",
        "Maximum runtime in seconds of the training, tuning and processing jobs that the role can start, and of their "
        "warm pools. Transform jobs have no maximum runtime. It "
        "applies to a role that this stack creates. Each job must then specify its own limit. The commands in the "
        "outputs specify one hour for processing and the maximum training runtime for training. Enter 0 for no limit.",
        default=0,
        least=0,
        most=MONTH_SECONDS,
    )
