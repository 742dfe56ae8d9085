"""The permissions of the execution role, one policy document for each activity.

An action already determines the type of resource. The resource element limits it to this account and Region.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import (
    Bool,
    Condition,
    ForAnyValueStringNotLike,
    Null,
    NumericGreaterThanIfExists,
    StringEquals,
    StringLike,
)
from troposphere import AWS_REGION, Parameter, Ref, Sub

from smtemplates.core.construct import NamedCondition, split_list, when
from smtemplates.core.iam import Grant, actions, allow, deny, in_this_region, policy_document, regional_arns
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.storage import Storage

METRICS = ("/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker")
RUN_JOBS = ("CreateTrainingJob", "CreateProcessingJob", "CreateHyperParameterTuningJob")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Contain the limits for jobs that administrators set, each with the condition that it is set."""

    instance_types: Parameter
    has_instance_types: NamedCondition
    runtime: Parameter
    has_runtime: NamedCondition


def data(storage: Storage, encryption: Encryption, limits: Limits, role: Any) -> dict[str, Any]:
    """Allow reading inputs, writing results and models, using the key and passing the role; enforce the limits."""
    results, models = storage.output, storage.models
    return policy_document(
        allow(
            "ListBuckets",
            actions("s3", "GetBucketLocation", "ListBucket", "ListBucketMultipartUploads"),
            [bucket.arn() for bucket in storage.buckets()],
        ),
        allow("ReadInput", actions("s3", "GetObject"), [storage.input.arn("/*")]),
        allow(
            "WriteResultsAndModels",
            actions("s3", "AbortMultipartUpload", "GetObject", "ListMultipartUploadParts", "PutObject"),
            [results.arn("/*"), models.arn("/*")],
        ),
        allow("DeleteResults", actions("s3", "DeleteObject"), [results.arn("/*")]),
        when(encryption.has_key, _use_key(encryption)),
        when(encryption.has_key, _lend_key(encryption)),
        allow(
            "PassItselfToSageMaker",
            actions("iam", "PassRole"),
            [role],
            Condition(StringEquals({"iam:PassedToService": "sagemaker.amazonaws.com"})),
        ),
        allow("SeeItself", actions("iam", "GetRole"), [role]),
        when(limits.has_instance_types, _instance_types(limits)),
        when(limits.has_runtime, _runtime(limits)),
    )


def jobs(network: Network) -> dict[str, Any]:
    """Allow training, tuning, processing and transform jobs, with their images, logs and metrics."""
    return policy_document(
        allow("RunJobs", actions("sagemaker", *RUN_JOBS), regional_arns("sagemaker", "*"), network.inside()),
        allow(
            "ManageJobs",
            actions(
                "sagemaker",
                "CreateTransformJob",  # it has no VPC key: the VPC is part of the model
                "DescribeHyperParameterTuningJob",
                "DescribeProcessingJob",
                "DescribeTrainingJob",
                "DescribeTransformJob",
                "StopHyperParameterTuningJob",
                "StopProcessingJob",
                "StopTrainingJob",
                "StopTransformJob",
                "UpdateTrainingJob",
            ),
            regional_arns("sagemaker", "*"),
        ),
        allow(
            "TagWhatItMakes",
            actions("sagemaker", "AddTags"),
            regional_arns("sagemaker", "*"),
            Condition(Null({"sagemaker:TaggingAction": "false"})),
        ),
        # lists show only names, and most of them support no resource
        allow(
            "ListAndSearch",
            [
                *actions("sagemaker", "GetSearchSuggestions", "List*", "QueryLineage", "Search"),
                *actions("ecr", "GetAuthorizationToken"),
            ],
            ["*"],
            in_this_region(),
        ),
        *_images_and_logs(),
        deny(
            "NoRemoteDebugging",
            actions("sagemaker", "CreateTrainingJob", "UpdateTrainingJob"),
            Condition(Bool({"sagemaker:EnableRemoteDebug": "true"})),
        ),
    )


def hosting(network: Network, alarms: EndpointAlarmNames | None) -> dict[str, Any]:
    """Allow creating and invoking models and endpoints, and reading the alarms that trigger a rollback.

    The alarms are named with the prefix that CloudFormation gives them. A reference would make the role depend on
    resources that depend on the role.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    seen = regional_arns(
        "cloudwatch", *(f"alarm:${{AWS::StackName}}-{alarm}-*" for alarm in (alarms.logical_ids if alarms else ()))
    )
    return policy_document(
        allow("MakeModels", actions("sagemaker", "CreateModel"), regional_arns("sagemaker", "*"), network.inside()),
        allow(
            "ManageModelsAndEndpoints",
            actions(
                "sagemaker",
                "CreateEndpoint",
                "CreateEndpointConfig",
                "DeleteEndpoint",
                "DeleteEndpointConfig",
                "DeleteModel",
                "DescribeEndpoint",
                "DescribeEndpointConfig",
                "DescribeModel",
                "InvokeEndpoint",
                "InvokeEndpointAsync",
                "InvokeEndpointWithResponseStream",
                "UpdateEndpoint",
                "UpdateEndpointWeightsAndCapacities",
            ),
            regional_arns("sagemaker", "*"),
        ),
        *([allow("SeeAlarms", actions("cloudwatch", "DescribeAlarms"), seen)] if seen else []),
    )


def workflows() -> dict[str, Any]:
    """Allow pipelines, experiments and lineage."""
    tracked = ("Action", "Artifact", "Context", "Experiment", "Trial", "TrialComponent")
    return policy_document(
        allow(
            "RunPipelines",
            actions(
                "sagemaker",
                "CreatePipeline",
                "DeletePipeline",
                "DescribePipeline",
                "DescribePipelineDefinitionForExecution",
                "DescribePipelineExecution",
                "RetryPipelineExecution",
                "StartPipelineExecution",
                "StopPipelineExecution",
                "UpdatePipeline",
                "UpdatePipelineExecution",
            ),
            regional_arns("sagemaker", "*"),
        ),
        allow(
            "TrackExperimentsAndLineage",
            actions(
                "sagemaker",
                "AddAssociation",
                "AssociateTrialComponent",
                "BatchGetMetrics",
                "BatchPutMetrics",
                "DeleteAssociation",
                "DisassociateTrialComponent",
                *(f"{verb}{kind}" for kind in tracked for verb in ("Create", "Describe", "Update")),
                *(f"Delete{kind}" for kind in ("Experiment", "Trial", "TrialComponent")),
            ),
            regional_arns("sagemaker", "*"),
        ),
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
        "LendKeyToVolumes",
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


def _images_and_logs() -> list[Grant]:
    return [
        # the images of AWS are in hundreds of registry accounts
        allow(
            "PullImages",
            actions("ecr", "BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"),
            [Sub("arn:${AWS::Partition}:ecr:${AWS::Region}:*:repository/*")],
        ),
        allow(
            "WriteLogs",
            actions(
                "logs",
                "CreateLogGroup",
                "CreateLogStream",
                "DescribeLogStreams",
                "FilterLogEvents",
                "GetLogEvents",
                "PutLogEvents",
            ),
            regional_arns("logs", "log-group:/aws/sagemaker/*"),
        ),
        allow(
            "WriteMetrics",
            actions("cloudwatch", "PutMetricData"),
            ["*"],
            Condition(
                [
                    StringLike({"cloudwatch:namespace": [*METRICS]}),
                    StringEquals({"aws:RequestedRegion": Ref(AWS_REGION)}),
                ]
            ),
        ),
    ]
