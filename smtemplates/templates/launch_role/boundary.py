"""The permissions boundary of the roles that launches create, as a table like the one in scopes.py.

Users choose the policies of such a role with AdditionalPolicyArns and AccessLevel, so they can get everything that the
boundary allows. Actions that could reach data, secrets, sessions or roles of others are therefore limited in the same
way as in the policies of the workspace.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from awacs.aws import Condition, StringEquals, StringEqualsIfExists, StringLike
from troposphere import If, Join, Parameter, Split, Sub

from smtemplates.core.construct import NamedCondition, placeholder, split_list, when
from smtemplates.core.iam import Grant
from smtemplates.templates.launch_role.scope import (
    BUCKETS,
    EXECUTION_ROLES,
    STACKS,
    Scope,
    arns,
    covers,
    roles,
    statement,
)
from smtemplates.templates.workspace.execution_policies import METRICS

# Actions that are allowed as a group are written as patterns, to stay within the limit of 6,144 characters.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
KINDS = (
    *("ec2:DeleteNetworkInterface*", "kms:GenerateDataKey*", "s3:GetObject*Tagging", "s3:ListBucket*"),
    *(
        f"sagemaker:{kind}"
        for kind in (
            *("*Action", "*Artifact", "*Association", "*Context", "*Endpoint*", "*InferenceComponent*"),
            *(
                "*teExperiment",
                "*Pipeline*",
                "*ProcessingJob",
                "*TrainingJob",
                "*TransformJob",
                "*Trial*",
                "*TuningJob",
            ),
        )
    ),
    *("sagemaker:Batch*Metrics", "sagemaker:DescribeImage*", "sagemaker:DescribeModelPackage*"),
)


def bounds(granted: Iterable[str], buckets: If, regions: If) -> list[Grant]:
    """Return the statements of the boundary. Each action is allowed by the first row that covers it."""
    allowed: dict[str, list[str]] = {}
    rows = _rows(buckets, regions)
    for action in sorted({next((kind for kind in KINDS if fnmatchcase(each, kind)), each) for each in granted}):
        allowed.setdefault(next(row.sid for row in rows if covers(row, action)), []).append(action)
    return [statement(row, allowed[row.sid]) for row in rows if row.sid in allowed]


def buckets_in_reach(has_existing: NamedCondition, named: Parameter) -> If:
    """Return the buckets that launches create, the existing ones that they may use, and the objects in all of them."""
    objects = Join("/*,", split_list(named))
    both = Sub(f"{BUCKETS},{placeholder(named)},${{Objects}}/*", Objects=objects)
    return when(has_existing, Split(",", both), [Sub(BUCKETS)])


def _rows(buckets: If, regions: If) -> list[Scope]:
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
        Scope(sid="UseKeys", actions=["kms:*"], resources=keys, condition=_via("ec2", "s3", "sagemaker", "sns")),
        Scope(sid="Notify", actions=["sns:Publish"], resources=arns("sns", STACKS)),
        Scope(sid="ReadSettings", actions=["ssm:GetParameter"], resources=arns("ssm", "parameter/smtemplates/*")),
        Scope(
            sid="WriteLogs",
            # except DescribeLogGroups, which supports no resource
            actions=["logs:[!D]*", "logs:DescribeLogStreams"],
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
        Scope(sid="UseBuckets", actions=["s3:*"], resources=buckets),
        Scope(
            sid="Work",
            actions=["*"],
            resources=["*"],
            condition=Condition(StringEquals({"aws:RequestedRegion": regions})),
        ),
    ]


def _via(*services: str) -> Condition:
    return Condition(StringLike({"kms:ViaService": [Sub(f"{service}.*.${{AWS::URLSuffix}}") for service in services]}))
