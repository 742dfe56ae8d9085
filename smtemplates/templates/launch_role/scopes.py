"""The resources on which a launch may use its actions, as a table. The first row that covers an action applies.

CloudFormation names most resources after the stack, and the stack names of Service Catalog start with SC-. The other
resources are named after the project or have an ID from AWS. They are limited by type, account and the known part of
the name. The role exists once in an account, so no ARN contains a Region. template.py denies all Regions that are not
allowed.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from awacs.aws import Action, Condition, StringEquals, StringEqualsIfExists, StringLike
from troposphere import If, Sub

from smtemplates.core.iam import Grant, allow
from smtemplates.errors import TemplateError

STACKS = "SC-*"
# CloudFormation names the roles after the stack. With the stack names of Service Catalog, nothing is cut off.
EXECUTION_ROLES, FUNCTION_ROLES = f"{STACKS}-ExecutionRole-*", f"{STACKS}-InitializerRole-*"
BUCKETS = f"arn:${{AWS::Partition}}:s3:::{STACKS.lower()}"  # and the objects in them
# Project.unique_name(): project, environment, and eight digits of the stack's ID
UNIQUE = "*-???-????????"

REFUSED: Mapping[str, str] = {
    "iam:DeleteRolePermissionsBoundary": "a role that a launch made stays bounded",
}
"""Actions for updates that a launch must not make, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Contain one row: patterns for the actions of a statement, and the resources on which they are allowed."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] | If
    condition: Condition | None = None


def scopes(boundary: Any) -> dict[str, list[Scope]]:
    """Return the rows of each policy. `boundary` is the ARN of the permissions boundary of launched roles."""
    return {"AccessPolicy": _access(boundary), "DataPolicy": _data(), "WatchPolicy": _watch(), "WorkPolicy": _work()}


def statements(needed: Iterable[str], boundary: Any) -> dict[str, list[Grant]]:
    """Return the statements of each policy: they allow the needed actions, and no others.

    Raises:
        TemplateError: no row covers an action.
    """
    rows = scopes(boundary)
    wanted = sorted(set(needed) - REFUSED.keys())
    if missing := missing_scopes(wanted):
        raise TemplateError("\n".join(missing))
    granted: dict[str, list[str]] = {}
    for action in wanted:
        granted.setdefault(_row(rows, action).sid, []).append(action)
    return {
        policy: [statement(row, granted[row.sid]) for row in listed if row.sid in granted]
        for policy, listed in rows.items()
    }


def missing_scopes(needed: Iterable[str]) -> list[str]:
    """Return a sentence for each service with needed actions that no row covers, with the row to add."""
    rows = scopes(boundary="")
    services: dict[str, list[str]] = {}
    for action in sorted(set(needed) - REFUSED.keys()):
        if not any(covers(row, action) for listed in rows.values() for row in listed):
            services.setdefault(action.partition(":")[0], []).append(action)
    return [
        f"smtemplates/templates/launch_role/scopes.py: no row covers {', '.join(actions)}. Add the resources on which "
        f'a launch may use these actions, for example: Scope(sid="Manage{service.capitalize()}", '
        f'actions=["{service}:*"], resources=arns("{service}", f"KIND/{{STACKS.lower()}}")).'
        for service, actions in services.items()
    ]


def _row(rows: Mapping[str, Sequence[Scope]], action: str) -> Scope:
    return next(row for listed in rows.values() for row in listed if covers(row, action))


def covers(scope: Scope, action: str) -> bool:
    """Return whether a row covers an action."""
    return any(fnmatchcase(action, pattern) for pattern in scope.actions)


def statement(scope: Scope, granted: Sequence[str]) -> Grant:
    """Build the statement that allows actions on the resources of their row."""
    named = scope.resources
    resources = named if isinstance(named, If) else [Sub(name) if "$" in name else name for name in named]
    return allow(scope.sid, [Action(*name.split(":")) for name in granted], resources, scope.condition)


