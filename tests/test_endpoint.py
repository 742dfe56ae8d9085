"""The endpoint made here is the one that is watched, and it goes back where an alarm says so."""

from __future__ import annotations

import json
from typing import Any

import samples

import smtemplates
from smtemplates.synth.loader import load

NAME = "sagemaker-dev-0a1b2c3d"
INSTANCES = {**samples.ENDPOINT, "EndpointServing": "Instances"}


def test_it_is_watched(template: dict[str, Any]) -> None:
    """Alarms, dashboard, log group and outputs are about this endpoint, under the name that it really has."""
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


def test_an_update_goes_back_where_an_alarm_says_so(template: dict[str, Any]) -> None:
    """On instances both alarms guard an update; serverless ones take no guard, and without alarms there is none."""

    def guards(whole: dict[str, Any], choice: dict[str, str]) -> set[str]:
        endpoint = samples.deployed(whole, choice).resources["Endpoint"]["Properties"]
        rollback = endpoint.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
        return {alarm["AlarmName"] for alarm in rollback.get("Alarms", [])}

    alarms = {samples.physical(alarm, None) for alarm in ("EndpointErrorsAlarm", "EndpointLatencyAlarm")}
    assert guards(template, INSTANCES) == alarms
    assert guards(template, samples.ENDPOINT) == set()
    assert guards(load(smtemplates.render(smtemplates.build(["monitoring"]))), INSTANCES) == set()


def test_what_it_goes_back_to_is_kept_until_each_alarm_can_have_noticed(template: dict[str, Any]) -> None:
    """All requests go to the new instances at once, and the old ones stay for longer than any alarm needs."""
    stack = samples.deployed(template, INSTANCES)
    update = stack.resources["Endpoint"]["Properties"]["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert update["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    for alarm in ("EndpointErrorsAlarm", "EndpointLatencyAlarm"):
        watches = stack.resources[alarm]["Properties"]
        (query,) = watches["Metrics"]
        assert update["TerminationWaitInSeconds"] > watches["EvaluationPeriods"] * query["Period"], alarm


def test_instances_follow_the_traffic_and_keep_what_it_brought(template: dict[str, Any]) -> None:
    """Instances come and go between the two limits with the requests that each gets; an update takes none back."""
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
    follows = policy["TargetTrackingScalingPolicyConfiguration"]
    assert follows["TargetValue"] == "90"
    metric = follows["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_serverless_scales_by_itself(template: dict[str, Any]) -> None:
    """Serverless has no instances to scale or keep, and as much memory and as many requests at a time as given."""
    choice = {"ServerlessMemoryMb": "4096", "ServerlessMaxConcurrency": "20"}
    resources = samples.deployed(template, samples.ENDPOINT, choice).resources
    (variant,) = resources["EndpointConfig"]["Properties"]["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MaxConcurrency": "20", "MemorySizeInMB": "4096"}
    assert variant.keys().isdisjoint({"InstanceType", "InitialInstanceCount"})
    assert "RetainAllVariantProperties" not in resources["Endpoint"]["Properties"]
    assert "EndpointScaling" not in resources


def test_it_runs_in_the_network(template: dict[str, Any]) -> None:
    """With a VPC the model's containers run in its subnets and groups."""
    model = samples.deployed(template, INSTANCES, samples.VPC, samples.GROUPS).resources["Model"]["Properties"]
    assert model["VpcConfig"] == {
        "SecurityGroupIds": samples.GROUPS["SecurityGroupIds"].split(","),
        "Subnets": samples.VPC["SubnetIds"].split(","),
    }
