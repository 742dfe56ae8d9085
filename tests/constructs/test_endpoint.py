"""Check that alarms and dashboard monitor the endpoint of the stack, and that an alarm rolls an update back."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
import samples
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from expectations import Choice, Expectation

import smtemplates
from smtemplates.aws_data.instance_types import ACCELERATED
from smtemplates.evaluate import check_parameters
from smtemplates.synth.loader import load


def creates_endpoint(choice: Choice) -> bool:
    """Return whether the stack creates a model and an endpoint."""
    return choice.is_set("ModelImageUri") or choice.is_set("ModelPackageArn")


def scales(choice: Choice) -> bool:
    """Return whether the endpoint has instances that scale."""
    return creates_endpoint(choice) and choice["EndpointServing"] == "Instances"


def reports_idle_endpoint(choice: Choice) -> bool:
    """Return whether an alarm watches for an endpoint without calls."""
    return scales(choice) and choice["EndpointIdleHours"] != "0"


ROLLBACK_ALARMS = ("EndpointRollbackErrorsAlarm", "EndpointRollbackLatencyAlarm")
EXPECTATION = Expectation(
    resources={
        **dict.fromkeys(("Model", "EndpointConfig", "Endpoint"), creates_endpoint),
        **dict.fromkeys(("EndpointScaling", "EndpointScalingPolicy", *ROLLBACK_ALARMS), scales),
        "EndpointIdleAlarm": reports_idle_endpoint,
    },
    outputs=dict.fromkeys(("ServedEndpointName", "ServedEndpointArn"), creates_endpoint),
)
NAME = "sagemaker-dev-0a1b2c3d"
INSTANCES = samples.INSTANCES


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


def rollback_alarms(whole: dict[str, Any], *choices: dict[str, str]) -> list[dict[str, Any]]:
    """Return the properties of the alarms that roll back an update of the endpoint."""
    stack = samples.deployed(whole, *choices)
    rollback = (
        stack.resources["Endpoint"]["Properties"].get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    )
    named = {alarm["AlarmName"] for alarm in rollback.get("Alarms", [])}
    return [
        body["Properties"]
        for name, body in stack.resources.items()
        if body["Type"] == "AWS::CloudWatch::Alarm" and samples.physical(name, None) in named
    ]


def test_alarms_of_the_new_instances_roll_an_update_back(template: dict[str, Any]) -> None:
    """The alarms measure one configuration only, so that errors of the old instances do not end their repair."""
    alarms = rollback_alarms(template, INSTANCES, {"EndpointErrorThreshold": "3", "EndpointLatencyThresholdMs": "800"})
    assert {(alarm["MetricName"], alarm["Threshold"]) for alarm in alarms} == {
        ("Invocation5XXErrors", "3"),
        ("ModelLatency", "800000"),
    }
    configuration = samples.physical("EndpointConfig", "EndpointConfigName")
    for alarm in alarms:
        assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
            "EndpointName": NAME,
            "VariantName": "AllTraffic",
            "EndpointConfigName": configuration,
        }
        assert configuration in alarm["AlarmName"], "a new configuration would inherit the state of the old alarm"
        assert "AlarmActions" not in alarm, "people are notified by the other alarms"


def test_serverless_endpoints_have_no_rollback_alarms_and_monitoring_is_not_needed(template: dict[str, Any]) -> None:
    """SageMaker does not accept alarms for a serverless endpoint. On instances, they also exist without monitoring."""
    assert rollback_alarms(template, samples.ENDPOINT) == []
    assert len(rollback_alarms(load(smtemplates.render(smtemplates.build(["monitoring"]))), INSTANCES)) == 2


def test_role_can_read_the_rollback_alarms(template: dict[str, Any]) -> None:
    """The execution role may read each alarm that can roll an update back, under its name."""
    stack = samples.deployed(template, INSTANCES)
    (statement,) = [
        each
        for each in stack.resources["WorkflowPolicy"]["Properties"]["PolicyDocument"]["Statement"]
        if each["Sid"] == "SeeAlarms"
    ]
    (pattern,) = statement["Resource"]
    for alarm in rollback_alarms(template, INSTANCES):
        assert fnmatchcase(alarm["AlarmName"], pattern.rpartition(":alarm:")[2])


def test_old_instances_are_kept_until_each_alarm_has_evaluated_the_update(template: dict[str, Any]) -> None:
    """All requests are sent to the new instances, and the old instances are kept for longer than any alarm needs."""
    stack = samples.deployed(template, INSTANCES)
    update = stack.resources["Endpoint"]["Properties"]["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert update["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    for alarm in rollback_alarms(template, INSTANCES):
        assert update["TerminationWaitInSeconds"] > alarm["EvaluationPeriods"] * alarm["Period"], alarm["MetricName"]


def test_instances_scale_with_requests_and_updates_keep_their_number(template: dict[str, Any]) -> None:
    """The number of instances follows the requests within the two limits, and an update does not reset it."""
    choice = {
        "EndpointInstances": "2-8",
        "EndpointInitialInstances": "2",
        "EndpointRequestsPerInstance": "90",
        "EndpointInstanceType": "ml.c5.xlarge",
    }
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


def test_change_of_scale_does_not_deploy_the_model_again(template: dict[str, Any]) -> None:
    """Another range of instances changes only the scaling."""

    def resources(instances: str) -> dict[str, Any]:
        return samples.deployed(template, INSTANCES, {"EndpointInstances": instances}).resources

    before = resources("1-2")
    for instances in ("2-4", "4-16"):
        after = resources(instances)
        assert {name for name, body in before.items() if after[name] != body} == {"EndpointScaling"}


def test_endpoint_keeps_what_it_serves_after_a_rollback(template: dict[str, Any]) -> None:
    """CloudFormation takes a rollback for success. It must not delete the model and configuration in use."""
    resources = samples.deployed(template, INSTANCES).resources
    for name in ("Model", "EndpointConfig"):
        assert resources[name]["UpdateReplacePolicy"] == "Retain"
        assert {"Key": "Endpoint", "Value": NAME} in resources[name]["Properties"]["Tags"], "it cannot be found later"


def test_model_from_the_registry(template: dict[str, Any]) -> None:
    """A version of a model package replaces image and data, serverless and on instances."""
    for serving in ("Serverless", "Instances"):
        choice = {**samples.PACKAGE, "EndpointServing": serving, "ContainerEnvironment": "LOG_LEVEL=20"}
        resources = samples.deployed(template, choice).resources
        container = resources["Model"]["Properties"]["PrimaryContainer"]
        assert container.keys() == {"ModelPackageName", "Environment"}
        assert container["ModelPackageName"] == samples.PACKAGE["ModelPackageArn"]
        assert "Endpoint" in resources


def test_uncompressed_model(template: dict[str, Any]) -> None:
    """The files of a folder are downloaded as they are."""
    choice = {**samples.IMAGE, **samples.UNCOMPRESSED, "EndpointServing": "Instances"}
    container = samples.deployed(template, choice).resources["Model"]["Properties"]["PrimaryContainer"]
    assert "ModelDataUrl" not in container
    assert container["ModelDataSource"] == {
        "S3DataSource": {
            "CompressionType": "None",
            "S3DataType": "S3Prefix",
            "S3Uri": samples.UNCOMPRESSED["ModelDataPrefix"],
        }
    }


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("HF_TASK=text-generation", {"HF_TASK": "text-generation"}),
        ("A=1,B=,C=s3://bucket/a b", {"A": "1", "B": "", "C": "s3://bucket/a b"}),
        ("LIST=a%2Cb,QUERY=x%3Dy%2Cz%3D", {"LIST": "a,b", "QUERY": "x=y,z="}),
        (",".join(f"K{i}=${i}'\u0060" for i in range(20)), {f"K{i}": f"${i}'`" for i in range(20)}),
    ],
)
def test_container_environment(template: dict[str, Any], text: str, variables: dict[str, str]) -> None:
    """Each pair is one variable, in which commas and equals signs can be encoded."""
    assert check_parameters(template, {**INSTANCES, "ContainerEnvironment": text}) == []
    stack = samples.deployed(template, INSTANCES, {"ContainerEnvironment": text})
    environment = stack.resources["Model"]["Properties"]["PrimaryContainer"]["Environment"]
    assert json.loads(environment) == variables


@pytest.mark.parametrize(
    "text",
    [
        *("A", "=1", "1A=2", "A=1,", "A=b=c", 'A="', "A=\\", "A={{resolve:ssm:x}}", "A=1,B=2,A=3", "A=1,,B=2", "A=\n"),
        ",".join(f"K{i}=1" for i in range(21)),
    ],
)
def test_invalid_container_environment_is_rejected(template: dict[str, Any], text: str) -> None:
    """Texts that are not pairs, that repeat a key, or that could end the JSON text are rejected."""
    assert check_parameters(template, {**INSTANCES, "ContainerEnvironment": text})


def test_timeouts_volumes_and_data_capture_of_instances(template: dict[str, Any]) -> None:
    """Everything is omitted by default. The key of the workspace encrypts volumes and captured data."""
    omitted = samples.deployed(template, INSTANCES).resources["EndpointConfig"]["Properties"]
    assert omitted.keys() == {"ProductionVariants", "Tags"}
    choice = {
        **samples.KEY,
        "EndpointStartupTimeoutSeconds": "1200",
        "EndpointDownloadTimeoutSeconds": "600",
        "EncryptEndpointVolumes": "true",
        "DataCapturePercentage": "20",
        "ExistingOutputBucketName": "team-output",
    }
    resources = samples.deployed(template, INSTANCES, choice).resources
    configuration = resources["EndpointConfig"]["Properties"]
    (variant,) = configuration["ProductionVariants"]
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == "1200"
    assert variant["ModelDataDownloadTimeoutInSeconds"] == "600"
    assert configuration["KmsKeyId"] == samples.KEY["KmsKeyArn"]
    capture = configuration["DataCaptureConfig"]
    assert (capture["EnableCapture"], capture["InitialSamplingPercentage"]) == (True, "20")
    assert (capture["DestinationS3Uri"], capture["KmsKeyId"]) == (
        "s3://team-output/data-capture",
        configuration["KmsKeyId"],
    )
    # an update that retained the capture would never start or end it
    (excluded,) = resources["Endpoint"]["Properties"]["ExcludeRetainedVariantProperties"]
    assert excluded == {"VariantPropertyType": "DataCaptureConfig"}


def test_idle_endpoint_triggers_an_alarm(template: dict[str, Any]) -> None:
    """Hours without calls and hours without data trigger the alarm, but not before the endpoint existed for so long."""
    for hours, warm_up in (("4", "240"), ("168", "2880")):
        choice = {**samples.TOPIC, "EndpointIdleHours": hours}
        alarm = samples.deployed(template, INSTANCES, choice).resources["EndpointIdleAlarm"]["Properties"]
        assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, hours)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        assert (alarm["MetricName"], alarm["Statistic"], alarm["TreatMissingData"]) == (
            "Invocations",
            "Sum",
            "breaching",
        )
        assert alarm["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": warm_up}
        assert alarm["AlarmActions"] == [samples.TOPIC["AlarmTopicArn"]]


def test_dashboard_shows_the_alarms_that_exist(template: dict[str, Any]) -> None:
    """The list of alarms contains the alarms of the endpoint only if they exist."""

    def shown(*choices: dict[str, str]) -> set[str]:
        stack = samples.deployed(template, *choices)
        body = json.loads(stack.resources["Dashboard"]["Properties"]["DashboardBody"])
        return set(next(each for each in body["widgets"] if each["type"] == "alarm")["properties"]["alarms"])

    people = {samples.physical(name, "Arn") for name in ("EndpointErrorsAlarm", "EndpointLatencyAlarm")}
    instances = people | {samples.physical(name, "Arn") for name in ROLLBACK_ALARMS}
    assert shown() == shown(samples.ENDPOINT, {"EndpointIdleHours": "4"}) == people
    assert shown(INSTANCES) == instances
    assert shown(INSTANCES, {"EndpointIdleHours": "4"}) == instances | {samples.physical("EndpointIdleAlarm", "Arn")}


def test_list_of_instance_types_with_accelerators_is_complete() -> None:
    """The list contains exactly the types with accelerators that endpoints and notebook instances can have."""
    schemas = [
        PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", f"AWS::SageMaker::{kind}").schema
        for kind in ("EndpointConfig", "NotebookInstance")
    ]
    variant = schemas[0]["definitions"]["ProductionVariant"]["properties"]
    known = {*variant["InstanceType"]["enum"], *schemas[1]["properties"]["InstanceType"]["enum"]}
    assert set(ACCELERATED) == {name for name in known if re.match(r"ml[.](dl|g|inf|p|trn)[0-9]", name)}
