"""The permission of the execution role for data: the buckets, the key, the role itself, and the limits for jobs.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import (
    Condition,
    ForAnyValueStringNotLike,
    Null,
    NumericGreaterThan,
    NumericGreaterThanIfExists,
    StringEquals,
)
from troposphere import Parameter, Ref, Sub

from smtemplates.core.construct import NamedCondition, split_list, when
from smtemplates.core.iam import Grant, actions, allow, deny, policy_document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.storage import Storage

RUN_JOBS = ("CreateTrainingJob", "CreateProcessingJob", "CreateHyperParameterTuningJob")
# `aws s3 cp` between buckets reads and writes tags if an object is larger than its threshold for multipart copies.
# Source: https://docs.aws.amazon.com/cli/latest/reference/s3/cp.html (option --copy-props)
READ_OBJECTS = ("GetObject", "GetObject*Tagging", "GetObjectVersion")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Contain the limits for jobs that administrators set, each with the condition that it is set."""

    instance_types: Parameter
    has_instance_types: NamedCondition
    runtime: Parameter
    has_runtime: NamedCondition


def data_policy(storage: Storage, encryption: Encryption, limits: Limits, role: Any) -> dict[str, Any]:
    """Allow reading inputs, writing results and models, using the key and passing the role; enforce the limits."""
    results, models = storage.output, storage.models
    return policy_document(
        allow(
            "ListBuckets",
            actions("s3", "GetBucketLocation", "ListBucket", "ListBucketMultipartUploads", "ListBucketVersions"),
            [bucket.arn() for bucket in storage.buckets()],
        ),
        allow("ReadInput", actions("s3", *READ_OBJECTS), [storage.input.arn("/*")]),
        allow(
            "WriteResults",
            actions(
                "s3",
                "AbortMultipartUpload",
                *READ_OBJECTS,
                "ListMultipartUploadParts",
                "PutObject",
                "PutObjectTagging",
            ),
            [results.arn("/*"), models.arn("/*")],
        ),
        allow("DeleteResults", actions("s3", "DeleteObject"), [results.arn("/*")]),
        when(encryption.has_key, _use_key(encryption)),
        when(encryption.has_key, _lend_key(encryption)),
        allow(
            "PassItself",
            actions("iam", "PassRole"),
            [role],
            Condition(StringEquals({"iam:PassedToService": "sagemaker.amazonaws.com"})),
        ),
        allow("SeeItself", actions("iam", "GetRole"), [role]),
        when(limits.has_instance_types, _instance_types(limits)),
        when(limits.has_runtime, _runtime(limits)),
        when(limits.has_runtime, _warm_pools(limits)),
        when(limits.has_runtime, _runtime_of_monitors(limits)),
    )


def _use_key(encryption: Encryption) -> Grant:
    return allow(
        "UseKey",
        actions("kms", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"),
        [encryption.key_arn()],
        Condition(StringEquals({"kms:ViaService": _via("ec2", "s3", "sagemaker")})),
    )


def _lend_key(encryption: Encryption) -> Grant:
    """Allow SageMaker to use the key for volumes and spaces, through grants that it creates itself.

    Without the condition, a user of the role could grant the key to any principal. kms:GrantIsForAWSResource is not
    used, because two public reports say that SageMaker's grants do not set it. It is inferred that kms:ViaService is
    set for the grants of Studio spaces. Otherwise, creating a space fails with an error that names kms:CreateGrant.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    return allow(
        "LendKey",
        actions("kms", "CreateGrant"),
        [encryption.key_arn()],
        Condition(StringEquals({"kms:ViaService": _via("ec2", "sagemaker")})),
    )


def _via(*services: str) -> list[Sub]:
    return [Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}") for service in services]


def _instance_types(limits: Limits) -> Grant:
    """Deny instance types that are not allowed. A request without an instance type is not affected."""
    return deny(
        "OnlyAllowedInstanceTypes",
        actions("sagemaker", "Create*", "Update*"),
        Condition(ForAnyValueStringNotLike({"sagemaker:InstanceTypes": split_list(limits.instance_types)})),
    )


def _runtime(limits: Limits) -> Grant:
    """Deny jobs whose maximum runtime exceeds the limit, or that specify none."""
    return deny(
        "OnlyCappedRuntime",
        actions("sagemaker", *RUN_JOBS),
        Condition(NumericGreaterThanIfExists({"sagemaker:MaxRuntimeInSeconds": Ref(limits.runtime)})),
    )


def _warm_pools(limits: Limits) -> Grant:
    """Deny instances that wait for the next training job for longer than the limit. Without a warm pool, none wait.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
    """
    return deny(
        "OnlyCappedWarmPools",
        actions("sagemaker", "CreateTrainingJob", "UpdateTrainingJob"),
        Condition(NumericGreaterThan({"sagemaker:KeepAlivePeriod": Ref(limits.runtime)})),
    )


def _runtime_of_monitors(limits: Limits) -> Grant:
    """Deny the same for the jobs of monitoring schedules. A schedule that names a definition sends no instance type."""
    return deny(
        "OnlyCappedMonitors",
        actions("sagemaker", "Create*JobDefinition", "CreateMonitoringSchedule", "UpdateMonitoringSchedule"),
        Condition(
            [
                Null({"sagemaker:InstanceTypes": "false"}),
                NumericGreaterThanIfExists({"sagemaker:MaxRuntimeInSeconds": Ref(limits.runtime)}),
            ]
        ),
    )
