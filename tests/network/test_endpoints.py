"""The endpoints of the network: which exist, their names, their policies and their prices."""

from __future__ import annotations

import re
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import samples
from access.simulator import Request, verdicts
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.aws_data.partitions import some_region_of_each_partition
from smtemplates.evaluate import Stack, check_parameters
from smtemplates.pages.explorer import explore
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.network.endpoint_services import SERVICES
from smtemplates.templates.registry import definition

NETWORK = load(render(definition("network").template()))
NAMES = [service.name for service in SERVICES]
DEFAULT = {service.name for service in SERVICES if service.default}
SCRIPTS = Path(__file__).parents[2] / "smtemplates" / "templates" / "workspace" / "assets"
# The endpoint that a command of the AWS CLI needs. S3 has a gateway endpoint.
COMMANDS = {"sagemaker": "sagemaker.api", "ssm": "ssm", "sts": "sts"}


def service_names(stack: Stack) -> set[str]:
    return {
        body["Properties"]["ServiceName"]
        for body in stack.resources.values()
        if body["Type"] == "AWS::EC2::VPCEndpoint" and body["Properties"]["VpcEndpointType"] == "Interface"
    }


@given(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
def test_exactly_the_listed_services_have_endpoints(names: list[str]) -> None:
    """Every list in every order creates one endpoint for each of its services, and no other."""
    stack = Stack(NETWORK, {"InterfaceEndpoints": ",".join(names)})
    assert {name.split(".", 3)[-1] for name in service_names(stack)} == set(names)


def test_none_is_an_empty_list() -> None:
    """No endpoint is created for none, and none cannot be combined with services."""
    assert service_names(Stack(NETWORK, {"InterfaceEndpoints": "none"})) == set()
    assert "InterfaceEndpoints contains none" in " ".join(check_parameters(NETWORK, {"InterfaceEndpoints": "none,sts"}))
    assert check_parameters(NETWORK, {"InterfaceEndpoints": "sts,s3"})


def test_page_has_a_text_field_for_the_list() -> None:
    """Several allowed values can be entered, so the page to try parameters does not offer a choice of one."""
    page = explore(NETWORK, "network")
    assert re.search('<input id="InterfaceEndpoints"[^>]* value="sagemaker.api,', page)
    assert '<select id="NatGateways"' in page


def test_no_name_is_a_part_of_another() -> None:
    """A service is found in the list by its name, so a name within another one would create its endpoint, too."""
    assert [pair for pair in permutations(NAMES, 2) if pair[0] in pair[1]] == []


@pytest.mark.parametrize("region", REGIONS)
def test_default_network_has_no_endpoint_that_the_region_lacks(region: str) -> None:
    """Endpoints of Studio and MLflow are left out exactly where the provider schemas lack these parts of SageMaker."""
    types = set(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))
    found = service_names(Stack(NETWORK, pseudo={"AWS::Region": region}))
    mlflow = {"AWS::SageMaker::MlflowApp", "AWS::SageMaker::MlflowTrackingServer"}
    assert (f"aws.sagemaker.{region}.studio" in found) is ("AWS::SageMaker::Domain" in types)
    assert (f"aws.sagemaker.{region}.experiments" in found) is bool(mlflow & types)


def test_names_in_china() -> None:
    """In China, most names start with cn. This list is from describe-vpc-endpoint-services in cn-northwest-1.

    Source: https://github.com/aws/aws-cdk/pull/25333
    """
    stack = Stack(NETWORK, samples.NETWORK, pseudo={"AWS::Region": "cn-northwest-1"})
    region = "cn-northwest-1"
    chinese = ("sagemaker.api", "sagemaker.runtime", "sts", "monitoring", "ecr.api", "ecr.dkr", "servicecatalog")
    assert service_names(stack) == {
        *(f"cn.com.amazonaws.{region}.{name}" for name in chinese),
        *(f"com.amazonaws.{region}.{name}" for name in ("logs", "ssm", "kms", "secretsmanager")),
        *(f"aws.sagemaker.{region}.{name}" for name in ("studio", "notebook")),
    }


@pytest.mark.parametrize("region", [*some_region_of_each_partition(), "us-gov-west-1", "eusc-de-east-1"])
def test_every_partition_has_names(region: str) -> None:
    """The mapping contains every partition: a missing key would fail every deployment there."""
    assert len(service_names(Stack(NETWORK, samples.NETWORK, pseudo={"AWS::Region": region}))) >= len(SERVICES) - 1


