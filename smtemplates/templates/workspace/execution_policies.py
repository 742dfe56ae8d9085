"""What the execution role may do, one policy document an activity.

An action says already which kind of resource it is for; the resource here says whose: this account's, in this Region.

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
from smtemplates.templates.workspace.endpoint_alarms import EndpointAlarms
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.storage import Storage

METRICS = ("/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker")
RUN_JOBS = ("CreateTrainingJob", "CreateProcessingJob", "CreateHyperParameterTuningJob")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Hold the limits for jobs that administrators set, each with the condition that it is set."""

    instance_types: Parameter
    has_instance_types: NamedCondition
    runtime: Parameter
    has_runtime: NamedCondition


def data(storage: Storage, encryption: Encryption, limits: Limits, role: Any) -> dict[str, Any]:
    """Read inputs, write results and models, use the key, be passed to SageMaker; stay within the given limits."""
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
    """Run training, tuning, processing and transform jobs, with their images, logs and metrics."""
    return policy_document(
        allow("RunJobs", actions("sagemaker", *RUN_JOBS), regional_arns("sagemaker", "*"), network.inside()),
        allow(
            "ManageJobs",
            actions(
                "sagemaker",
                "CreateTransformJob",  # knows no VPC: its model has it
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
        # lists show names only, and most of them know no resource to narrow them to
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


def hosting(network: Network, alarms: EndpointAlarms | None) -> dict[str, Any]:
    """Make models and endpoints, and call them; SageMaker looks at the `alarms` as this role before it rolls back.

    The alarms are named as CloudFormation names them: a reference would have the role wait for what uses it.

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
    """Run pipelines, track experiments and lineage."""
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
    """Let SageMaker use the key for volumes and spaces, through grants that it makes itself.

    Without the condition whoever holds the role could lend the key to anybody. There is no kms:GrantIsForAWSResource:
    two public reports say that SageMaker's grants do not count as such. That kms:ViaService holds for the grants of
    Studio's spaces is inferred; where it did not, making a space would fail and name kms:CreateGrant.

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
    """Refuse other types in whatever names one; a request that names none is not for this statement to judge."""
    return deny(
        "OnlyAllowedInstanceTypes",
        actions("sagemaker", "Create*", "Update*"),
        Condition(ForAnyValueStringNotLike({"sagemaker:InstanceTypes": split_list(limits.instance_types)})),
    )


def _runtime(limits: Limits) -> Grant:
    """Cap what a job may cost; one that names no cap of its own is refused too."""
    return deny(
        "OnlyCappedRuntime",
        actions("sagemaker", *RUN_JOBS),
        Condition(NumericGreaterThanIfExists({"sagemaker:MaxRuntimeInSeconds": Ref(limits.runtime)})),
    )


def _images_and_logs() -> list[Grant]:
    return [
        # AWS's images lie in hundreds of registry accounts
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
