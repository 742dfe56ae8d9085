"""Check that alarms and dashboard monitor the endpoint of the stack, and that an alarm rolls an update back."""

from __future__ import annotations

import json
from typing import Any

import samples
from expectations import Choice, Expectation

import smtemplates
from smtemplates.synth.loader import load


def creates_endpoint(choice: Choice) -> bool:
    """Return whether the stack creates a model and an endpoint."""
    return choice.is_set("ModelImageUri")


def scales(choice: Choice) -> bool:
    """Return whether the endpoint has instances that scale."""
    return creates_endpoint(choice) and choice["EndpointServing"] == "Instances"


EXPECTATION = Expectation(
    resources={
        **dict.fromkeys(("Model", "EndpointConfig", "Endpoint"), creates_endpoint),
        **dict.fromkeys(("EndpointScaling", "EndpointScalingPolicy"), scales),
    },
    outputs=dict.fromkeys(("ServedEndpointName", "ServedEndpointArn"), creates_endpoint),
)
NAME = "sagemaker-dev-0a1b2c3d"
INSTANCES = {**samples.ENDPOINT, "EndpointServing": "Instances"}


def test_endpoint_is_monitored(template: dict[str, Any]) -> None:
    """Alarms, dashboard, log group and outputs use the name of the endpoint of this stack."""
    stack = samples.deployed(template, samples.ENDPOINT)
    assert stack.resources["Endpoint"]["Properties"]["EndpointName"] == NAME
    for alarm in ("EndpointErrorsAlarm", "EndpointLatencyAlarm"):
        (query,) = stack.resources[alarm]["Properties"]["Metrics"]
        assert query["Expression"].endswith(f"WHERE EndpointName = '{NAME}'")
    shown = json.dumps(json.loads(stack.resources["Dashboard"]["Properties"]["DashboardBody"]))
    assert shown.count(NAME) > 5
    group = f"/aws/sagemaker/Endpoints/{NAME}"
    assert group in stack.resources["LogGroups"]["Properties"]["Names"]
    assert stack.outputs["EndpointLogGroupName"] == group


def test_alarms_roll_back_updates_of_endpoints_on_instances(template: dict[str, Any]) -> None:
    """Both alarms roll back an update on instances. Serverless endpoints have no rollback."""

    def rollback_alarms(whole: dict[str, Any], choice: dict[str, str]) -> set[str]:
        endpoint = samples.deployed(whole, choice).resources["Endpoint"]["Properties"]
        rollback = endpoint.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
        return {alarm["AlarmName"] for alarm in rollback.get("Alarms", [])}

    alarms = {samples.physical(alarm, None) for alarm in ("EndpointErrorsAlarm", "EndpointLatencyAlarm")}
    assert rollback_alarms(template, INSTANCES) == alarms
    assert rollback_alarms(template, samples.ENDPOINT) == set()
    assert rollback_alarms(load(smtemplates.render(smtemplates.build(["monitoring"]))), INSTANCES) == set()


def test_old_instances_are_kept_until_each_alarm_has_evaluated_the_update(template: dict[str, Any]) -> None:
    """All requests are sent to the new instances, and the old instances are kept for longer than any alarm needs."""
    stack = samples.deployed(template, INSTANCES)
    update = stack.resources["Endpoint"]["Properties"]["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert update["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    for alarm in ("EndpointErrorsAlarm", "EndpointLatencyAlarm"):
        alarm_properties = stack.resources[alarm]["Properties"]
        (query,) = alarm_properties["Metrics"]
        assert update["TerminationWaitInSeconds"] > alarm_properties["EvaluationPeriods"] * query["Period"], alarm


def test_instances_scale_with_requests_and_updates_keep_their_number(template: dict[str, Any]) -> None:
    """The number of instances follows the requests within the two limits, and an update does not reset it."""
    choice = {"EndpointInstances": "2-8", "EndpointRequestsPerInstance": "90", "EndpointInstanceType": "ml.c5.xlarge"}
    resources = samples.deployed(template, INSTANCES, choice).resources
    assert resources["Endpoint"]["Properties"]["RetainAllVariantProperties"] is True
    (variant,) = resources["EndpointConfig"]["Properties"]["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.c5.xlarge", "2")
    assert "ServerlessConfig" not in variant
    target = resources["EndpointScaling"]["Properties"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == ("2", "8")
    endpoint = samples.physical("Endpoint", "EndpointName")
    assert target["ResourceId"] == f"endpoint/{endpoint}/variant/{variant['VariantName']}"
    assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
    policy = resources["EndpointScalingPolicy"]["Properties"]
    assert policy["ScalingTargetId"] == samples.physical("EndpointScaling", None)
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == "90"
    metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_serverless_endpoints_need_no_scaling(template: dict[str, Any]) -> None:
    """A serverless endpoint has no instances and no scaling, and its memory and concurrency are the parameters."""
    choice = {"ServerlessMemoryMb": "4096", "ServerlessMaxConcurrency": "20"}
    resources = samples.deployed(template, samples.ENDPOINT, choice).resources
    (variant,) = resources["EndpointConfig"]["Properties"]["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MaxConcurrency": "20", "MemorySizeInMB": "4096"}
    assert variant.keys().isdisjoint({"InstanceType", "InitialInstanceCount"})
    assert "RetainAllVariantProperties" not in resources["Endpoint"]["Properties"]
    assert "EndpointScaling" not in resources


def test_endpoint_runs_in_the_vpc(template: dict[str, Any]) -> None:
    """With a VPC, the containers of the model run in its subnets and security groups."""
    model = samples.deployed(template, INSTANCES, samples.VPC, samples.GROUPS).resources["Model"]["Properties"]
    assert model["VpcConfig"] == {
        "SecurityGroupIds": samples.GROUPS["SecurityGroupIds"].split(","),
        "Subnets": samples.VPC["SubnetIds"].split(","),
    }
