"""Endpoint: a model that answers requests, serverless or on instances that scale with the traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import (
    AWSObject,
    Equals,
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

from smtemplates.core.construct import Part, all_of, choice, is_, is_not, is_set, number, output, require, text, when
from smtemplates.templates.workspace.execution_role import Roles
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import INSTANCE_TYPE, Project

VARIANT = "AllTraffic"
SERVERLESS_MB = ("1024", "2048", "3072", "4096", "5120", "6144")
# longer than the slower alarm takes to notice, and time besides for new instances that fetch a large model
BAKE_SECONDS, TIMEOUT_SECONDS = 1200, 14400
SCALE_IN_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Endpoint(Part):
    """Hold the endpoint made here, which dashboard and alarms watch."""

    exists: str
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


def endpoint(project: Project, network: Network, roles: Roles, alarms: Sequence[str]) -> Endpoint:
    """Offer an endpoint; an update of it that sets off one of the `alarms` is rolled back."""
    its = _settings()
    name = project.unique_name()
    serverless = Equals(Ref(its.serving), "Serverless")
    return Endpoint(
        title="Endpoint",
        source=__name__,
        parameters={
            "Container image of the model": its.image,
            "Model data": its.data,
            "Serve on": its.serving,
            "Serverless memory (MB)": its.memory_mb,
            "Serverless requests at a time": its.concurrency,
            "Endpoint instance type": its.instance_type,
            "Endpoint instances": its.instances,
            "Requests per instance and minute": its.target,
        },
        conditions={
            "CreateEndpoint": is_set(its.image),
            "HasModelData": is_set(its.data),
            "ServeServerless": serverless,
            "ServeOnInstances": all_of(is_("CreateEndpoint"), is_not("ServeServerless")),
            "ServeInVpc": all_of(is_("ServeOnInstances"), is_(network.has_vpc)),
        },
        rules={
            "ModelNeedsImage": require(
                "ModelDataUrl needs ModelImageUri: the image holds the code that serves the data.",
                is_set(its.image),
                given=is_set(its.data),
            ),
            # Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
            "ServerlessKnowsNoVpc": require(
                "A serverless endpoint cannot run in a VPC: set EndpointServing to 'Instances', or leave VpcId empty.",
                Not(serverless),
                given=all_of(is_set(its.image), is_set(network.subnet_ids)),
            ),
        },
        resources=[*_resources(its, project, name, network, roles, alarms), *_scaling(its)],
        outputs=_outputs(),
        exists="CreateEndpoint",
        image=its.image,
        name=name,
    )


def _resources(
    its: _Settings, project: Project, name: Sub, network: Network, roles: Roles, alarms: Sequence[str]
) -> list[AWSObject]:
    """Make model, configuration and endpoint; a changed model or configuration is a new one beside the old.

    No volume key: instances with local disks refuse one, though this page no longer says that the call fails.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    """
    vpc = sagemaker.VpcConfig(SecurityGroupIds=network.security_groups(), Subnets=network.subnets())
    model = sagemaker.Model(
        "Model",
        Condition="CreateEndpoint",
        ExecutionRoleArn=roles.once_attached(roles.execution_arn()),
        PrimaryContainer=sagemaker.ContainerDefinition(
            Image=Ref(its.image), ModelDataUrl=when("HasModelData", Ref(its.data))
        ),
        Tags=project.tags(),
        VpcConfig=when("ServeInVpc", vpc),
    )
    serverless = sagemaker.ServerlessConfig(MaxConcurrency=Ref(its.concurrency), MemorySizeInMB=Ref(its.memory_mb))
    config = sagemaker.EndpointConfig(
        "EndpointConfig",
        Condition="CreateEndpoint",
        ProductionVariants=[
            sagemaker.ProductionVariant(
                InitialInstanceCount=when("ServeOnInstances", _least(its)),
                InitialVariantWeight=1,
                InstanceType=when("ServeOnInstances", Ref(its.instance_type)),
                ModelName=GetAtt(model, "ModelName"),
                ServerlessConfig=when("ServeServerless", serverless),
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
            Condition="CreateEndpoint",
            DeploymentConfig=when("ServeOnInstances", _deployment(alarms)),
            EndpointConfigName=GetAtt(config, "EndpointConfigName"),
            EndpointName=name,
            # else an update would take back what scaling has added
            RetainAllVariantProperties=when("ServeOnInstances", value=True),
            Tags=project.tags(),
        ),
    ]


def _deployment(alarms: Sequence[str]) -> sagemaker.DeploymentConfig:
    """Start new instances beside the old, send them all requests, and keep the old for a while to go back to.

    Serverless endpoints take no such configuration; SageMaker switches those by itself.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
    """
    more: dict[str, Any] = {}
    if alarms:
        watching = [sagemaker.Alarm(AlarmName=Ref(alarm)) for alarm in alarms]
        more["AutoRollbackConfiguration"] = sagemaker.AutoRollbackConfig(Alarms=watching)
    return sagemaker.DeploymentConfig(
        BlueGreenUpdatePolicy=sagemaker.BlueGreenUpdatePolicy(
            MaximumExecutionTimeoutInSeconds=TIMEOUT_SECONDS,
            TerminationWaitInSeconds=BAKE_SECONDS,
            TrafficRoutingConfiguration=sagemaker.TrafficRoutingConfig(Type="ALL_AT_ONCE", WaitIntervalInSeconds=0),
        ),
        **more,
    )


def _least(its: _Settings) -> Select:
    return Select(0, Split("-", Ref(its.instances)))


def _scaling(its: _Settings) -> list[AWSObject]:
    """Scale instances with the requests that each of them gets.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
    """
    target = applicationautoscaling.ScalableTarget(
        "EndpointScaling",
        Condition="ServeOnInstances",
        MaxCapacity=Select(1, Split("-", Ref(its.instances))),
        MinCapacity=_least(its),
        ResourceId=Sub(f"endpoint/${{Name}}/variant/{VARIANT}", Name=GetAtt("Endpoint", "EndpointName")),
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ServiceNamespace="sagemaker",
    )
    return [
        target,
        applicationautoscaling.ScalingPolicy(
            "EndpointScalingPolicy",
            Condition="ServeOnInstances",
            PolicyName="requests",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=applicationautoscaling.TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=applicationautoscaling.PredefinedMetricSpecification(
                    PredefinedMetricType="SageMakerVariantInvocationsPerInstance"
                ),
                ScaleInCooldown=SCALE_IN_SECONDS,
                TargetValue=Ref(its.target),
            ),
        ),
    ]


def _outputs() -> list[Output]:
    return [
        output(
            "ServedEndpointName",
            "Name of the endpoint made here",
            GetAtt("Endpoint", "EndpointName"),
            condition="CreateEndpoint",
        ),
        output("ServedEndpointArn", "ARN of the endpoint made here", Ref("Endpoint"), condition="CreateEndpoint"),
    ]


def _model() -> tuple[Parameter, Parameter]:
    image = text(
        "ModelImageUri",
        "URI of the container image in ECR that serves the model, such as one of this stack's outputs. "
        "With it a model and an endpoint are made. Empty: none.",
        pattern="^$|^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$",
        hint="must be empty or the URI of an image in ECR with its tag or digest",
        max_length=400,
    )
    data = text(
        "ModelDataUrl",
        "model.tar.gz in S3 that the image serves, in a bucket that the role may read. Empty: the image holds all.",
        pattern="^$|^s3://[a-z0-9.-]{3,63}/[A-Za-z0-9_./=+-]+[.]tar[.]gz$",
        hint="must be empty or an address like s3://bucket/path/model.tar.gz",
        max_length=1024,
    )
    return image, data


def _settings() -> _Settings:
    """Ask what to serve and on what; an endpoint that is there becomes neither serverless nor another type.

    Nor could an update from serverless to instances be rolled back.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
    """
    image, data = _model()
    return _Settings(
        image=image,
        data=data,
        serving=choice(
            "EndpointServing",
            "What the endpoint runs on: Serverless costs nothing while idle, has no GPU and no VPC; Instances cost "
            "money until the endpoint is gone, and scale with the requests. To change it later, first delete the "
            "endpoint: leave ModelImageUri and ModelDataUrl empty, then give them again. Left alone: Serverless.",
            ("Serverless", "Instances"),
            default="Serverless",
        ),
        memory_mb=choice(
            "ServerlessMemoryMb",
            "Memory of a serverless endpoint in MB. Left alone: 2048.",
            SERVERLESS_MB,
            default="2048",
        ),
        concurrency=number(
            "ServerlessMaxConcurrency",
            "Requests that a serverless endpoint answers at a time; more are refused. Left alone: 5.",
            default=5,
            least=1,
            most=200,
        ),
        instance_type=text(
            "EndpointInstanceType",
            "Instance type of an endpoint on instances. To change it later, first delete the endpoint, as for "
            "EndpointServing. Left alone: ml.m5.large.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type like ml.m5.large",
            max_length=40,
            default="ml.m5.large",
        ),
        instances=choice(
            "EndpointInstances",
            "Fewest and most instances of an endpoint on instances; two or more stand in several Availability "
            "Zones. Left alone: 1-2.",
            ("1-1", "1-2", "1-4", "2-2", "2-4", "2-8", "4-16"),
            default="1-2",
        ),
        target=number(
            "EndpointRequestsPerInstance",
            "Requests a minute that each instance should get; with more of them instances are added. Left alone: 600.",
            default=600,
            least=1,
            most=1000000,
        ),
    )
