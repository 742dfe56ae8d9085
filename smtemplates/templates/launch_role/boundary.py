"""The permissions boundary of the roles that launches create, as a table like the one in scopes.py.

Users choose the policies of such a role with AdditionalPolicyArns and AccessLevel, so they can get everything that the
boundary allows. Actions that could reach data, secrets, sessions or roles of others are therefore limited in the same
way as in the policies of the workspace.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from awacs.aws import Condition, StringEquals, StringEqualsIfExists, StringLike
from troposphere import If, Join, Parameter, Split, Sub

from smtemplates.core.construct import NamedCondition, placeholder, split_list, when
from smtemplates.core.iam import Grant
from smtemplates.templates.launch_role.launch_packs import LaunchPack
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

# Actions that are allowed as a group are written as patterns, to stay within the limit of 6,144 characters. A test
# checks that the patterns allow the same actions as the policies of the roles.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
KINDS = (
    *("cloudwatch:GetMetric*s", "ec2:DeleteNetworkInterface*", "glue:*etPartition", "glue:GetDatabase*"),
    *("athena:*tQueryExecution", "athena:GetQueryResults*", "bedrock:InvokeModel*", "logs:*LogEvents"),
    *("kms:GenerateDataKey*", "s3:GetObject*Tagging", "s3:ListBucket*", "sagemaker-mlflow:*"),
    *(
        f"sagemaker:{kind}"
        for kind in (
            *("*Action", "*Artifact", "*Association", "*Context", "*Endpoint*", "*InferenceComponent*"),
            *("*ateModelPackage", "*eModel", "*teExperiment", "*Pipeline*", "*Trial*"),
            *("*ProcessingJob", "*TrainingJob", "*TransformJob", "*TuningJob", "*AutoMLJob*", "*JobDefinition"),
            *("*FeatureGroup", "*FeatureMetadata", "*MonitoringSchedule", "*Record"),
            *("Batch*Metrics", "DescribeHub*", "DescribeImage*", "DescribeModelPackage*"),
        )
    ),
)
# A single pattern for a service would also allow its future actions of any name (IAM.21), so several cover its actions.
SERVICES = {
    "sagemaker-mlflow:*": {
        f"sagemaker-mlflow:{kind}" for kind in ("A*", "G*", "L*", "*Exp*", "*Mod*", "*Run*", "*Tag*", "*Tra*")
    }
}
# Patterns in the policies of the roles whose actions several of these patterns cover.
COVERED = {"sagemaker:Delete*ingJob", "sagemaker:DescribeTra*Job", "sagemaker:StopTra*Job"}


def bounds(granted: Iterable[str], packs: Sequence[LaunchPack], buckets: If, regions: If) -> list[Grant | If]:
    """Return the statements of the boundary. Each action is allowed by the first row that covers it.

    The actions of a pack, and statements that only packs need, are conditional.
    """
    rows = _rows(buckets, regions)
    always: dict[str, list[str]] = {}
    for action in _kinds(granted):
        always.setdefault(_row(rows, action).sid, []).append(action)
    in_packs: dict[str, list[If]] = {}
    for pack in packs:
        own = [row for row in pack.rows if not row.shared]
        for action in _kinds(each for each in pack.actions if not any(covers(row, each) for row in own)):
            in_packs.setdefault(_row(rows, action).sid, []).append(when(pack.allowed, action))
    return [
        *(statement(row, [*always[row.sid], *in_packs.get(row.sid, ())]) for row in rows if row.sid in always),
        *(when(pack.allowed, statement(row, row.actions)) for pack in packs for row in pack.rows),
    ]


def _kinds(actions: Iterable[str]) -> list[str]:
    """Return the patterns that cover these actions."""
    found = {next((kind for kind in KINDS if fnmatchcase(each, kind)), each) for each in actions} - COVERED
    return sorted(name for kind in found for name in SERVICES.get(kind, {kind}))


def _row(rows: Sequence[Scope], action: str) -> Scope:
    return next(row for row in rows if covers(row, action))


def buckets_in_reach(has_existing: NamedCondition, named: Parameter) -> If:
    """Return the buckets that launches create, the existing ones that they may use, and the objects in all of them."""
    objects = Join("/*,", split_list(named))
    both = Sub(f"{BUCKETS},{placeholder(named)},${{Objects}}/*", Objects=objects)
    return when(has_existing, Split(",", both), [Sub(BUCKETS)])


def _own() -> Scope:
    """Allow actions on the resources of launches, and on those of the domain or the user profile from which they come.

    One statement needs fewer characters than several. An action applies only to resources of its own type.
    """
    domain = "${!sagemaker:DomainId}"
    return Scope(
        sid="UseOwn",
        actions=[
            "iam:GetRole",
            # except DescribeLogGroups and StopQuery, which support no resource
            *("logs:[!DS]*", "logs:DescribeLogStreams", "logs:StartQuery"),
            *("sagemaker:CreateApp", "sagemaker:CreatePresignedDomainUrl", "sagemaker:DeleteApp"),
            *(f"sagemaker:{verb}Space" for verb in ("Create", "Delete", "Update")),
            "sns:Publish",
            "ssm:GetParameter",
        ],
        resources=[
            *roles(STACKS),
            *arns("logs", "log-group:/aws/sagemaker/*", f"log-group:{STACKS}"),
            *arns(
                "sagemaker",
                f"app/{domain}/*",
                f"space/{domain}/*",
                f"user-profile/{domain}/${{!sagemaker:UserProfileName}}",
            ),
            *arns("sns", STACKS),
            *arns("ssm", "parameter/smtemplates/*"),
        ],
    )


def _rows(buckets: If, regions: If) -> list[Scope]:
    keys = arns("kms", "key/*", account="*")
    return [
        _own(),
        Scope(
            sid="PassRoles",
            actions=["iam:PassRole"],
            resources=roles(EXECUTION_ROLES),
            condition=Condition(StringEquals({"iam:PassedToService": "sagemaker.amazonaws.com"})),
        ),
        Scope(sid="LendKeys", actions=["kms:CreateGrant"], resources=keys, condition=_via("ec2", "sagemaker")),
        Scope(sid="UseKeys", actions=["kms:*"], resources=keys, condition=_via("ec2", "s3", "sagemaker", "sns")),
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
