"""The resources on which a launch may use its actions, as a table. The first row that covers an action applies.

If that row is shared, further rows can also apply. CloudFormation names most resources after the stack, and the stack
names of Service Catalog start with SC-. Other resources are recognized by their tags, or by the known part of their
name. The role exists once in an account, so no ARN contains a Region. template.py denies all Regions that are not
allowed.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from awacs.aws import Condition, StringEquals, StringEqualsIfExists, StringLike
from troposphere import Sub

from smtemplates.core.iam import Grant
from smtemplates.errors import TemplateError
from smtemplates.templates.launch_role.scope import (
    BUCKETS,
    EXECUTION_ROLES,
    FUNCTION_ROLES,
    NEW,
    NOT_OF_OTHER_STACKS,
    NOTIFICATION_ROLES,
    OWN,
    STACKS,
    UNIQUE,
    Scope,
    arns,
    covers,
    roles,
    statement,
)
from smtemplates.templates.launch_role.work_scopes import create_and_change, network, see_and_tag

REFUSED: Mapping[str, str] = {
    "iam:DeleteRolePermissionsBoundary": "a role that a launch made stays bounded",
}
"""Actions for updates that a launch must not make, with the reason."""


def scopes(boundary: Any) -> dict[str, list[Scope]]:
    """Return the rows of each policy. `boundary` is the ARN of the permissions boundary of launched roles."""
    return {
        "AccessPolicy": _access(boundary),
        "DataPolicy": _data(),
        "WatchPolicy": _watch(),
        "TagPolicy": see_and_tag(),
        "WorkPolicy": create_and_change(),
        "NetworkPolicy": network(),
    }


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
        for row in _rows(rows, action):
            granted.setdefault(row.sid, []).append(action)
    return {
        policy: [statement(row, granted[row.sid]) for row in listed if row.sid in granted]
        for policy, listed in rows.items()
    }


def wide_permissions(needed: Iterable[str]) -> dict[str, list[str]]:
    """Return the needed actions that also apply to resources of others, by the sentence that states these resources."""
    rows = scopes(boundary="")
    found: dict[str, list[str]] = {}
    for action in sorted(set(needed) - REFUSED.keys()):
        for row in _rows(rows, action):
            if row.wide:
                found.setdefault(row.wide, []).append(action)
    return found


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


def _rows(rows: Mapping[str, Sequence[Scope]], action: str) -> Iterator[Scope]:
    """Yield the first row that covers an action and, while they are shared, the next ones."""
    for row in (row for listed in rows.values() for row in listed if covers(row, action)):
        yield row
        if not row.shared:
            return


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
    services = StringEquals(
        {"iam:PassedToService": [f"{name}.amazonaws.com" for name in ("events", "lambda", "sagemaker")]}
    )
    return [
        Scope(
            sid="LinkRoles",
            actions=["iam:CreateServiceLinkedRole"],
            resources=roles(*(f"aws-service-role/{service}/*" for service in linked)),
            condition=Condition(StringEquals({"iam:AWSServiceName": list(linked)})),
            wide="The service-linked roles of SageMaker and of its scaling can be created.",
        ),
        Scope(
            sid="PassRoles",
            actions=["iam:PassRole"],
            resources=roles(EXECUTION_ROLES, FUNCTION_ROLES, NOTIFICATION_ROLES),
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

    So keys are used only for grants, by SageMaker and Amazon ECR. It can take five minutes until the tags of a key have
    an effect, so the calls that create a key do not depend on them (inferred: CreateKey checks kms:TagResource without
    the tags of a key).

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/abac.html (five minutes)
    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html (kms:ViaService)
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    """
    services = [Sub(f"{name}.*.${{AWS::URLSuffix}}") for name in ("ecr", "sagemaker")]
    lent = Condition(StringLike({"kms:ViaService": services}))
    return [
        Scope(sid="ManageBuckets", actions=["s3:*"], resources=[BUCKETS]),
        Scope(sid="ManageRepositories", actions=["ecr:*"], resources=arns("ecr", f"repository/{STACKS.lower()}")),
        Scope(sid="MakeKeys", actions=["kms:CreateKey"], resources=["*"], condition=NEW),
        Scope(sid="SeeKeys", actions=["kms:DescribeKey"], resources=arns("kms", "key/*", account="*")),
        Scope(
            sid="LendKeys",
            actions=["kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey*", "kms:RetireGrant"],
            resources=arns("kms", "key/*", account="*"),
            condition=lent,
            wide="All keys whose policy allows it can be used, but only by SageMaker and Amazon ECR. A launch can "
            "specify an existing key.",
        ),
        Scope(
            sid="FinishKeys",
            actions=["kms:EnableKeyRotation", "kms:GetKey*", "kms:ListResourceTags"],
            resources=arns("kms", "key/*"),
            wide="Rotation can be enabled for all keys, because the tags of a new key have no effect at first.",
        ),
        Scope(
            sid="TagKeys",
            actions=["kms:TagResource"],
            resources=arns("kms", "key/*"),
            condition=NEW,
            shared=True,
            wide="The tags of a workspace can be added to all keys, because AWS KMS does not distinguish new keys.",
        ),
        Scope(sid="ManageKeys", actions=["kms:*"], resources=arns("kms", "key/*"), condition=OWN),
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
    of_sagemaker = StringEquals({"application-autoscaling:service-namespace": "sagemaker"})
    tagging = ("cloudwatch:*agResource", "cloudwatch:ListTagsForResource")
    alarms = arns("cloudwatch", f"alarm:{STACKS}", f"alarm:TargetTracking-endpoint/{UNIQUE}/*")
    return [
        Scope(sid="SeeMetrics", actions=["cloudwatch:GetMetricData"], resources=["*"]),
        Scope(sid="SeeAlarms", actions=["cloudwatch:DescribeAlarms"], resources=arns("cloudwatch", "alarm:*")),
        Scope(
            sid="ManageDashboards",
            actions=["cloudwatch:*Dashboard*", *tagging],
            resources=["arn:${AWS::Partition}:cloudwatch::${AWS::AccountId}:dashboard/*"],
            condition=NOT_OF_OTHER_STACKS,
            shared=True,
            wide="Dashboards that no stack created can be changed and deleted. The name of a dashboard is generated, "
            "and earlier versions of CloudFormation did not tag dashboards (inferred).",
        ),
        Scope(sid="ManageAlarms", actions=["cloudwatch:*Alarm*", *tagging], resources=alarms),
        Scope(sid="ManageRules", actions=["events:*"], resources=arns("events", f"rule/{STACKS}")),
        Scope(
            sid="ManageBudgets",
            actions=["budgets:*"],
            resources=["arn:${AWS::Partition}:budgets::${AWS::AccountId}:budget/*"],
            condition=NOT_OF_OTHER_STACKS,
            wide="Budgets that no stack created can be changed and deleted. The name of a budget is generated, and the "
            "same action creates, changes and deletes it.",
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
            wide="Tags of all scaling targets can be changed.",
        ),
        Scope(
            sid="ManageScaling",
            actions=["application-autoscaling:*"],
            resources=arns("application-autoscaling", "scalable-target/*"),
            condition=Condition(of_sagemaker),
            wide="Scaling targets and policies of all SageMaker endpoints can be changed. Their IDs are generated, and "
            "CloudFormation does not tag them.",
        ),
    ]
