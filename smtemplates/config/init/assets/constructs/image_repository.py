"""An ECR repository for the container images of your jobs, as an example of a construct.

A construct is a function that returns everything that it adds to a template: parameters, conditions, resources and
outputs. Its arguments name the constructs of the workspace that it uses. smtemplates.toml adds the function to a
template as "constructs.image_repository:image_repository".
"""

from __future__ import annotations

import json

from smtemplates.core.construct import Construct, output
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.project import Project
from troposphere import GetAtt, Retain, RetainExceptOnCreate, ecr

UNTAGGED_DAYS = 30


def image_repository(project: Project, encryption: Encryption) -> Construct:
    """Build a repository with the KMS key and the tags of the workspace.

    It contains images, so it is retained when the stack is deleted.
    """
    repository = ecr.Repository(
        "ImageRepository",
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="KMS", KmsKey=encryption.key()),
        ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
        ImageTagMutability="IMMUTABLE",
        LifecyclePolicy=ecr.LifecyclePolicy(LifecyclePolicyText=json.dumps({"rules": [_delete_untagged_images()]})),
        Tags=project.tags(),
    )
    return Construct(
        title="Images",
        source=__name__,
        resources=[repository],
        outputs=[
            output(
                "ImageRepositoryUri",
                "URI of the repository for container images, without a tag",
                GetAtt(repository, "RepositoryUri"),
            )
        ],
    )


def _delete_untagged_images() -> dict[str, object]:
    """Return the rule of the repository's lifecycle policy.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    """
    return {
        "rulePriority": 1,
        "description": f"Delete untagged images after {UNTAGGED_DAYS} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": UNTAGGED_DAYS,
        },
        "action": {"type": "expire"},
    }
