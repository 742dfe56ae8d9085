"""Access: the execution role and what it may do, or a role that exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Equals, GetAtt, If, Join, Not, Parameter, Ref, Select, Split, Sub, iam

from smtemplates.core.construct import EACH_ONCE, Part, all_of, choice, is_, is_set, number, output, require, text, when
from smtemplates.core.iam import this_account, trust
from smtemplates.templates.workspace import execution_policies as permissions
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.storage import Storage

MONTH_SECONDS = 28 * 24 * 3600
# Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}"
POLICY = "arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=.@_/-]{1,640}"
FULL_ACCESS = "arn:${AWS::Partition}:iam::aws:policy/AmazonSageMakerFullAccess"


@dataclass(frozen=True, kw_only=True)
class Roles(Part):
    """Hold the role that SageMaker works with."""

    create_role: str
    policies: Sequence[iam.ManagedPolicy]

    def execution_arn(self) -> If:
        """Name the execution role by ARN."""
        return _role_arn()

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
        return _boundary()


def roles(project: Project, storage: Storage, encryption: Encryption, network: Network, alarms: Sequence[str]) -> Roles:
    """Let SageMaker work with this workspace's buckets, key, network and alarms, or with a role that exists."""
    existing, boundary = _existing_role(), _permissions_boundary()
    level, additional = _access_level(), _additional_policies()
    types, runtime = _instance_types(), _job_runtime()
    policies = _policies(storage, encryption, network, alarms)
    return Roles(
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
        conditions={
            "CreateExecutionRole": Equals(Ref(existing), ""),
            "LeastPrivilege": all_of(is_("CreateExecutionRole"), Equals(Ref(level), "LeastPrivilege")),
            "LeastPrivilegeInVpc": all_of(is_("LeastPrivilege"), is_(network.has_vpc)),
            "FullAccess": Equals(Ref(level), "FullAccess"),
            "HasAdditionalPolicies": is_set(additional),
            "HasPermissionsBoundary": is_set(boundary),
            "LimitInstanceTypes": is_set(types),
            "LimitRuntime": Not(Equals(Ref(runtime), "0")),
        },
        rules={
            "ExistingRoleIsLeftAlone": require(
                "With ExistingRoleArn leave AdditionalPolicyArns, AllowedInstanceTypes, MaxJobRuntimeSeconds and "
                "AccessLevel at their defaults: they shape the role made here, and an existing role is left alone.",
                Equals(Ref(additional), ""),
                Equals(Ref(types), ""),
                Equals(Ref(runtime), "0"),
                Equals(Ref(level), "LeastPrivilege"),
                given=is_set(existing),
            )
        },
        resources=[_role(project), *policies],
        outputs=[
            output("ExecutionRoleArn", "ARN of the role that SageMaker works with", _role_arn(), export=True),
            output(
                "ExecutionRoleName", "Name of the execution role", Ref("ExecutionRole"), condition="CreateExecutionRole"
            ),
        ],
        create_role="CreateExecutionRole",
        policies=policies,
    )


def policy(name: str, condition: str, document: dict[str, Any]) -> iam.ManagedPolicy:
    """Add permissions to the execution role from the policy's side, so that each area brings its own."""
    return iam.ManagedPolicy(name, Condition=condition, PolicyDocument=document, Roles=[Ref("ExecutionRole")])


def _role_arn() -> If:
    return If("CreateExecutionRole", GetAtt("ExecutionRole", "Arn"), Ref("ExistingRoleArn"))


def _boundary() -> If:
    return when("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"))


def _role(project: Project) -> iam.Role:
    additional = Split(",", Ref("AdditionalPolicyArns"))
    both = Split(",", Sub(f"{FULL_ACCESS},${{AdditionalPolicyArns}}"))
    return iam.Role(
        "ExecutionRole",
        Condition="CreateExecutionRole",
        Description=Sub("SageMaker execution role of stack ${AWS::StackName}"),
        AssumeRolePolicyDocument=trust("sagemaker.amazonaws.com", this_account()),
        ManagedPolicyArns=If(
            "FullAccess",
            If("HasAdditionalPolicies", both, [Sub(FULL_ACCESS)]),
            when("HasAdditionalPolicies", additional),
        ),
        PermissionsBoundary=_boundary(),
        Tags=project.tags(),
    )


def _policies(
    storage: Storage, encryption: Encryption, network: Network, alarms: Sequence[str]
) -> list[iam.ManagedPolicy]:
    role = GetAtt("ExecutionRole", "Arn")
    return [
        policy("DataPolicy", "CreateExecutionRole", permissions.data(storage, encryption, role)),
        policy("JobsPolicy", "LeastPrivilege", permissions.jobs(network)),
        policy("HostingPolicy", "LeastPrivilege", permissions.hosting(network, alarms)),
        policy("WorkflowPolicy", "LeastPrivilege", permissions.workflows()),
        policy("NetworkPolicy", "LeastPrivilegeInVpc", network.interfaces()),
    ]


def _existing_role() -> Parameter:
    return text(
        "ExistingRoleArn",
        "ARN of an execution role that exists; it is used as it is and needs permissions on buckets and key, "
        "sagemaker:StopNotebookInstance for a notebook that stops itself, and cloudwatch:DescribeAlarms for an "
        "endpoint that rolls back. Empty: a role is made.",
        pattern=f"^$|^{ROLE}$",
        hint="must be empty or the ARN of an IAM role",
        max_length=640,
    )


def _additional_policies() -> Parameter:
    return text(
        "AdditionalPolicyArns",
        "ARNs of managed policies to attach to the role made here besides its own, separated by commas. "
        "IAM allows ten policies a role unless its quota is raised; the workspace uses up to nine. "
        "For a password, name one that reads its ARN in Secrets Manager. Empty: none.",
        pattern=f"^$|^{EACH_ONCE}{POLICY}(,{POLICY}){{0,4}}$",
        hint="must be empty or up to five ARNs of IAM policies, each once, separated by commas, no spaces",
        max_length=2000,
    )


def _permissions_boundary() -> Parameter:
    return text(
        "PermissionsBoundaryArn",
        "ARN of the managed policy that bounds every role made here: what it does not allow, buckets that are brought "
        "among it, is out of their reach. Empty: no boundary.",
        pattern=f"^$|^{POLICY}$",
        hint="must be empty or the ARN of an IAM policy",
        max_length=700,
    )


def _access_level() -> Parameter:
    return choice(
        "AccessLevel",
        "What the role made here may do: LeastPrivilege is what training, processing, models, endpoints, pipelines and "
        "experiments need; FullAccess attaches AWS's AmazonSageMakerFullAccess instead.",
        ("LeastPrivilege", "FullAccess"),
        default="LeastPrivilege",
    )


def _instance_types() -> Parameter:
    return text(
        "AllowedInstanceTypes",
        "Instance types that the role made here may start jobs, apps and endpoints on, separated by commas; "
        "* stands for any characters, as in ml.m5.*. Empty: any.",
        pattern="^$|^ml[.][a-z0-9.*-]{1,30}(,ml[.][a-z0-9.*-]{1,30}){0,19}$",
        hint="must be empty or up to 20 instance types like ml.m5.large or ml.m5.*, separated by commas, no spaces",
        max_length=700,
    )


def _job_runtime() -> Parameter:
    return number(
        "MaxJobRuntimeSeconds",
        "Longest run, in seconds, that the role made here may ask for in training, tuning and processing jobs; "
        "a job must then name its limit: the commands name an hour for processing, TrainingMaxRuntimeSeconds for "
        "training. 0: no cap.",
        default=0,
        least=0,
        most=MONTH_SECONDS,
    )
