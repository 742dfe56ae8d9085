"""Access: the execution role and what it may do, or a role that exists."""

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
from smtemplates.core.iam import this_account, trust
from smtemplates.templates.workspace import execution_policies
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.endpoint_alarms import EndpointAlarms
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.storage import Storage

MONTH_SECONDS = 28 * 24 * 3600
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}"
POLICY = "arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=.@_/-]{1,640}"
FULL_ACCESS = "arn:${AWS::Partition}:iam::aws:policy/AmazonSageMakerFullAccess"


@dataclass(frozen=True, kw_only=True)
class ExecutionRole(Construct):
    """Hold the role that SageMaker works with."""

    create_role: NamedCondition
    least_privilege: NamedCondition
    existing: Parameter
    boundary: Parameter
    has_boundary: NamedCondition
    policies: Sequence[iam.ManagedPolicy]

    def execution_arn(self) -> If:
        """Name the execution role by ARN."""
        return _role_arn(self.create_role, self.existing)

    def attached(self) -> Join:
        """Name the policies of the role, for what must not start before they are attached.

        DependsOn would not do: it cannot name what may not exist.
        """
        named: dict[str, list[str]] = {}
        for policy in self.policies:
            named.setdefault(policy.Condition, []).append(f"${{{policy.title}}}")
        return Join(" ", [If(condition, Sub(" ".join(names)), "") for condition, names in named.items()])

    def once_attached(self, value: Any) -> Select:
        """Give `value`, a text without spaces, in a property of what works as the role as soon as it is made.

        CreateModel reads the model's data and image as the role at once, and fails where a policy comes later.

        Source: https://github.com/aws/aws-cdk/issues/10064
        Source: https://github.com/aws-samples/generative-ai-sagemaker-cdk-demo/issues/2
        """
        return Select(0, Split(" ", Join(" ", [value, self.attached()])))

    def permissions_boundary(self) -> If:
        """Set a role's boundary, or leave it out."""
        return when(self.has_boundary, Ref(self.boundary))


def execution_role(
    project: Project,
    storage: Storage,
    encryption: Encryption,
    network: Network,
    endpoint_alarms: EndpointAlarms | None = None,
) -> ExecutionRole:
    """Let SageMaker work with this workspace's buckets, key, network and alarms, or with a role that exists."""
    existing, boundary = _existing_role(), _permissions_boundary()
    level, additional = _access_level(), _additional_policies()
    types, runtime = _instance_types(), _job_runtime()
    create_role = NamedCondition("CreateExecutionRole", is_empty(existing))
    least_privilege = NamedCondition("LeastPrivilege", all_of(create_role, equals(level, "LeastPrivilege")))
    in_vpc = NamedCondition("LeastPrivilegeInVpc", all_of(least_privilege, network.has_vpc))
    full_access = NamedCondition("FullAccess", equals(level, "FullAccess"))
    has_additional = NamedCondition("HasAdditionalPolicies", is_not_empty(additional))
    has_boundary = NamedCondition("HasPermissionsBoundary", is_not_empty(boundary))
    limits = execution_policies.Limits(
        instance_types=types,
        has_instance_types=NamedCondition("LimitInstanceTypes", is_not_empty(types)),
        runtime=runtime,
        has_runtime=NamedCondition("LimitRuntime", not_(equals(runtime, "0"))),
    )
    policies = [
        execution_role_policy(
            "DataPolicy",
            create_role,
            execution_policies.data(storage, encryption, limits, GetAtt("ExecutionRole", "Arn")),
        ),
        execution_role_policy("JobsPolicy", least_privilege, execution_policies.jobs(network)),
        execution_role_policy("HostingPolicy", least_privilege, execution_policies.hosting(network, endpoint_alarms)),
        execution_role_policy("WorkflowPolicy", least_privilege, execution_policies.workflows()),
        execution_role_policy("NetworkPolicy", in_vpc, network.interfaces()),
    ]
    role = iam.Role(
        "ExecutionRole",
        Condition=create_role.name,
        Description=Sub("SageMaker execution role of stack ${AWS::StackName}"),
        AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com", this_account()),
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
            "Longest job (seconds)": runtime,
        },
        conditions=[
            create_role,
            least_privilege,
            in_vpc,
            full_access,
            has_additional,
            has_boundary,
            limits.has_instance_types,
            limits.has_runtime,
        ],
        rules={
            "ExistingRoleIsLeftAlone": rule(
                "With ExistingRoleArn leave AdditionalPolicyArns, AllowedInstanceTypes, MaxJobRuntimeSeconds and "
                "AccessLevel at their defaults: they shape the role made here, and an existing role is left alone.",
                is_empty(additional),
                is_empty(types),
                equals(runtime, "0"),
                equals(level, "LeastPrivilege"),
                given=is_not_empty(existing),
            )
        },
        resources=[role, *policies],
        outputs=[
            output(
                "ExecutionRoleArn",
                "ARN of the role that SageMaker works with",
                _role_arn(create_role, existing),
                export=True,
            ),
            output("ExecutionRoleName", "Name of the execution role", Ref("ExecutionRole"), condition=create_role),
        ],
        create_role=create_role,
        least_privilege=least_privilege,
        existing=existing,
        boundary=boundary,
        has_boundary=has_boundary,
        policies=policies,
    )