def arns(service: str, *names: str, account: str = "${AWS::AccountId}") -> list[str]:
    """Return the ARNs of resources of a service in this account and any Region."""
    return [f"arn:${{AWS::Partition}}:{service}:*:{account}:{name}" for name in names]


def roles(*names: str) -> list[str]:
    """Return the ARNs of roles of this account."""
    return [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}" for name in names]


def _access(boundary: Any) -> list[Scope]:
    return [
        *_use_of_roles(),
        *_bounded_roles(boundary),
        Scope(
            sid="ManagePolicies",
            actions=["iam:*Policy", "iam:*PolicyVersion", "iam:ListPolicyVersions", "iam:ListEntitiesForPolicy"],
            resources=[f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{STACKS}"],
        ),
        Scope(sid="ManageFunctions", actions=["lambda:*"], resources=arns("lambda", f"function:{STACKS}")),
    ]


def _use_of_roles() -> list[Scope]:
    """Allow passing, reading and tagging roles.

    Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerNotebooksServiceRolePolicy.html
    Source: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    """
    linked = ("sagemaker.amazonaws.com", "sagemaker.application-autoscaling.amazonaws.com")
    services = StringEquals({"iam:PassedToService": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]})
    return [
        Scope(
            sid="LinkRoles",
            actions=["iam:CreateServiceLinkedRole"],
            resources=roles(*(f"aws-service-role/{service}/*" for service in linked)),
            condition=Condition(StringEquals({"iam:AWSServiceName": list(linked)})),
        ),
        Scope(
            sid="PassRoles",
            actions=["iam:PassRole"],
            resources=roles(EXECUTION_ROLES, FUNCTION_ROLES),
            condition=Condition(services),
        ),
        Scope(
            sid="SeeAndTagRoles",
            actions=[
                "iam:GetRole*",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
            ],
            resources=roles(STACKS),
        ),
    ]


