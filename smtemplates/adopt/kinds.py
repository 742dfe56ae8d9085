"""The table of resource types of Terraform: the outcome of a resource of each type, and the reason.

The attributes and the IDs for import are those of the AWS provider.

Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """The outcome of a resource."""

    REUSE = "Reuse"
    RECREATE = "Recreate"
    KEEP = "Keep in Terraform"
    COPY = "Copy first"


MEANINGS = {
    Outcome.REUSE: "The stack uses the resource. Terraform releases it and does not delete it.",
    Outcome.RECREATE: "The stack creates a new one. Delete the old one with Terraform after the deployment.",
    Outcome.KEEP: "Terraform continues to manage the resource.",
    Outcome.COPY: "The stack creates a new one, and the data of the old one is lost unless you copy it first.",
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One resource type.

    `role` is the role in the workspace for which the stack uses one resource of the type. `owner` is the type of the
    resource to which this one belongs, and `link` the attribute that identifies the owner. `import_id` is the ID for an
    import block, with the names of attributes in braces.
    """

    outcome: Outcome
    reason: str
    role: str = ""
    owner: str = ""
    link: str = ""
    import_id: str = ""


def _principal(role: str, reason: str, import_id: str) -> Kind:
    return Kind(outcome=Outcome.REUSE, reason=reason, role=role, import_id=import_id)


def _part(owner: str, link: str, reason: str, import_id: str) -> Kind:
    return Kind(outcome=Outcome.REUSE, reason=reason, owner=owner, link=link, import_id=import_id)


def _network(noun: str) -> Kind:
    return Kind(outcome=Outcome.KEEP, reason=f"The stack refers to {noun} by ID and does not manage it.")


def _bucket_setting(noun: str) -> Kind:
    reason = f"Without the bucket, Terraform would remove {noun} from it."
    return _part("aws_s3_bucket", "bucket", reason, "{bucket}")


_OBJECT = _part("aws_s3_bucket", "bucket", "The object stays in its bucket, with all its versions.", "{bucket}/{key}")
_ROLE_PART = "The existing role keeps its permissions."
_FILES = "The new {noun} is empty, and {loss}."

KINDS: Mapping[str, Kind] = {
    "aws_s3_bucket": _principal(
        "bucket", "The stack uses the bucket with its objects and does not change its settings.", "{bucket}"
    ),
    "aws_s3_bucket_versioning": _bucket_setting("versioning"),
    "aws_s3_bucket_server_side_encryption_configuration": _bucket_setting("the encryption with your settings"),
    "aws_s3_bucket_public_access_block": _bucket_setting("the block of public access"),
    "aws_s3_bucket_ownership_controls": _bucket_setting("the ownership setting"),
    "aws_s3_bucket_lifecycle_configuration": _bucket_setting("the lifecycle rules"),
    "aws_s3_bucket_policy": _bucket_setting("the policy"),
    "aws_s3_bucket_logging": _bucket_setting("access logging"),
    "aws_s3_bucket_cors_configuration": _bucket_setting("the CORS rules"),
    "aws_s3_bucket_notification": _bucket_setting("the notifications"),
    "aws_s3_object": _OBJECT,
    "aws_s3_bucket_object": _OBJECT,
    "aws_iam_role": _principal("role", "The stack uses the role and does not change its permissions.", "{name}"),
    "aws_iam_role_policy_attachment": _part("aws_iam_role", "role", _ROLE_PART, "{role}/{policy_arn}"),
    "aws_iam_role_policy": _part("aws_iam_role", "role", _ROLE_PART, "{role}:{name}"),
    "aws_iam_policy": _part("aws_iam_role", "arn", _ROLE_PART, "{arn}"),
    "aws_kms_key": _principal(
        "key", "The key encrypts data that the stack uses. Without the key, the data cannot be read.", "{key_id}"
    ),
    "aws_kms_alias": _part("aws_kms_key", "target_key_id", "The alias belongs to the key.", "{name}"),
    "aws_sns_topic": _principal("topic", "The alarms of the stack publish to the topic.", "{arn}"),
    "aws_sns_topic_policy": _part("aws_sns_topic", "arn", "The policy belongs to the topic.", "{arn}"),
    "aws_sns_topic_subscription": _part(
        "aws_sns_topic",
        "topic_arn",
        "The subscription belongs to the topic, and its email address stays confirmed.",
        "{arn}",
    ),
    "aws_sagemaker_model_package_group": _principal(
        "group", "The stack uses the group with its model versions.", "{model_package_group_name}"
    ),
    "aws_sagemaker_model_package_group_policy": _part(
        "aws_sagemaker_model_package_group",
        "model_package_group_name",
        "The policy belongs to the group.",
        "{model_package_group_name}",
    ),
    "aws_sagemaker_notebook_instance": Kind(
        outcome=Outcome.COPY,
        role="notebook",
        reason=_FILES.format(noun="notebook instance", loss="the deletion of the old one deletes its files"),
    ),
    "aws_sagemaker_notebook_instance_lifecycle_configuration": Kind(
        outcome=Outcome.RECREATE,
        reason="The stack has its own scripts. Add the packages of your script to NotebookPackages.",
    ),
    "aws_sagemaker_domain": Kind(
        outcome=Outcome.COPY,
        role="domain",
        reason=_FILES.format(noun="domain", loss="the deletion of the old one deletes the files of its spaces"),
    ),
    "aws_sagemaker_user_profile": Kind(
        outcome=Outcome.COPY,
        reason=_FILES.format(noun="user profile", loss="the deletion of the old one deletes the files of its spaces"),
    ),
    "aws_sagemaker_space": Kind(
        outcome=Outcome.COPY,
        reason="Users create spaces in the new domain. The files of this space are deleted with it.",
    ),
    "aws_sagemaker_app": Kind(outcome=Outcome.RECREATE, reason="Users start apps in the new domain."),
    "aws_cloudwatch_log_group": Kind(
        outcome=Outcome.KEEP, reason="SageMaker does not write to this log group.", import_id="{name}"
    ),
    "aws_cloudwatch_dashboard": Kind(outcome=Outcome.RECREATE, reason="The stack creates its own dashboard."),
    "aws_cloudwatch_metric_alarm": Kind(outcome=Outcome.KEEP, reason="The alarm is not about SageMaker."),
    "aws_vpc": _network("the VPC"),
    "aws_subnet": _network("the subnet"),
    "aws_security_group": _network("the security group"),
}

# The roles for which the stack uses one resource: its type, the option that decides, and the words for a person.
ROLES: Mapping[str, tuple[str, str, str]] = {
    "input": ("aws_s3_bucket", "--input-bucket", "the input bucket"),
    "output": ("aws_s3_bucket", "--output-bucket", "the output bucket"),
    "model": ("aws_s3_bucket", "--model-bucket", "the model bucket"),
    "role": ("aws_iam_role", "--role", "the execution role"),
    "key": ("aws_kms_key", "--kms-key", "the KMS key"),
    "topic": ("aws_sns_topic", "--topic", "the topic for alarms"),
    "group": ("aws_sagemaker_model_package_group", "--model-package-group", "the model package group"),
    "notebook": ("aws_sagemaker_notebook_instance", "--notebook", "the notebook instance"),
    "domain": ("aws_sagemaker_domain", "--domain", "the Studio domain"),
}
BUCKETS = ("input", "output", "model")
NONE = "none"
