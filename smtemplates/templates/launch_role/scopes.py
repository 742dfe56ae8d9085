"""On what a launch may do what it needs: a table from actions to resources and conditions, the first row that fits.

CloudFormation names most resources after the stack, and Service Catalog's stacks begin with SC-. The workspace names
the rest after its project, or AWS gives them an ID: those are scoped by kind, account, and what of the name is known.
The role is one an account, so no ARN has a Region: launch.py refuses the Regions that are not asked for.

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
# A stack's roles are named by CloudFormation; of Service Catalog's stacks these fit in whole.
EXECUTION_ROLES, FUNCTION_ROLES = f"{STACKS}-ExecutionRole-*", f"{STACKS}-InitializerRole-*"
BUCKETS = f"arn:${{AWS::Partition}}:s3:::{STACKS.lower()}"  # and what is in them
# Project.unique_name(): project, environment, and eight digits of the stack's ID
UNIQUE = "*-???-????????"

REFUSED: Mapping[str, str] = {
    "iam:DeleteRolePermissionsBoundary": "a role that a launch made stays bounded",
}
"""What a type needs for an update that a launch must not make."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Hold one row: the actions of a statement as patterns, and what they are allowed on."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] | If
    condition: Condition | None = None


def scopes(boundary: Any) -> dict[str, list[Scope]]:
    """List the rows by the policy they are in; `boundary` is the ARN that bounds every role a launch makes."""
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
    """Tell whether a row is about an action."""
    return any(fnmatchcase(action, pattern) for pattern in scope.actions)


def statement(scope: Scope, granted: Sequence[str]) -> Grant:
    """Allow actions on what their row says."""
    named = scope.resources
    resources = named if isinstance(named, If) else [Sub(name) if "$" in name else name for name in named]
    return allow(scope.sid, [Action(*name.split(":")) for name in granted], resources, scope.condition)


def arns(service: str, *names: str, account: str = "${AWS::AccountId}") -> list[str]:
    """Name resources of a service in this account and any Region."""
    return [f"arn:${{AWS::Partition}}:{service}:*:{account}:{name}" for name in names]


def roles(*names: str) -> list[str]:
    """Name this account's roles."""
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
    """Pass, see and tag roles.

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
    """Make roles, but bounded ones only: what is attached to them cannot exceed the boundary.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    return [
        # these give nobody more; public reports say that IAM does not always send the boundary with them
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
    """Keep data: buckets, keys, settings, topics; a key that is brought may be another account's, and lent alone.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:ViaService)
    """
    lent = Condition(StringLike({"kms:ViaService": Sub("sagemaker.*.${AWS::URLSuffix}")}))
    return [
        Scope(sid="ManageBuckets", actions=["s3:*"], resources=[BUCKETS]),
        Scope(sid="MakeKeys", actions=["kms:CreateKey"], resources=["*"]),
        Scope(sid="SeeKeys", actions=["kms:DescribeKey"], resources=arns("kms", "key/*", account="*")),
        Scope(
            sid="LendKeys",
            actions=["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*"],
            resources=arns("kms", "key/*", account="*"),
            condition=lent,
        ),
        Scope(sid="ManageKeys", actions=["kms:*"], resources=arns("kms", "key/*")),
        Scope(sid="ManageSettings", actions=["ssm:*"], resources=arns("ssm", "parameter/smtemplates/*")),
        Scope(sid="ManageTopics", actions=["sns:*"], resources=arns("sns", STACKS)),
        Scope(sid="SeeLogs", actions=["logs:Describe*"], resources=["*"]),
        Scope(sid="ManageLogs", actions=["logs:*"], resources=arns("logs", f"log-group:{STACKS}")),
    ]


def _watch() -> list[Scope]:
    """Watch and scale; the alarms of target tracking have names of their own.

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
    """Work: SageMaker, and its network; whoever shares a VPC owns its subnets and groups.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html
    """
    shared = arns("ec2", "security-group/*", "subnet/*", "vpc/*", account="*")
    ours = arns("ec2", "network-interface/*", "security-group-rule/*")
    kinds = (
        "domain/*",
        "endpoint-config/*",
        f"endpoint/{UNIQUE}",
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
