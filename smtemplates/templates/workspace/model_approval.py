"""Model approval: the requests that the execution role is denied, so that only a reviewer can approve a version.

IAM has no condition key for the current approval status of a version, for a changed inference specification or source,
or for the version of an object in Amazon S3. So three rules replace them:

- A change by the role must set the status of the version to PendingManualApproval or Rejected. A version that the role
  changed is therefore never approved. This works for each part of a version, also for future ones.
- The role does not set a life cycle stage, and does not change a version that has one. Stages are free text, so a list
  of denied values would be incomplete.
- The role does not write below `models/approved/` in the model bucket. A reviewer copies the artifact there, reviews
  the copy, and approves the version with the address of the copy. S3 Object Lock would not help: it keeps old versions
  of an object, but SageMaker reads the current one.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-staging-construct-set-up.html
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from smtemplates.core.iam import Grant, actions
from smtemplates.templates.workspace.bucket import Bucket

CREATE, UPDATE = "CreateModelPackage", "UpdateModelPackage"
UNAPPROVED = ("PendingManualApproval", "Rejected")
APPROVED_PREFIX = "models/approved/"
ANY_TEXT = "?*"


@dataclass(frozen=True, kw_only=True)
class Denied:
    """Describe requests that are denied: actions on versions under a condition, or on approved artifacts without one.

    `reason` completes the sentence "These requests are denied".
    """

    sid: str
    actions: tuple[str, ...]
    condition: Mapping[str, Mapping[str, str | tuple[str, ...]]] = field(default_factory=dict)
    reason: str

    @property
    def service(self) -> str:
        """The service of the actions."""
        return "sagemaker" if self.condition else "s3"


DENIED = (
    Denied(
        sid="NoApproval",
        actions=(CREATE,),
        condition={"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}},
        reason="because the new version would be approved",
    ),
    Denied(
        sid="ChangesNeedReview",
        actions=(UPDATE,),
        condition={"StringNotEquals": {"sagemaker:ModelApprovalStatus": UNAPPROVED}},
        reason="because the changed version could stay or become approved",
    ),
    *(
        Denied(
            sid=f"No{name}",
            actions=(CREATE, UPDATE),
            condition={"StringLike": {f"sagemaker:ModelLifeCycle:{name}": ANY_TEXT}},
            reason="because a life cycle stage, which is free text, can mean an approval",
        )
        for name in ("Stage", "StageStatus")
    ),
    *(
        Denied(
            sid=f"Keep{name}",
            actions=(UPDATE,),
            condition={"StringLike": {f"sagemaker:CurrentModelLifeCycle{name}": ANY_TEXT}},
            reason="because a reviewer gave the version a life cycle stage",
        )
        for name in ("Stage", "StageStatus")
    ),
    Denied(
        sid="KeepApprovedArtifacts",
        actions=("DeleteObject*", "PutObject*"),
        reason="because an approved version may use the artifact",
    ),
)


def denials(models: Bucket) -> Iterator[Grant]:
    """Yield a statement for each row."""
    for row in DENIED:
        statement = {
            "Sid": row.sid,
            "Effect": "Deny",
            "Action": actions(row.service, *row.actions),
            "Resource": ["*"] if row.condition else [models.arn(f"/{APPROVED_PREFIX}*")],
        }
        condition = {
            operator: {key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()}
            for operator, keys in row.condition.items()
        }
        yield {**statement, "Condition": condition} if condition else statement
