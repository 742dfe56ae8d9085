"""Endpoint: a model that answers requests, serverless or on instances that scale with the traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import (
    AWSObject,
    GetAtt,
    Not,
    Output,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
    applicationautoscaling,
    sagemaker,
)

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    is_not_empty,
    not_,
    number_parameter,
    output,
    rule,
    string_parameter,
    when,
)
from smtemplates.templates.workspace.endpoint_alarms import EndpointAlarms
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import INSTANCE_TYPE, Project

VARIANT = "AllTraffic"
SERVERLESS_MB = ("1024", "2048", "3072", "4096", "5120", "6144")
# longer than the slower alarm takes to notice, and time besides for new instances that fetch a large model
BAKE_SECONDS, TIMEOUT_SECONDS = 1200, 14400
SCALE_IN_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Endpoint(Construct):
    """Hold the endpoint made here, which dashboard and alarms watch."""

    exists: NamedCondition
    image: Parameter
    name: Sub


@dataclass(frozen=True, kw_only=True)
class _Settings:
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


def endpoint(
    project: Project, network: Network, execution_role: ExecutionRole, endpoint_alarms: EndpointAlarms | None = None
) -> Endpoint:
    """Offer an endpoint; an update of it that sets off one of the `endpoint_alarms` is rolled back."""
    settings = _settings(network)
    name = project.unique_name()
    return Endpoint(
        title="Endpoint",
        source=__name__,
        parameters={
            "Container image of the model": settings.image,
            "Model data": settings.data,
            "Serve on": settings.serving,
            "Serverless memory (MB)": settings.memory_mb,
            "Serverless requests at a time": settings.concurrency,
            "Endpoint instance type": settings.instance_type,
            "Endpoint instances": settings.instances,
            "Requests per instance and minute": settings.target,
        },
        conditions=[
            settings.create,
            settings.has_data,
            settings.serverless,
            settings.on_instances,
            settings.in_vpc,
        ],
        rules={
            "ModelNeedsImage": rule(
                "ModelDataUrl needs ModelImageUri: the image holds the code that serves the data.",
                is_not_empty(settings.image),
                given=is_not_empty(settings.data),
            ),
            # Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
            "ServerlessKnowsNoVpc": rule(
                "A serverless endpoint cannot run in a VPC: set EndpointServing to 'Instances', or leave VpcId empty.",
                Not(equals(settings.serving, "Serverless")),
                given=all_of(is_not_empty(settings.image), is_not_empty(network.subnet_ids)),
            ),
        },
        resources=[*_resources(settings, project, name, network, execution_role, endpoint_alarms), *_scaling(settings)],
        outputs=_outputs(settings.create),
        exists=settings.create,
        image=settings.image,
        name=name,
    )


def _resources(
    settings: _Settings,
    project: Project,
    name: Sub,
    network: Network,
    role: ExecutionRole,
    alarms: EndpointAlarms | None,
) -> list[AWSObject]:
    """Make model, configuration and endpoint; a changed model or configuration is a new one beside the old.

    No volume key: instances with local disks refuse one, though this page no longer says that the call fails.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    """
    vpc = sagemaker.VpcConfig(SecurityGroupIds=network.security_groups(), Subnets=network.subnets())
    model = sagemaker.Model(
        "Model",
        Condition=settings.create.name,
        ExecutionRoleArn=role.once_attached(role.execution_arn()),
        PrimaryContainer=sagemaker.ContainerDefinition(
            Image=Ref(settings.image), ModelDataUrl=when(settings.has_data, Ref(settings.data))
        ),
        Tags=project.tags(),
        VpcConfig=when(settings.in_vpc, vpc),
    )
    serverless = sagemaker.ServerlessConfig(
        MaxConcurrency=Ref(settings.concurrency), MemorySizeInMB=Ref(settings.memory_mb)
    )
    config = sagemaker.EndpointConfig(
        "EndpointConfig",
        Condition=settings.create.name,
        ProductionVariants=[
            sagemaker.ProductionVariant(
                InitialInstanceCount=when(settings.on_instances, _least(settings)),
                InitialVariantWeight=1,
                InstanceType=when(settings.on_instances, Ref(settings.instance_type)),
                ModelName=GetAtt(model, "ModelName"),
                ServerlessConfig=when(settings.serverless, serverless),
                VariantName=VARIANT,
            )
        ],
        Tags=project.tags(),
    )
    return [
        model,
        config,
        sagemaker.Endpoint(
            "Endpoint",
            Condition=settings.create.name,
            DeploymentConfig=when(settings.on_instances, _deployment(alarms)),
            EndpointConfigName=GetAtt(config, "EndpointConfigName"),
            EndpointName=name,
            # else an update would take back what scaling has added
            RetainAllVariantProperties=when(settings.on_instances, value=True),
            Tags=project.tags(),
        ),
    ]


def _deployment(alarms: EndpointAlarms | None) -> sagemaker.DeploymentConfig:
    """Start new instances beside the old, send them all requests, and keep the old for a while to go back to.

    Serverless endpoints take no such configuration; SageMaker switches those by itself.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
    """
    more: dict[str, Any] = {}
    if alarms:
        watching = [sagemaker.Alarm(AlarmName=Ref(alarm)) for alarm in alarms.logical_ids]
        more["AutoRollbackConfiguration"] = sagemaker.AutoRollbackConfig(Alarms=watching)
    return sagemaker.DeploymentConfig(
        BlueGreenUpdatePolicy=sagemaker.BlueGreenUpdatePolicy(
            MaximumExecutionTimeoutInSeconds=TIMEOUT_SECONDS,
            TerminationWaitInSeconds=BAKE_SECONDS,
            TrafficRoutingConfiguration=sagemaker.TrafficRoutingConfig(Type="ALL_AT_ONCE", WaitIntervalInSeconds=0),
        ),
        **more,
    )


def _least(settings: _Settings) -> Select:
    return Select(0, Split("-", Ref(settings.instances)))


def _scaling(settings: _Settings) -> list[AWSObject]:
    """Scale instances with the requests that each of them gets.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
    """
    target = applicationautoscaling.ScalableTarget(
        "EndpointScaling",
        Condition=settings.on_instances.name,
        MaxCapacity=Select(1, Split("-", Ref(settings.instances))),
        MinCapacity=_least(settings),
        ResourceId=Sub(f"endpoint/${{Name}}/variant/{VARIANT}", Name=GetAtt("Endpoint", "EndpointName")),
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ServiceNamespace="sagemaker",
    )
    return [
        target,
        applicationautoscaling.ScalingPolicy(
            "EndpointScalingPolicy",
            Condition=settings.on_instances.name,
            PolicyName="requests",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=applicationautoscaling.TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=applicationautoscaling.PredefinedMetricSpecification(
                    PredefinedMetricType="SageMakerVariantInvocationsPerInstance"
                ),
                ScaleInCooldown=SCALE_IN_SECONDS,
                TargetValue=Ref(settings.target),
            ),
        ),
    ]


def _outputs(create: NamedCondition) -> list[Output]:
    return [
        output(
            "ServedEndpointName",
            "Name of the endpoint made here",
            GetAtt("Endpoint", "EndpointName"),
            condition=create,
        ),
        output("ServedEndpointArn", "ARN of the endpoint made here", Ref("Endpoint"), condition=create),
    ]


def _model() -> tuple[Parameter, Parameter]:
    image = string_parameter(
        "ModelImageUri",
        "URI of the container image in ECR that serves the model, such as one of this stack's outputs. "
        "With it a model and an endpoint are made. Empty: none.",
        pattern="^$|^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$",
        hint="must be empty or the URI of an image in ECR with its tag or digest",
        max_length=400,
    )
    data = string_parameter(
        "ModelDataUrl",
        "model.tar.gz in S3 that the image serves, in a bucket that the role may read. Empty: the image holds all.",
        pattern="^$|^s3://[a-z0-9.-]{3,63}/[A-Za-z0-9_./=+-]+[.]tar[.]gz$",
        hint="must be empty or an address like s3://bucket/path/model.tar.gz",
        max_length=1024,
    )
    return image, data


def _serving() -> Parameter:
    return choice_parameter(
        "EndpointServing",
        "What the endpoint runs on: Serverless costs nothing while idle, has no GPU and no VPC; Instances cost "
        "money until the endpoint is gone, and scale with the requests. To change it later, first delete the "
        "endpoint: leave ModelImageUri and ModelDataUrl empty, then give them again. Left alone: Serverless.",
        ("Serverless", "Instances"),
        default="Serverless",
    )


def _settings(network: Network) -> _Settings:
    """Ask what to serve and on what; an endpoint that is there becomes neither serverless nor another type.

    Nor could an update from serverless to instances be rolled back.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
    """
    image, data = _model()
    serving = _serving()
    create = NamedCondition("CreateEndpoint", is_not_empty(image))
    serverless = NamedCondition("ServeServerless", equals(serving, "Serverless"))
    on_instances = NamedCondition("ServeOnInstances", all_of(create, not_(serverless)))
    return _Settings(
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
            "Memory of a serverless endpoint in MB. Left alone: 2048.",
            SERVERLESS_MB,
            default="2048",
        ),
        concurrency=number_parameter(
            "ServerlessMaxConcurrency",
            "Requests that a serverless endpoint answers at a time; more are refused. Left alone: 5.",
            default=5,
            least=1,
            most=200,
        ),
        instance_type=string_parameter(
            "EndpointInstanceType",
            "Instance type of an endpoint on instances. To change it later, first delete the endpoint, as for "
            "EndpointServing. Left alone: ml.m5.large.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type like ml.m5.large",
            max_length=40,
            default="ml.m5.large",
        ),
        instances=choice_parameter(
            "EndpointInstances",
            "Fewest and most instances of an endpoint on instances; two or more stand in several Availability "
            "Zones. Left alone: 1-2.",
            ("1-1", "1-2", "1-4", "2-2", "2-4", "2-8", "4-16"),
            default="1-2",
        ),
        target=number_parameter(
            "EndpointRequestsPerInstance",
            "Requests a minute that each instance should get; with more of them instances are added. Left alone: 600.",
            default=600,
            least=1,
            most=1000000,
        ),
    )
