"""A network and a workspace in it on the local cloud, and the reasons that prevent the deletion of a network."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import Aws
from deploying.project import Folder, folder_in
from deploying.stubs import stubbed
from smtemplates.deploy.resources.networks import network_blockers
from smtemplates.deploy.resources.stack_tree import Resource

PROJECT = """\
defaults.staging.create = true
[stack.network]
stack_name = "{p}network"
template = "network"
parameters = { NatGateways = "One", CreateFlowLogs = true }
[stack.churn]
stack_name = "{p}churn"
[stack.churn.parameters]
CreateNotebook = true
CreateDomain = true
VpcId = { output = "network.VpcId" }
SubnetIds = { output = "network.SubnetIds" }
SecurityGroupIds = { output = "network.SecurityGroupIds" }
"""


def test_network_outlives_its_workspaces(aws: Aws, tmp_path: Path) -> None:
    """A workspace runs in the network. The network is not destroyed before it, nor while anything is left in the VPC.

    A third zone and other endpoints replace nothing.
    """
    folder = folder_in(tmp_path, aws)
    folder.write(PROJECT)
    assert (done := folder.run("deploy", "--all", "--yes")).returncode == 0, done.stderr
    made = outputs(folder, "network")
    sagemaker, ec2 = aws.client("sagemaker"), aws.client("ec2")
    notebook = outputs(folder, "churn")["NotebookInstanceName"]
    found = sagemaker.describe_notebook_instance(NotebookInstanceName=notebook)
    assert found["SubnetId"] in made["SubnetIds"].split(",")
    domain = sagemaker.describe_domain(DomainId=outputs(folder, "churn")["DomainId"])
    assert (domain["VpcId"], ",".join(domain["SubnetIds"])) == (made["VpcId"], made["SubnetIds"])
    assert domain["DefaultUserSettings"]["SecurityGroups"] == [made["SecurityGroupIds"]]

    larger = ["--set", "NumberOfZones=3", "--set", "InterfaceEndpoints=sts,kms"]
    plan = json.loads(folder.run("plan", "network", *larger, "--json").stdout)
    assert {item["logical_id"] for item in plan["changes"] if item["fate"] == "replace"} == set()

    refused = folder.run("destroy", "network", "--confirm", f"{folder.prefix}network")
    sentence = f"Stack {folder.prefix}churn uses {made['VpcId']} of the network. Delete that stack first"
    assert (refused.returncode, sentence in " ".join(refused.stderr.split())) == (1, True), refused.stderr
    assert aws.status(f"{folder.prefix}network") == "CREATE_COMPLETE"

    gone = folder.run("destroy", "churn", "--confirm", f"{folder.prefix}churn", "--delete-data")
    assert gone.returncode == 0, gone.stderr
    left = ec2.create_network_interface(SubnetId=made["SubnetIds"].split(",")[0], Description="of a job")
    interface = left["NetworkInterface"]["NetworkInterfaceId"]
    refused = folder.run("destroy", "network", "--confirm", f"{folder.prefix}network")
    assert (refused.returncode, f"network interface {interface} (of a job)" in refused.stderr) == (1, True)

    ec2.delete_network_interface(NetworkInterfaceId=interface)
    gone = folder.run("destroy", "--all", "--confirm", f"{folder.prefix}network")
    assert (gone.returncode, aws.status(f"{folder.prefix}network")) == (0, None), gone.stderr
    assert made["VpcId"] not in [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=made["FlowLogGroupName"])["logGroups"]
    assert len(groups) == 1


def outputs(folder: Folder, name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(folder.run("outputs", name, "--json").stdout)
    return found


VPC = Resource(logical_id="Vpc", type="AWS::EC2::VPC", physical_id="vpc-1")
GROUP = Resource(logical_id="Group", type="AWS::EC2::SecurityGroup", physical_id="sg-1")
GATEWAY = Resource(logical_id="Nat", type="AWS::EC2::NatGateway", physical_id="nat-1")
FUNCTION = Resource(logical_id="Function", type="AWS::Lambda::Function", physical_id="f")
INTERFACES = {
    "NetworkInterfaces": [
        {"NetworkInterfaceId": "eni-1", "Description": "Interface for NAT Gateway nat-1"},
        {"NetworkInterfaceId": "eni-2", "Description": "[DO NOT DELETE] ENI managed by SageMaker"},
    ]
}
GROUPS = {
    "SecurityGroups": [
        {"GroupId": "sg-0", "GroupName": "default"},
        {"GroupId": "sg-1", "GroupName": "own"},
        *({"GroupId": f"sg-{number}", "GroupName": "nfs"} for number in (2, 3, 4)),
    ]
}


class Answers:
    """A cloud that returns prepared answers of several services, and the error AccessDenied for other operations."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self._answers = answers

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """Validate an answer with the model of the service, and return its list."""
        with stubbed(service) as aws:
            if operation in self._answers:
                aws.answers(operation, self._answers[operation], arguments)
            else:
                aws.stub.add_client_error(operation, "AccessDenied")
            return list(aws.cloud.pages(service, operation, key, **arguments))


def stacks(**parameters: dict[str, str]) -> dict[str, Any]:
    """Return the answer of DescribeStacks for stacks with one parameter each."""
    moment = "2026-11-22T00:00:00Z"
    return {
        "Stacks": [
            {
                "StackName": name,
                "CreationTime": moment,
                "StackStatus": status,
                "Parameters": [{"ParameterKey": "Any", "ParameterValue": value}],
            }
            for name, (value, status) in parameters.items()
        ]
    }


@pytest.mark.parametrize(
    ("listed", "own", "deleted", "expected"),
    [
        (
            {"one": ("vpc-1", "CREATE_COMPLETE"), "two": ("sg-9,sg-1", "UPDATE_COMPLETE")},
            [],
            [],
            ["one", "two", "sg-1"],
        ),
        ({"other": ("vpc-10", "CREATE_COMPLETE"), "new": ("vpc-1", "REVIEW_IN_PROGRESS")}, [], [], ["eni-2", "sg-2"]),
        ({"together": ("vpc-1", "CREATE_COMPLETE")}, ["together"], [], []),
        ({}, [], [FUNCTION], []),
    ],
    ids=["parameters", "interfaces", "deleted together", "own interfaces"],
)
def test_users_of_a_network(
    listed: dict[str, Any], own: list[str], deleted: list[Resource], expected: list[str]
) -> None:
    """Other stacks are found by their parameters, and without any, interfaces and groups that the stack did not create.

    Interfaces of a stack that also creates functions can be its own.
    """
    cloud: Any = Answers(
        describe_stacks=stacks(**listed), describe_network_interfaces=INTERFACES, describe_security_groups=GROUPS
    )
    blockers, unknown = network_blockers(cloud, [VPC, GROUP, GATEWAY, *deleted], own)
    text = " ".join(blockers)
    words = re.findall(r"[\w-]+", text)
    assert [name for name in ("one", "two", "eni-1", "eni-2", "sg-1", "sg-2") if name in words] == expected
    assert unknown == []
    assert ("and 1 more" in text) is ("eni-2" in expected)


def test_missing_permissions_are_reported() -> None:
    """Without permissions for the calls, the deletion is not prevented, and each question is reported as open."""
    cloud: Any = Answers()
    blockers, unknown = network_blockers(cloud, [VPC], [])
    assert blockers == []
    assert [text.partition(".")[0] for text in unknown] == [
        "It is not known whether other stacks use the network",
        "It is not known whether other resources are in the VPC",
    ]
