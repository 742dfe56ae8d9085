"""Endpoint instances: the type, number, volumes and limits of the instances that serve the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import If, Parameter, Ref, Select, Split, Sub

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    any_of,
    boolean_parameter,
    choice_parameter,
    equals,
    is_true,
    not_,
    number_parameter,
    rule,
    string_parameter,
    when,
)
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.endpoint_model import AGAIN, EndpointModel
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.instance_rules import accelerators_need_list
from smtemplates.templates.workspace.project import INSTANCE_TYPE, Project
from smtemplates.templates.workspace.storage import Storage

RANGES = ("1-1", "1-2", "1-4", "2-2", "2-4", "2-8", "4-16")
TIMEOUT_SECONDS = ("0", "60", "120", "300", "600", "900", "1200", "1800", "2400", "3600")


@dataclass(frozen=True, kw_only=True)
class EndpointInstances(Construct):
    """Contain the parameters and properties of an endpoint on instances. Unused properties are omitted."""

    instance_type: Parameter
    initial: Parameter
    requests_per_instance: Parameter
    least: Select
    most: Select
    startup_seconds: If
    download_seconds: If
    volume_key: If
    data_capture: If


def endpoint_instances(
    project: Project,
    storage: Storage,
    encryption: Encryption,
    execution_role: ExecutionRole,
    endpoint_model: EndpointModel,
) -> EndpointInstances:
    """Build the parameters of an endpoint on instances, and the parts of its configuration.

    Serverless endpoints support neither data capture nor volumes.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
    """
    instance_type, instances, initial, target = _fleet()
    startup, download = _timeouts()
    encrypt, capture = _encrypt(), _capture()
    on_instances = endpoint_model.on_instances
    has_startup = NamedCondition("HasStartupTimeout", all_of(on_instances, not_(equals(startup, "0"))))
    has_download = NamedCondition("HasDownloadTimeout", all_of(on_instances, not_(equals(download, "0"))))
    has_volume_key = NamedCondition(
        "EncryptEndpointVolumes", all_of(on_instances, is_true(encrypt), encryption.has_key)
    )
    captures = NamedCondition("CaptureData", all_of(on_instances, not_(equals(capture, "0"))))
    return EndpointInstances(
        title="Endpoint on instances",
        source=__name__,
        parameters={
            "Endpoint instance type": instance_type,
            "Endpoint instances": instances,
            "Endpoint instances at creation": initial,
            "Requests per instance and minute": target,
            "Container startup timeout (seconds)": startup,
            "Model download timeout (seconds)": download,
            "Encrypt endpoint volumes": encrypt,
            "Captured requests (percent)": capture,
        },
        conditions=[has_startup, has_download, has_volume_key, captures],
        rules={
            "AcceleratedEndpointNeedsList": accelerators_need_list(
                project,
                execution_role,
                instance_type,
                all_of(endpoint_model.given, endpoint_model.needs_instances),
            ),
            "CaptureNeedsInstances": rule(
                "A serverless endpoint captures no data and has no volumes. Set EndpointServing to Instances, or keep "
                "DataCapturePercentage at 0 and EncryptEndpointVolumes at false.",
                endpoint_model.needs_instances,
                given=any_of(not_(equals(capture, "0")), is_true(encrypt)),
            ),
        },
        instance_type=instance_type,
        initial=initial,
        requests_per_instance=target,
        least=Select(0, Split("-", Ref(instances))),
        most=Select(1, Split("-", Ref(instances))),
        startup_seconds=when(has_startup, Ref(startup)),
        download_seconds=when(has_download, Ref(download)),
        volume_key=when(has_volume_key, encryption.key_arn()),
        data_capture=when(captures, _data_capture(storage, encryption, capture)),
    )


def _data_capture(storage: Storage, encryption: Encryption, percentage: Parameter) -> dict[str, Any]:
    """Return the capture of requests and responses. JSON and CSV are stored as text, everything else as base64.

    It is a mapping, because troposphere replaces its class with that of inference experiments.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    return {
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "DestinationS3Uri": Sub("s3://${Output}/data-capture", Output=storage.output.name()),
        "EnableCapture": True,
        "InitialSamplingPercentage": Ref(percentage),
        "KmsKeyId": encryption.key(),
    }


def _fleet() -> tuple[Parameter, Parameter, Parameter, Parameter]:
    """Build the number of instances. An endpoint that scales cannot change its instance type.

    The number at creation is part of the endpoint configuration, which an update replaces. An endpoint keeps its
    number of instances in an update. The range belongs to the scaling only: a current number outside is adjusted.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    Source: https://docs.aws.amazon.com/autoscaling/application/userguide/getting-started.html
    """
    return (
        string_parameter(
            "EndpointInstanceType",
            f"Instance type of the endpoint. {AGAIN} Default: ml.m5.large.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type such as ml.m5.large",
            max_length=40,
            default="ml.m5.large",
        ),
        choice_parameter(
            "EndpointInstances",
            "Minimum and maximum number of instances, between which the endpoint scales. Two or more instances are "
            "placed in different Availability Zones. Changing this does not deploy the model again. Default: 1-2.",
            RANGES,
            default="1-2",
        ),
        choice_parameter(
            "EndpointInitialInstances",
            "Number of instances with which the endpoint is created, before it scales. Changing this deploys the "
            "model again and does not change the number of instances. Before you update a stack of version 0.1 whose "
            "EndpointInstances starts with 2 or 4, enter that number to keep its deployment. Default: 1.",
            ("1", "2", "4"),
            default="1",
        ),
        number_parameter(
            "EndpointRequestsPerInstance",
            "Target number of requests for each instance in a minute. More requests add instances. Default: 600.",
            default=600,
            least=1,
            most=1000000,
        ),
    )


def _timeouts() -> tuple[Parameter, Parameter]:
    return (
        choice_parameter(
            "EndpointStartupTimeoutSeconds",
            "Number of seconds within which the container must pass its health check, for example while it loads a "
            "large model. Changing this deploys the model again. Enter 0 for the default of SageMaker.",
            TIMEOUT_SECONDS,
            default="0",
        ),
        choice_parameter(
            "EndpointDownloadTimeoutSeconds",
            "Number of seconds within which the model must be downloaded from S3. Changing this deploys the model "
            "again. Enter 0 for the default of SageMaker.",
            TIMEOUT_SECONDS,
            default="0",
        ),
    )


def _encrypt() -> Parameter:
    return boolean_parameter(
        "EncryptEndpointVolumes",
        "Encrypt the volumes of the endpoint's instances with the KMS key of the workspace, if it has one. Local "
        "disks, which instance types such as ml.g5 have, are not encrypted with it, and SageMaker may reject a key "
        "for these types. Changing this deploys the model again. If false, SageMaker uses its own key.",
        default=False,
    )


def _capture() -> Parameter:
    return number_parameter(
        "DataCapturePercentage",
        "Percentage of the requests and responses that are stored in the folder data-capture/ of the output bucket, "
        "for model monitoring. Changing this deploys the model again. Enter 0 to store nothing.",
        default=0,
        least=0,
        most=100,
    )
