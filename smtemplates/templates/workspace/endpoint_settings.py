"""Endpoint settings: the parameters and conditions of the endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Parameter

from smtemplates.core.construct import (
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    is_not_empty,
    not_,
    number_parameter,
    string_parameter,
)
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import INSTANCE_TYPE

SERVERLESS_MB = ("1024", "2048", "3072", "4096", "5120", "6144")


@dataclass(frozen=True, kw_only=True)
class EndpointSettings:
    """Contain the parameters and conditions of the endpoint."""

    image: Parameter
    data: Parameter
    serving: Parameter
    memory_mb: Parameter
    concurrency: Parameter
    instance_type: Parameter
    instances: Parameter
    target: Parameter
    create: NamedCondition
    has_data: NamedCondition
    serverless: NamedCondition
    on_instances: NamedCondition
    in_vpc: NamedCondition


def endpoint_settings(network: Network) -> EndpointSettings:
    """Build the parameters and conditions of the endpoint.

    An existing endpoint cannot change between serverless and instances, or change its instance type. An update from
    serverless to instances could not be rolled back.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
    """
    image, data = _model()
    serving = _serving()
    create = NamedCondition("CreateEndpoint", is_not_empty(image))
    serverless = NamedCondition("ServeServerless", equals(serving, "Serverless"))
    on_instances = NamedCondition("ServeOnInstances", all_of(create, not_(serverless)))
    return EndpointSettings(
        create=create,
        has_data=NamedCondition("HasModelData", is_not_empty(data)),
        serverless=serverless,
        on_instances=on_instances,
        in_vpc=NamedCondition("ServeInVpc", all_of(on_instances, network.has_vpc)),
        image=image,
        data=data,
        serving=serving,
        memory_mb=choice_parameter(
            "ServerlessMemoryMb",
            "Memory of a serverless endpoint in MB. Default: 2048.",
            SERVERLESS_MB,
            default="2048",
        ),
        concurrency=number_parameter(
            "ServerlessMaxConcurrency",
            "Maximum number of concurrent requests of a serverless endpoint. Further requests are rejected. "
            "Default: 5.",
            default=5,
            least=1,
            most=200,
        ),
        instance_type=string_parameter(
            "EndpointInstanceType",
            "Instance type of the endpoint, if EndpointServing is Instances. To change this later, delete the "
            "endpoint first: clear ModelImageUri and ModelDataUrl, then enter them again. Default: ml.m5.large.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type such as ml.m5.large",
            max_length=40,
            default="ml.m5.large",
        ),
        instances=choice_parameter(
            "EndpointInstances",
            "Minimum and maximum number of instances, if EndpointServing is Instances. Two or more instances are "
            "placed in different Availability Zones. Default: 1-2.",
            ("1-1", "1-2", "1-4", "2-2", "2-4", "2-8", "4-16"),
            default="1-2",
        ),
        target=number_parameter(
            "EndpointRequestsPerInstance",
            "Target number of requests for each instance in a minute. More requests add instances. Default: 600.",
            default=600,
            least=1,
            most=1000000,
        ),
    )


def _model() -> tuple[Parameter, Parameter]:
    image = string_parameter(
        "ModelImageUri",
        "URI of the container image in ECR that serves the model, such as an image in the outputs of this stack. "
        "The stack then creates a model and an endpoint. Leave empty for no endpoint.",
        pattern="^$|^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$",
        hint="must be empty or the URI of an image in ECR with a tag or digest",
        max_length=400,
    )
    data = string_parameter(
        "ModelDataUrl",
        "S3 address of the model.tar.gz that the image serves. The execution role must be able to read its bucket. "
        "Leave empty if the image contains the model.",
        pattern="^$|^s3://[a-z0-9.-]{3,63}/[A-Za-z0-9_./=+-]+[.]tar[.]gz$",
        hint="must be empty or an address such as s3://bucket/path/model.tar.gz",
        max_length=1024,
    )
    return image, data


def _serving() -> Parameter:
    return choice_parameter(
        "EndpointServing",
        "How the endpoint serves the model. Serverless is free while idle, but has no GPU and no VPC. Instances "
        "are charged until the endpoint is deleted, and scale with the requests. To change this later, delete the "
        "endpoint first: clear ModelImageUri and ModelDataUrl, then enter them again. Default: Serverless.",
        ("Serverless", "Instances"),
        default="Serverless",
    )
