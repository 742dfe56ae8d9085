"""Write the page with IAM policies to copy. The permissions of the service role are those of the resource types."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smtemplates.reference.markdown import GENERATED, block
from smtemplates.templates.launch_role import actions
from smtemplates.templates.workspace import template as workspace

PAGE = Path("docs", "reference", "iam-policies.md")
STACKS = "arn:aws:cloudformation:eu-west-1:111122223333:stack/churn*/*"
CHANGE_SETS = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/smtemplates-*"
PLANNED = [CHANGE_SETS.replace("-*", f"-{purpose}-*") for purpose in ("keep", "plan")]
STAGED = "arn:aws:s3:::my-templates/smtemplates/*"
SERVICE_ROLE = "arn:aws:iam::111122223333:role/CloudFormationForChurn"
Statement = dict[str, Any]


def allow(sid: str, names: Sequence[str], resources: str | Sequence[str], condition: Any = None) -> Statement:
    """Return a statement of a policy."""
    found = {"Sid": sid, "Effect": "Allow", "Action": list(names), "Resource": resources}
    return {**found, "Condition": condition} if condition else found


def policy(*statements: Statement) -> dict[str, Any]:
    """Return a policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


PLANNING = (
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplate",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
)
DEPLOYING = (
    *PLANNING,
    "cloudformation:CancelUpdateStack",
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackResourceDrifts",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:RollbackStack",
    "cloudformation:SetStackPolicy",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateTerminationProtection",
)
STAGING = (
    allow("ReadStagedTemplates", ["s3:GetObject"], STAGED),
    allow("StageNewTemplates", ["s3:PutObject"], STAGED, {"Null": {"s3:if-none-match": "false"}}),
)
PASS_SERVICE_ROLE = allow(
    "PassServiceRole",
    ["iam:PassRole"],
    SERVICE_ROLE,
    {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
)
PLANNER = policy(allow("Plan", PLANNING, [STACKS, *PLANNED]), *STAGING)
DEPLOYER = policy(
    allow("Deploy", DEPLOYING, [STACKS, CHANGE_SETS]),
    allow(
        "ReadOperations",
        ["cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:ListImports"],
        "*",
    ),
    PASS_SERVICE_ROLE,
    *STAGING,
    allow(
        "ReadStudioBeforeDeletion",
        ["sagemaker:DescribeDomain", "sagemaker:ListApps", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"],
        "*",
    ),
)
SCIENTIST = policy(
    allow("ReadOutputs", ["cloudformation:DescribeStacks"], STACKS),
    allow(
        "UseNotebook",
        [
            "sagemaker:CreatePresignedNotebookInstanceUrl",
            "sagemaker:DescribeNotebookInstance",
            "sagemaker:StartNotebookInstance",
            "sagemaker:StopNotebookInstance",
        ],
        "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/NOTEBOOK",
    ),
    allow(
        "OpenOwnStudio",
        ["sagemaker:CreatePresignedDomainUrl", "sagemaker:DescribeUserProfile"],
        "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/DOMAIN/PROFILE",
    ),
    allow(
        "FindStudio",
        ["sagemaker:DescribeDomain"],
        "arn:aws:sagemaker:eu-west-1:111122223333:domain/DOMAIN",
    ),
    allow("ListStudio", ["sagemaker:ListDomains", "sagemaker:ListUserProfiles"], "*"),
    allow("ListTrainingData", ["s3:ListBucket"], "arn:aws:s3:::INPUT-BUCKET"),
    allow("UploadTrainingData", ["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::INPUT-BUCKET/*"),
    allow("SeeDashboard", ["cloudwatch:DescribeAlarms", "cloudwatch:GetDashboard", "cloudwatch:GetMetricData"], "*"),
)
TRUST = policy(
    {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
)
# The service role may change only roles, policies and functions whose names begin with those of the stacks.
NAMED = {
    "iam": [f"arn:aws:iam::111122223333:{kind}/churn*" for kind in ("role", "policy")],
    "lambda": "arn:aws:lambda:eu-west-1:111122223333:function:churn*",
}
LINKED = ["sagemaker.amazonaws.com", "sagemaker.application-autoscaling.amazonaws.com"]
PASSED = ["events.amazonaws.com", "lambda.amazonaws.com", "sagemaker.amazonaws.com"]
SPECIAL = ("iam:PassRole", "iam:CreateServiceLinkedRole")
# The services of each policy, because a managed policy has at most 6,144 characters without white space.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
FIRST = ("ecr", "ec2", "kms", "s3", "sagemaker")


def needed() -> list[str]:
    """Return the actions that the resource types of the workspace need, by the schemas of CloudFormation."""
    types = actions.types(workspace.constructs())
    return sorted({action for type_ in types for action in actions.needs(type_)})


def service_policies() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two policies of the role that CloudFormation assumes."""
    by_service: dict[str, list[str]] = {}
    for action in needed():
        if action not in SPECIAL:
            by_service.setdefault(action.partition(":")[0], []).append(action)
    first = [_service(name, by_service) for name in by_service if name in FIRST]
    second = [_service(name, by_service) for name in by_service if name not in FIRST]
    roles = NAMED["iam"][0]
    passing = allow("PassRoles", ["iam:PassRole"], roles, {"StringEquals": {"iam:PassedToService": PASSED}})
    linked = allow(
        "CreateServiceLinkedRoles",
        ["iam:CreateServiceLinkedRole"],
        "arn:aws:iam::111122223333:role/aws-service-role/*",
        {"StringEquals": {"iam:AWSServiceName": LINKED}},
    )
    return policy(*first), policy(*second, passing, linked)


def _service(name: str, by_service: Mapping[str, Sequence[str]]) -> Statement:
    sid = "".join(word.capitalize() for word in name.split("-"))
    return allow(f"Manage{sid}", by_service[name], NAMED.get(name, "*"))


def _json(document: Any) -> str:
    return block(json.dumps(document, indent=2), "json")


def page() -> str:
    """Return the text of the page."""
    first, second = service_policies()
    return "\n".join(_parts(first, second))


def _parts(first: Any, second: Any) -> Iterable[str]:
    yield (
        GENERATED
        + """\
# IAM policies

Copy these policies, and replace the account 111122223333, the Region eu-west-1, the bucket `my-templates`, and the
names of stacks, which begin with churn in the examples.
In China and GovCloud, replace `arn:aws:` by the prefix of the partition.

Tests run a plan, a deployment and a deletion with the first two policies on the local cloud, whose IAM evaluates
calls to its API, and evaluate the others with an IAM simulator.
No live account has tested them.

## Planner

The role of a pipeline that plans changes. It cannot execute a change set or delete a stack. It also cannot
overwrite a staged template, because a branch must not change a
template that another pipeline publishes from the same bucket.

A plan of a stack that does not exist leaves an empty stack in the state REVIEW_IN_PROGRESS, which the first
deployment uses.
"""
    )
    yield _json(PLANNER)
    yield """\
## Deployer

An engineer, or the role of a pipeline that deploys. CloudFormation creates the resources with the [service
role](#service-role), so the deployer has no other permissions:

```text
smtemplates deploy churn --staging-bucket my-templates --role-arn arn:aws:iam::111122223333:role/CloudFormationForChurn
```

Without `--role-arn`, CloudFormation uses the permissions of the deployer. The deployer then also needs the policies
of the service role.
"""
    yield _json(DEPLOYER)
    yield """\
`destroy --delete-data` and `--create-staging-bucket` need more: permissions to create, read and empty the buckets.
`--clear-studio` also needs `sagemaker:DeleteApp`,
`sagemaker:DeleteSpace` and `sagemaker:DeleteUserProfile`. To publish versions, the role also needs
`servicecatalog:CreateProvisioningArtifact`,
`servicecatalog:DeleteProvisioningArtifact`, `servicecatalog:DescribeProvisioningArtifact`,
`servicecatalog:ListProvisioningArtifacts` and
`servicecatalog:UpdateProvisioningArtifact`.

## Service role

CloudFormation assumes this role for stacks of the workspace template. Its trust policy:
"""
    yield _json(TRUST)
    yield """\
Its two policies contain the actions that the schemas of the resource types list. The role can create roles and
policies whose names begin with churn, so it can give them any
permission. Do not let people or pipelines assume it. Users who deploy with it can do the same in a template.

To limit the created roles, allow `iam:CreateRole`, `iam:AttachRolePolicy`, `iam:PutRolePolicy` and
`iam:PutRolePermissionsBoundary` only if the condition key `iam:PermissionsBoundary` is the ARN of your boundary, and
remove `iam:DeleteRolePermissionsBoundary`. Enter the same ARN as `PermissionsBoundaryArn`.
"""
    yield _json(first)
    yield _json(second)
    yield """\
## Scientist

A person who uses the workspace. Jobs run with the execution role, which the notebook and Studio provide. Replace
NOTEBOOK, DOMAIN, PROFILE and INPUT-BUCKET with values of the
outputs, and remove the statements for resources that your stack does not have. With a customer managed key, the
person also needs `kms:GenerateDataKey` and `kms:Decrypt` for it to
upload data.
"""
    yield _json(SCIENTIST)
