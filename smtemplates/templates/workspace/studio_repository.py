"""Studio repository: an optional repository for custom images, which can exist before the domain."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, Output, Parameter, Retain, RetainExceptOnCreate, Sub, ecr

from smtemplates.core.construct import Construct, NamedCondition, boolean_parameter, is_true, output
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.project import Project

UNTAGGED_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class StudioRepository(Construct):
    """Represent the repository. Use `arn` only where `is_created` is true."""

    create: Parameter
    is_created: NamedCondition

    def arn(self) -> GetAtt:
        """Return the ARN of the repository."""
        return GetAtt("StudioRepository", "Arn")


def studio_repository(project: Project, encryption: Encryption) -> StudioRepository:
    """Build the repository."""
    create = _create_repository()
    is_created = NamedCondition("CreateStudioRepository", is_true(create))
    return StudioRepository(
        title="Studio",
        source=__name__,
        parameters={"Create repository for custom images": create},
        conditions=[is_created],
        resources=[_repository(project, encryption, is_created)],
        outputs=_outputs(is_created),
        create=create,
        is_created=is_created,
    )


def _repository(project: Project, encryption: Encryption, create: NamedCondition) -> ecr.Repository:
    """Build the repository, which is retained with its images. Without a key, AWS manages the key.

    Its name is derived from the stack, because a new KMS key replaces it, and the replacement needs a new name.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    """
    return ecr.Repository(
        "StudioRepository",
        Condition=create.name,
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        EncryptionConfiguration=ecr.EncryptionConfiguration(EncryptionType="KMS", KmsKey=encryption.key()),
        ImageScanningConfiguration=ecr.ImageScanningConfiguration(ScanOnPush=True),
        ImageTagMutability="IMMUTABLE",
        LifecyclePolicy=ecr.LifecyclePolicy(LifecyclePolicyText=json.dumps(_expire_untagged(), separators=(",", ":"))),
        Tags=project.tags(),
    )


def _expire_untagged() -> dict[str, Any]:
    return {
        "rules": [
            {
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
        ]
    }


def _create_repository() -> Parameter:
    return boolean_parameter(
        "CreateStudioRepository",
        "Create a repository in Amazon ECR for custom images of Studio. Images are scanned when they are pushed, tags "
        f"cannot be overwritten, and untagged images are deleted after {UNTAGGED_DAYS} days. Stored images are "
        "charged. The repository is retained with its images when the stack is deleted or this is set to false. If "
        "false, no repository is created.",
        default=False,
    )


def _outputs(create: NamedCondition) -> list[Output]:
    uri = GetAtt("StudioRepository", "RepositoryUri")
    return [
        output("StudioRepositoryUri", "URI of the repository for custom images of Studio", uri, condition=create),
        output(
            "PushStudioImageCommand",
            "Command that pushes the local image LOCAL_IMAGE with the tag TAG to the repository. Run it with your own "
            "credentials.",
            Sub(
                "aws --region ${AWS::Region} ecr get-login-password | docker login --username AWS --password-stdin "
                "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix} && docker tag LOCAL_IMAGE ${Uri}:TAG "
                "&& docker push ${Uri}:TAG",
                Uri=uri,
            ),
            # Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html
            condition=create,
        ),
    ]
