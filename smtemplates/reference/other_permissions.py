"""Permissions that no workflow pack contains, as policies that a reader can attach to the execution role.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.reference.markdown import block

SAGEMAKER = "arn:aws:sagemaker:us-east-1:111122223333:"


@dataclass(frozen=True, kw_only=True)
class Work:
    """A kind of work that no pack allows: its actions by resource, and a note about other requirements."""

    title: str
    actions: Mapping[str, tuple[str, ...]]
    note: str = ""

    def policy(self) -> dict[str, Any]:
        """Return the policy that allows the work."""
        return {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": list(actions), "Resource": resource}
                for resource, actions in self.actions.items()
            ],
        }


WORK = (
    Work(
        title="Labeling jobs of Ground Truth",
        actions={
            f"{SAGEMAKER}labeling-job/*": tuple(
                f"sagemaker:{verb}LabelingJob" for verb in ("Create", "Describe", "Stop")
            ),
            f"{SAGEMAKER}workteam/*": ("sagemaker:DescribeWorkteam",),
        },
        note="The execution role of the labeling job can be another role, with the AWS managed policy "
        "`AmazonSageMakerGroundTruthExecution`. Then also allow `iam:PassRole` on that role.",
    ),
    Work(
        title="Model cards",
        actions={
            f"{SAGEMAKER}model-card/*": (
                *(f"sagemaker:{verb}ModelCard" for verb in ("Create", "Delete", "Describe", "Update")),
                "sagemaker:CreateModelCardExportJob",
            ),
            f"{SAGEMAKER}model-card/*/export-job/*": ("sagemaker:DescribeModelCardExportJob",),
        },
    ),
    Work(
        title="Training plans",
        actions={
            "*": ("sagemaker:SearchTrainingPlanOfferings",),
            f"{SAGEMAKER}training-plan/*": ("sagemaker:CreateTrainingPlan", "sagemaker:DescribeTrainingPlan"),
        },
    ),
    Work(
        title="Clusters",
        actions={f"{SAGEMAKER}cluster/*": ("sagemaker:DescribeCluster", "sagemaker:DescribeClusterNode")},
        note="This shows clusters that others create.",
    ),
    Work(
        title="Subscriptions in AWS Marketplace",
        actions={
            "*": tuple(f"aws-marketplace:{name}" for name in ("Subscribe", "Unsubscribe", "ViewSubscriptions")),
        },
        note="A subscription applies to the whole account, and can be charged.",
    ),
    Work(
        title="First pull of an image through a pull-through cache",
        actions={
            "arn:aws:ecr:us-east-1:111122223333:repository/PREFIX/*": (
                "ecr:BatchImportUpstreamImage",
                "ecr:CreateRepository",
            ),
        },
        note="`PREFIX` is the prefix of the rule of the cache. The role can already pull images that are in the cache.",
    ),
    Work(
        title="Deletion of images",
        actions={"arn:aws:ecr:us-east-1:111122223333:repository/REPOSITORY": ("ecr:BatchDeleteImage",)},
        note="`REPOSITORY` is the part of the output `StudioRepositoryUri` after the slash.",
    ),
)


def other_permissions() -> Iterator[str]:
    """Yield the work that no pack allows, each with the text of a policy."""
    yield (
        "No pack allows the following. To allow one of these, create a policy with the text for your account and "
        "Region, and enter its ARN in `AdditionalPolicyArns`. A role has ten policies at most by default. Steps of "
        "pipelines with AWS Lambda, Amazon SQS and Amazon EMR also need a policy, whose text is in the documentation "
        "about permissions.\n"
    )
    for work in WORK:
        yield f"**{work.title}**\n"
        if work.note:
            yield f"{work.note}\n"
        yield block(json.dumps(work.policy(), indent=2), "json")
