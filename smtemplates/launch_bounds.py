"""What bounds the roles that launches make: a table like that of launch_scopes.py, for the workspace's own actions.

Whoever launches chooses what is attached to such a role, by AdditionalPolicyArns and AccessLevel: all that is allowed
here they can have. So an action that would reach other people's secrets, sessions or roles is bounded by what every
workspace's own policies say of it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable

from awacs.aws import Condition, StringEquals, StringEqualsIfExists, StringLike
from troposphere import Sub

from smtemplates.launch_scopes import EXECUTION_ROLES, STACKS, Scope, arns, covers, roles, statement
from smtemplates.permissions import METRICS
from smtemplates.policies import Grant


def bounds(granted: Iterable[str]) -> list[Grant]:
    """Allow what is granted, each action by the first row that fits."""
    allowed: dict[str, list[str]] = {}
    rows = _rows()
    for action in sorted(set(granted)):
        allowed.setdefault(next(row.sid for row in rows if covers(row, action)), []).append(action)
    return [statement(row, allowed[row.sid]) for row in rows if row.sid in allowed]


def _rows() -> list[Scope]:
    keys = arns("kms", "key/*", account="*")
    domain = "${!sagemaker:DomainId}"
    return [
        Scope(sid="SeeRoles", actions=["iam:GetRole"], resources=roles(STACKS)),
        Scope(
            sid="PassRoles",
            actions=["iam:PassRole"],
            resources=roles(EXECUTION_ROLES),
            condition=Condition(StringEquals({"iam:PassedToService": "sagemaker.amazonaws.com"})),
        ),
        Scope(sid="LendKeys", actions=["kms:CreateGrant"], resources=keys, condition=_via("ec2", "sagemaker")),
        Scope(sid="UseKeys", actions=["kms:*"], resources=keys, condition=_via("ec2", "s3", "sagemaker")),
        Scope(sid="ReadSettings", actions=["ssm:GetParameter"], resources=arns("ssm", "parameter/smtemplates/*")),
        Scope(
            sid="WriteLogs",
            actions=["logs:*"],
            resources=arns("logs", "log-group:/aws/sagemaker/*", f"log-group:{STACKS}"),
        ),
        Scope(
            sid="WriteMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            condition=Condition(StringLike({"cloudwatch:namespace": [*METRICS]})),
        ),
        Scope(
            sid="LendInterfaces",
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=arns("ec2", "network-interface/*"),
            condition=Condition(StringEqualsIfExists({"ec2:AuthorizedService": "sagemaker.amazonaws.com"})),
        ),
        Scope(
            sid="OpenOwnStudio",
            actions=["sagemaker:CreatePresignedDomainUrl"],
            resources=arns("sagemaker", f"user-profile/{domain}/${{!sagemaker:UserProfileName}}"),
        ),
        Scope(
            sid="WorkInOwnDomain",
            actions=[
                *(f"sagemaker:{verb}Space" for verb in ("Create", "Delete", "Update")),
                "sagemaker:CreateApp",
                "sagemaker:DeleteApp",
            ],
            resources=arns("sagemaker", f"app/{domain}/*", f"space/{domain}/*"),
        ),
        Scope(sid="Work", actions=["*"], resources=["*"]),
    ]


def _via(*services: str) -> Condition:
    return Condition(StringLike({"kms:ViaService": [Sub(f"{service}.*.${{AWS::URLSuffix}}") for service in services]}))
