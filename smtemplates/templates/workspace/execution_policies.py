"""The permissions of the execution role, one list of statements for each activity.

An action already determines the type of resource. The resource element limits it to this account and Region.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
"""

from __future__ import annotations

from awacs.aws import (
    Bool,
    Condition,
    Null,
    StringEquals,
    StringLike,
)
from troposphere import AWS_REGION, Ref, Sub

from smtemplates.core.iam import Grant, actions, allow, deny, in_this_region, regional_arns
from smtemplates.templates.workspace.data_policy import RUN_JOBS
from smtemplates.templates.workspace.endpoint_alarm_names import PREFIX, EndpointAlarmNames
from smtemplates.templates.workspace.network import Network

METRICS = ("/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker")


def jobs(network: Network) -> list[Grant]:
    """Allow training, tuning, processing and transform jobs, with their images, logs and metrics."""
    return [
        allow("RunJobs", actions("sagemaker", *RUN_JOBS), regional_arns("sagemaker", "*"), network.inside()),
        allow(
            "ManageJobs",
            actions(
                "sagemaker",
                "CreateTransformJob",  # it has no VPC key: the VPC is part of the model
                "Delete*ingJob",  # training, tuning and processing jobs that have ended
                "DescribeHyperParameterTuningJob",
                "DescribeProcessingJob",
                "DescribeTra*Job",  # training and transform jobs
                "StopHyperParameterTuningJob",
                "StopProcessingJob",
                "StopTra*Job",
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
        # Lists show only names, and most of them support no resource. Charts of a job's metrics in the SageMaker SDK
        # need metrics, which support no resource and no namespace.
        # Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        allow(
            "List",
            [
                *actions("sagemaker", "GetSearchSuggestions", "List*", "QueryLineage", "Search"),
                *actions("ecr", "GetAuthorizationToken"),
                *actions("cloudwatch", "GetMetricData", "GetMetricStatistics"),
            ],
            ["*"],
            in_this_region(),
        ),
        *_images_and_logs(),
        deny(
            "NoDebugging",
            actions("sagemaker", "CreateTrainingJob", "UpdateTrainingJob"),
            Condition(Bool({"sagemaker:EnableRemoteDebug": "true"})),
        ),
    ]


def hosting(network: Network, alarms: EndpointAlarmNames | None) -> list[Grant]:
    """Allow creating and invoking models and endpoints, and reading the alarms that trigger a rollback.

    The alarms are named with the prefix that their names start with. A reference would make the role depend on
    resources that depend on the role.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    seen = regional_arns("cloudwatch", f"alarm:${{AWS::StackName}}-{PREFIX}*") if alarms else []
    return [
        allow("MakeModels", actions("sagemaker", "CreateModel"), regional_arns("sagemaker", "*"), network.inside()),
        allow(
            "UseEndpoints",
            actions(
                "sagemaker",
                *(f"{verb}Endpoint*" for verb in ("Create", "Delete", "Describe", "Invoke", "Update")),
                *(f"{verb}InferenceComponent" for verb in ("Create", "Delete", "Describe")),
                "UpdateInferenceComponent*",
                "DeleteModel",
                "DescribeModel",
            ),
            regional_arns("sagemaker", "*"),
        ),
        *([allow("SeeAlarms", actions("cloudwatch", "DescribeAlarms"), seen)] if seen else []),
    ]


def workflows() -> list[Grant]:
    """Allow pipelines, experiments and lineage."""
    tracked = ("Action", "Artifact", "Context", "Experiment", "Trial*")
    return [
        allow(
            "RunPipelines",
            actions(
                "sagemaker",
                "CreatePipeline",
                "DeletePipeline",
                "DescribePipeline*",
                "RetryPipelineExecution",
                "SendPipelineExecutionStep*",
                "StartPipelineExecution",
                "StopPipelineExecution",
                "UpdatePipeline*",
            ),
            regional_arns("sagemaker", "*"),
        ),
        # the SageMaker SDK tags an existing pipeline when it updates the pipeline
        allow("TagPipelines", actions("sagemaker", "AddTags"), regional_arns("sagemaker", "pipeline/*")),
        allow(
            "Track",
            actions(
                "sagemaker",
                "AddAssociation",
                "AssociateTrialComponent",
                "BatchGetMetrics",
                "BatchPutMetrics",
                "DeleteAssociation",
                "DisassociateTrialComponent",
                *(f"{verb}{kind}" for kind in tracked for verb in ("Create", "Delete", "Describe", "Update")),
            ),
            regional_arns("sagemaker", "*"),
        ),
    ]


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
