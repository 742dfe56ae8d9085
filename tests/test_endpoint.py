"""The endpoint made here is the one that is watched, and it goes back where an alarm says so."""

from __future__ import annotations

import json
from typing import Any

import samples

import smtemplates
from smtemplates.load import load

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


def test_it_runs_in_the_network(template: dict[str, Any]) -> None:
    """With a VPC the model's containers run in its subnets and groups."""
    model = samples.deployed(template, INSTANCES, samples.VPC, samples.GROUPS).resources["Model"]["Properties"]
    assert model["VpcConfig"] == {
        "SecurityGroupIds": samples.GROUPS["SecurityGroupIds"].split(","),
        "Subnets": samples.VPC["SubnetIds"].split(","),
    }