def execution_role_policy(name: str, condition: NamedCondition, document: dict[str, Any]) -> iam.ManagedPolicy:
    """Build a managed policy that attaches itself to the execution role, so each construct can add its own."""
    return iam.ManagedPolicy(name, Condition=condition.name, PolicyDocument=document, Roles=[Ref("ExecutionRole")])


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
        "ARN of an execution role that exists; it is used as it is and needs permissions on buckets and key, "
        "sagemaker:StopNotebookInstance for a notebook that stops itself, and cloudwatch:DescribeAlarms for an "
        "endpoint that rolls back. Empty: a role is made.",
        pattern=f"^$|^{ROLE}$",
        hint="must be empty or the ARN of an IAM role",
        max_length=640,
    )


def _additional_policies() -> Parameter:
    return string_parameter(
        "AdditionalPolicyArns",
        "ARNs of managed policies to attach to the role made here besides its own, separated by commas. "
        "IAM allows ten policies a role unless its quota is raised; the workspace uses up to nine. "
        "For a password, name one that reads its ARN in Secrets Manager. Empty: none.",
        pattern=f"^$|^{EACH_ONCE}{POLICY}(,{POLICY}){{0,4}}$",
        hint="must be empty or up to five ARNs of IAM policies, each once, separated by commas, no spaces",
        max_length=2000,
    )


def _permissions_boundary() -> Parameter:
    return string_parameter(
        "PermissionsBoundaryArn",
        "ARN of the managed policy that bounds every role made here: what it does not allow, buckets that are brought "
        "among it, is out of their reach. Empty: no boundary.",
        pattern=f"^$|^{POLICY}$",
        hint="must be empty or the ARN of an IAM policy",
        max_length=700,
    )


def _access_level() -> Parameter:
    return choice_parameter(
        "AccessLevel",
        "What the role made here may do: LeastPrivilege is what training, processing, models, endpoints, pipelines and "
        "experiments need; FullAccess attaches AWS's AmazonSageMakerFullAccess instead.",
        ("LeastPrivilege", "FullAccess"),
        default="LeastPrivilege",
    )


def _instance_types() -> Parameter:
    return string_parameter(
        "AllowedInstanceTypes",
        "Instance types that the role made here may start jobs, apps and endpoints on, separated by commas; "
        "* stands for any characters, as in ml.m5.*. Empty: any.",
        pattern="^$|^ml[.][a-z0-9.*-]{1,30}(,ml[.][a-z0-9.*-]{1,30}){0,19}$",
        hint="must be empty or up to 20 instance types like ml.m5.large or ml.m5.*, separated by commas, no spaces",
        max_length=700,
    )


def _job_runtime() -> Parameter:
    return number_parameter(
        "MaxJobRuntimeSeconds",
        "Longest run, in seconds, that the role made here may ask for in training, tuning and processing jobs; "
        "a job must then name its limit: the commands name an hour for processing, TrainingMaxRuntimeSeconds for "
        "training. 0: no cap.",
        default=0,
        least=0,
        most=MONTH_SECONDS,
    )
