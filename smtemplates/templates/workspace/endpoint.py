"""Endpoint: serves a model, serverless or on instances."""

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
    sagemaker,
)

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    equals,
    is_not_empty,
    output,
    rule,
    when,
)
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.endpoint_settings import EndpointSettings, endpoint_settings
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import Project

VARIANT = "AllTraffic"
# longer than the slower alarm needs, and long enough for new instances to download a large model
BAKE_SECONDS, TIMEOUT_SECONDS = 1200, 14400


@dataclass(frozen=True, kw_only=True)
class Endpoint(Construct):
    """Represent the endpoint of this stack, which the dashboard and the alarms monitor."""

    exists: NamedCondition
    image: Parameter
    name: Sub
    on_instances: NamedCondition
    least_instances: Select
    most_instances: Select
    requests_per_instance: Parameter


def endpoint(
    project: Project,
    network: Network,
    execution_role: ExecutionRole,
    endpoint_alarm_names: EndpointAlarmNames | None = None,
) -> Endpoint:
    """Build an optional endpoint. An update that triggers one of these alarms is rolled back."""
    settings = endpoint_settings(network)
    name = project.unique_name()
    return Endpoint(
        title="Endpoint",
        source=__name__,
        parameters={
            "Container image of the model": settings.image,
            "Model data": settings.data,
            "Endpoint serving": settings.serving,
            "Serverless memory (MB)": settings.memory_mb,
            "Serverless concurrency": settings.concurrency,
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
            **region_rule(settings.image, "Endpoints", sagemaker.Endpoint, sagemaker.EndpointConfig, sagemaker.Model),
            "ModelNeedsImage": rule(
                "ModelDataUrl requires ModelImageUri, because the image contains the code that serves the model.",
                is_not_empty(settings.image),
                given=is_not_empty(settings.data),
            ),
            # Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
            "ServerlessKnowsNoVpc": rule(
                "A serverless endpoint cannot run in a VPC. Set EndpointServing to Instances, or leave VpcId and "
                "SubnetIds empty.",
                Not(equals(settings.serving, "Serverless")),
                given=all_of(is_not_empty(settings.image), is_not_empty(network.subnet_ids)),
            ),
        },
        resources=_resources(settings, project, name, network, execution_role, endpoint_alarm_names),
        outputs=_outputs(settings.create),
        exists=settings.create,
        image=settings.image,
        name=name,
        on_instances=settings.on_instances,
        least_instances=_least_instances(settings),
        most_instances=Select(1, Split("-", Ref(settings.instances))),
        requests_per_instance=settings.target,
    )


def _resources(
    settings: EndpointSettings,
    project: Project,
    name: Sub,
    network: Network,
    role: ExecutionRole,
    alarms: EndpointAlarmNames | None,
) -> list[AWSObject]:
    """Build the model, the endpoint configuration and the endpoint.

    A change creates a new model or configuration before the old one is deleted. There is no volume key, because
    instances with local disks do not accept one, although the page below no longer says that the call fails.

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
                InitialInstanceCount=when(settings.on_instances, _least_instances(settings)),
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
            # otherwise an update would remove the instances that scaling added
            RetainAllVariantProperties=when(settings.on_instances, value=True),
            Tags=project.tags(),
        ),
    ]


def _least_instances(settings: EndpointSettings) -> Select:
    return Select(0, Split("-", Ref(settings.instances)))


def _deployment(alarms: EndpointAlarmNames | None) -> sagemaker.DeploymentConfig:
    """Build a blue/green deployment that shifts all traffic at once and keeps the old instances for a rollback.

    Serverless endpoints do not accept this configuration. SageMaker shifts their traffic itself.

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


def _outputs(create: NamedCondition) -> list[Output]:
    return [
        output(
            "ServedEndpointName",
            "Name of the endpoint of this stack",
            GetAtt("Endpoint", "EndpointName"),
            condition=create,
        ),
        output("ServedEndpointArn", "ARN of the endpoint of this stack", Ref("Endpoint"), condition=create),
    ]
