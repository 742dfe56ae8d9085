"""Endpoint scaling: add and remove instances of an endpoint with its traffic."""

from __future__ import annotations

from troposphere import GetAtt, Ref, Sub, applicationautoscaling

from smtemplates.core.construct import Construct
from smtemplates.templates.workspace.endpoint import VARIANT, Endpoint
from smtemplates.templates.workspace.endpoint_instances import EndpointInstances

SCALE_IN_SECONDS = 300


def endpoint_scaling(endpoint: Endpoint, endpoint_instances: EndpointInstances) -> Construct:
    """Build target tracking on the number of requests for each instance.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
    """
    target = applicationautoscaling.ScalableTarget(
        "EndpointScaling",
        Condition=endpoint.on_instances.name,
        MaxCapacity=endpoint_instances.most,
        MinCapacity=endpoint_instances.least,
        ResourceId=Sub(f"endpoint/${{Name}}/variant/{VARIANT}", Name=GetAtt("Endpoint", "EndpointName")),
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ServiceNamespace="sagemaker",
    )
    resources = [
        target,
        applicationautoscaling.ScalingPolicy(
            "EndpointScalingPolicy",
            Condition=endpoint.on_instances.name,
            PolicyName="requests",
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=applicationautoscaling.TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=applicationautoscaling.PredefinedMetricSpecification(
                    PredefinedMetricType="SageMakerVariantInvocationsPerInstance"
                ),
                ScaleInCooldown=SCALE_IN_SECONDS,
                TargetValue=Ref(endpoint_instances.requests_per_instance),
            ),
        ),
    ]
    return Construct(title="Endpoint", source=__name__, resources=resources)