def _bounded_roles(boundary: Any) -> list[Scope]:
    """Allow creating roles with the boundary only, so that no attached policy can exceed it.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    return [
        # these actions add no permissions; public reports say that IAM does not always send the boundary with them
        Scope(
            sid="RetireRoles",
            actions=["iam:DeleteRole", "iam:UpdateRole", "iam:UpdateRoleDescription"],
            resources=roles(STACKS),
            condition=Condition(StringEqualsIfExists({"iam:PermissionsBoundary": boundary})),
        ),
        Scope(
            sid="ManageBoundedRoles",
            actions=[
                "iam:*Role",
                "iam:*RolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:UpdateAssumeRolePolicy",
            ],
            resources=roles(STACKS),
            condition=Condition(StringEquals({"iam:PermissionsBoundary": boundary})),
        ),
    ]


def _data() -> list[Scope]:
    """Allow managing buckets, repositories, keys, settings and topics. An existing key can belong to another account.

    So keys are used only for grants, by SageMaker and Amazon ECR.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:ViaService)
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    """
    services = [Sub(f"{name}.*.${{AWS::URLSuffix}}") for name in ("ecr", "sagemaker")]
    lent = Condition(StringLike({"kms:ViaService": services}))
    return [
        Scope(sid="ManageBuckets", actions=["s3:*"], resources=[BUCKETS]),
        Scope(sid="ManageRepositories", actions=["ecr:*"], resources=arns("ecr", f"repository/{STACKS.lower()}")),
        Scope(sid="MakeKeys", actions=["kms:CreateKey"], resources=["*"]),
        Scope(sid="SeeKeys", actions=["kms:DescribeKey"], resources=arns("kms", "key/*", account="*")),
        Scope(
            sid="LendKeys",
            actions=["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*", "kms:RetireGrant"],
            resources=arns("kms", "key/*", account="*"),
            condition=lent,
        ),
        Scope(sid="ManageKeys", actions=["kms:*"], resources=arns("kms", "key/*")),
        Scope(sid="ManageSettings", actions=["ssm:*"], resources=arns("ssm", "parameter/smtemplates/*")),
        Scope(sid="ManageTopics", actions=["sns:*"], resources=arns("sns", STACKS)),
        Scope(sid="ManageQueues", actions=["sqs:*"], resources=arns("sqs", STACKS)),
        Scope(sid="SeeLogs", actions=["logs:Describe*"], resources=["*"]),
        Scope(sid="ManageLogs", actions=["logs:*"], resources=arns("logs", f"log-group:{STACKS}")),
    ]


def _watch() -> list[Scope]:
    """Allow managing alarms, dashboards, rules and scaling. Target tracking names its own alarms.

    Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSApplicationAutoscalingSageMakerEndpointPolicy.html
    Source: https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_service-with-iam.html
    """
    sagemaker = StringEquals({"application-autoscaling:service-namespace": "sagemaker"})
    alarms = arns("cloudwatch", f"alarm:{STACKS}", "alarm:TargetTracking-endpoint/*")
    dashboards = "arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/*"
    return [
        Scope(sid="SeeMetrics", actions=["cloudwatch:GetMetricData"], resources=["*"]),
        Scope(sid="SeeAlarms", actions=["cloudwatch:DescribeAlarms"], resources=arns("cloudwatch", "alarm:*")),
        Scope(sid="ManageAlarmsAndDashboards", actions=["cloudwatch:*"], resources=[*alarms, dashboards]),
        Scope(sid="ManageRules", actions=["events:*"], resources=arns("events", f"rule/{STACKS}")),
        # CloudFormation generates the name of a budget, and it is not documented how it begins
        Scope(
            sid="ManageBudgets",
            actions=["budgets:*"],
            resources=["arn:${AWS::Partition}:budgets::${AWS::AccountId}:budget/*"],
        ),
        Scope(
            sid="SeeCosts",
            actions=["billing:GetBillingViewData"],
            resources=["arn:${AWS::Partition}:billing::${AWS::AccountId}:billingview/*"],
        ),
        Scope(sid="SeeScaling", actions=["application-autoscaling:Describe*"], resources=["*"]),
        Scope(
            sid="TagScaling",
            actions=["application-autoscaling:*agResource", "application-autoscaling:ListTagsForResource"],
            resources=arns("application-autoscaling", "scalable-target/*"),
        ),
        Scope(
            sid="ManageScaling",
            actions=["application-autoscaling:*"],
            resources=arns("application-autoscaling", "scalable-target/*"),
            condition=Condition(sagemaker),
        ),
    ]


def _work() -> list[Scope]:
    """Allow managing SageMaker resources and their network. In a shared VPC, another account owns subnets and groups.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html
    """
    shared = arns("ec2", "security-group/*", "subnet/*", "vpc/*", account="*")
    ours = arns("ec2", "network-interface/*", "security-group-rule/*")
    kinds = (
        "app-image-config/studio-*",
        "domain/*",
        "endpoint-config/*",
        f"endpoint/{UNIQUE}",
        "image-version/studio-*",
        "image/studio-*",
        "mlflow-app/*",
        f"model-package-group/{UNIQUE}",
        "model/*",
        "notebook-instance-lifecycle-config/*",
        "notebook-instance/*",
        f"studio-lifecycle-config/{UNIQUE}-*",
        "user-profile/*",
    )
    return [
        Scope(sid="ManageSageMaker", actions=["sagemaker:*"], resources=arns("sagemaker", *kinds)),
        Scope(sid="SeeNetwork", actions=["ec2:Describe*"], resources=["*"]),
        Scope(
            sid="ManageInterfaces",
            actions=["ec2:*NetworkInterface*", "ec2:CreateSecurityGroup"],
            resources=[*shared, *ours],
        ),
        Scope(
            sid="ManageGroups",
            actions=["ec2:*SecurityGroup*", "ec2:*Tags"],
            resources=arns("ec2", "security-group/*", "security-group-rule/*"),
        ),
    ]