def test_default_contains_what_the_scripts_of_a_workspace_call() -> None:
    """Notebook instances and Studio start without internet access: each command of their scripts has an endpoint."""
    text = "\n".join(path.read_text("utf-8") for path in SCRIPTS.iterdir() if path.suffix in {".sh", ".py"})
    called = set(re.findall(r"\baws ([a-z0-9-]+) (?:[a-z]+-[a-z-]+)", text))
    assert {"sagemaker", "ssm"} <= called
    assert {COMMANDS[name] for name in called} <= DEFAULT


def test_price_of_the_default_stands_next_to_it() -> None:
    """The price of all default endpoints in two zones is that of 730 hours at USD 0.01 for each endpoint and zone."""
    assert (
        f"USD {0.01 * 730 * 2 * len(DEFAULT):.2f} per month"
        in NETWORK["Parameters"]["InterfaceEndpoints"]["Description"]
    )
    text = NETWORK["Parameters"]["NatGateways"]["Description"]
    assert f"USD {(0.045 + 0.005) * 730:.2f} per month" in text
    assert f"USD {(0.045 + 0.005) * 730 * 2:.2f} per month" in text


@pytest.mark.parametrize(("parameters", "foreign"), [({}, False), ({"TrustedAccountIds": "444455556666"}, True)])
def test_policies_keep_data_in_trusted_accounts(parameters: dict[str, str], *, foreign: bool) -> None:
    """Objects can be read anywhere, and written only to trusted accounts. Only their principals use the endpoints."""
    resources = Stack(NETWORK, parameters).resources
    s3, logs = ({"Endpoint": _identity_policy(resources[name])} for name in ("S3Endpoint", "LogsEndpoint"))
    data, other, aws = "arn:aws:s3:::data/a", "444455556666", "763104351884"
    requests = [
        (s3, Request("s3:PutObject", data, {"aws:ResourceAccount": samples.ACCOUNT})),
        (s3, Request("s3:GetObject", data, {"aws:ResourceAccount": aws})),
        (logs, _call_of(samples.ACCOUNT)),
        (s3, Request("s3:PutObject", data, {"aws:ResourceAccount": other})),
        (s3, Request("s3:PutObject", data, {"aws:ResourceAccount": aws})),
    ]
    requests += [(logs, _call_of(other)), (logs, _call_of("anonymous"))]
    assert verdicts(requests) == [True, True, True, foreign, False, foreign, False]


def _call_of(account: str) -> Request:
    return Request("logs:DescribeLogGroups", "*", {"aws:PrincipalAccount": account})


def _identity_policy(endpoint: dict[str, Any]) -> dict[str, Any]:
    """Return the policy of an endpoint without principals, as the simulator expects it. All principals are allowed."""
    document = endpoint["Properties"]["PolicyDocument"]
    statements = [{key: value for key, value in each.items() if key != "Principal"} for each in document["Statement"]]
    assert {each["Principal"] for each in document["Statement"]} == {"*"}
    return {**document, "Statement": statements}


@pytest.mark.parametrize("gateways", ["None", "One", "OnePerZone"])
@pytest.mark.parametrize("zones", ["2", "3"])
def test_each_private_subnet_has_a_route_to_a_nat_gateway(gateways: str, zones: str) -> None:
    """Without gateways no route leaves the VPC, one gateway serves all zones, and gateways per zone their own."""
    resources = Stack(NETWORK, {"NatGateways": gateways, "NumberOfZones": zones}).resources
    routes = {
        name: body["Properties"].get("NatGatewayId", {}).get("Ref")
        for name, body in resources.items()
        if name.startswith("PrivateRoute") and body["Type"] == "AWS::EC2::Route"
    }
    numbers = range(1, int(zones) + 1)
    expected = {
        "None": {},
        "One": {f"PrivateRoute{number}": "NatGateway1" for number in numbers},
        "OnePerZone": {f"PrivateRoute{number}": f"NatGateway{number}" for number in numbers},
    }
    assert routes == expected[gateways]
    made = {name for name, body in resources.items() if body["Type"] == "AWS::EC2::NatGateway"}
    assert made == set(routes.values())
    assert any(body["Type"] == "AWS::EC2::InternetGateway" for body in resources.values()) is bool(made)
