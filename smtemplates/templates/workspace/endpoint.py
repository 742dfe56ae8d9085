"""Endpoint: serves the model, serverless or on instances, and rolls back an update that fails."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Delete, GetAtt, Ref, Retain, Sub, sagemaker

from smtemplates.core.construct import Construct, NamedCondition, Test, output, when
from smtemplates.templates.workspace.endpoint_alarm_names import EndpointAlarmNames
from smtemplates.templates.workspace.endpoint_instances import EndpointInstances
from smtemplates.templates.workspace.endpoint_model import EndpointModel, endpoint_tags
from smtemplates.templates.workspace.project import Project

VARIANT = "AllTraffic"
# longer than the slower alarm needs, and long enough for new instances to download a large model
BAKE_SECONDS, TIMEOUT_SECONDS = 1200, 14400


@dataclass(frozen=True, kw_only=True)
class Endpoint(Construct):
    """Represent the endpoint of this stack. `given` is the test of `exists` for Rules, which cannot use conditions."""

    exists: NamedCondition
    given: Test
    name: Sub
    on_instances: NamedCondition
    configuration: sagemaker.EndpointConfig


def endpoint(
    project: Project,
    endpoint_model: EndpointModel,
    endpoint_instances: EndpointInstances,
    endpoint_alarm_names: EndpointAlarmNames,
) -> Endpoint:
    """Build the configuration and the endpoint. An update that triggers one of these alarms is rolled back.

    An update keeps the number of instances, which would otherwise lose those that scaling added. It does not keep
    the data capture, which would otherwise never start or end.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    """
    name = project.unique_name()
    on_instances = endpoint_model.on_instances
    configuration = _configuration(project, endpoint_model, endpoint_instances)
    served = sagemaker.Endpoint(
        "Endpoint",
        Condition=endpoint_model.exists.name,
        DeploymentConfig=when(on_instances, _deployment(endpoint_alarm_names)),
        EndpointConfigName=GetAtt(configuration, "EndpointConfigName"),
        EndpointName=name,
        ExcludeRetainedVariantProperties=when(
            on_instances, [sagemaker.VariantProperty(VariantPropertyType="DataCaptureConfig")]
        ),
        RetainAllVariantProperties=when(on_instances, value=True),
        Tags=project.tags(),
    )
    return Endpoint(
        title="Endpoint",
        source=__name__,
        resources=[configuration, served],
        outputs=[
            output(
                "ServedEndpointName",
                "Name of the endpoint of this stack",
                GetAtt(served, "EndpointName"),
                condition=endpoint_model.exists,
            ),
            output(
                "ServedEndpointArn", "ARN of the endpoint of this stack", Ref(served), condition=endpoint_model.exists
            ),
        ],
        exists=endpoint_model.exists,
        given=endpoint_model.given,
        name=name,
        on_instances=on_instances,
        configuration=configuration,
    )


def _configuration(project: Project, model: EndpointModel, instances: EndpointInstances) -> sagemaker.EndpointConfig:
    """Build the configuration. It is retained when a new one replaces it: after a rollback, the endpoint serves it.

    CloudFormation takes a rollback for success, because the endpoint is in service again. It would then delete the
    configuration and the model in use.

    Source: https://github.com/hashicorp/terraform-provider-aws/issues/48997
    """
    serverless = sagemaker.ServerlessConfig(MaxConcurrency=Ref(model.concurrency), MemorySizeInMB=Ref(model.memory_mb))
    return sagemaker.EndpointConfig(
        "EndpointConfig",
        Condition=model.exists.name,
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Retain,
        DataCaptureConfig=instances.data_capture,
        KmsKeyId=instances.volume_key,
        ProductionVariants=[
            sagemaker.ProductionVariant(
                ContainerStartupHealthCheckTimeoutInSeconds=instances.startup_seconds,
                InitialInstanceCount=when(model.on_instances, Ref(instances.initial)),
                InitialVariantWeight=1,
                InstanceType=when(model.on_instances, Ref(instances.instance_type)),
                ModelDataDownloadTimeoutInSeconds=instances.download_seconds,
                ModelName=GetAtt(model.model, "ModelName"),
                ServerlessConfig=when(model.serverless, serverless),
                VariantName=VARIANT,
            )
        ],
        Tags=endpoint_tags(project),
    )


def _deployment(alarms: EndpointAlarmNames) -> sagemaker.DeploymentConfig:
    """Build a blue/green deployment that shifts all traffic at once and keeps the old instances for a rollback.

    Serverless endpoints do not accept this configuration. SageMaker shifts their traffic itself.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html
    """
    return sagemaker.DeploymentConfig(
        AutoRollbackConfiguration=sagemaker.AutoRollbackConfig(
            Alarms=[sagemaker.Alarm(AlarmName=Ref(alarm)) for alarm in alarms.logical_ids]
        ),
        BlueGreenUpdatePolicy=sagemaker.BlueGreenUpdatePolicy(
            MaximumExecutionTimeoutInSeconds=TIMEOUT_SECONDS,
            TerminationWaitInSeconds=BAKE_SECONDS,
            TrafficRoutingConfiguration=sagemaker.TrafficRoutingConfig(Type="ALL_AT_ONCE", WaitIntervalInSeconds=0),
        ),
    )
