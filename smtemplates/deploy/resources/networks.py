"""Find the users of the VPCs of a stack that is to be destroyed: other stacks, and foreign resources in the VPCs.

A workspace receives the IDs of a network as parameters, not as imports of exports. AWS therefore does not know that it
needs the network. It deletes endpoints and gateways first, and fails at the first subnet with a network interface.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.resources.stack_tree import Resource

VPC, SUBNET, SECURITY_GROUP = "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup"
# Interfaces in the VPC of a stack with only these types are of its endpoints and NAT gateways, or of something else. A
# stack with other types, such as functions, deletes their interfaces itself.
NETWORK_TYPES = frozenset(
    {
        *(VPC, SUBNET, SECURITY_GROUP, "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"),
        *("AWS::EC2::EIP", "AWS::EC2::FlowLog", "AWS::EC2::InternetGateway", "AWS::EC2::NatGateway"),
        *("AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::Route", "AWS::EC2::RouteTable"),
        *("AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::SubnetRouteTableAssociation"),
        *("AWS::EC2::VPCEndpoint", "AWS::EC2::VPCGatewayAttachment"),
        *("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::Logs::LogGroup"),
    }
)
PLANNED = "REVIEW_IN_PROGRESS"
SHOWN = 3


def network_blockers(cloud: Cloud, deleted: Sequence[Resource], own: Collection[str]) -> tuple[list[str], list[str]]:
    """Return texts on the users of the VPCs among the deleted resources, and sentences if the users are not known.

    `own` are the names of the stacks that are deleted together. While one of the others uses the network, interfaces in
    the VPC can belong to it, so that they are not listed.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html
    """
    vpcs = [item.physical_id for item in deleted if item.type == VPC]
    if not vpcs:
        return [], []
    ids = {item.physical_id for item in deleted if item.type in {VPC, SUBNET, SECURITY_GROUP}}
    blockers: list[str] = []
    unknown: list[str] = []
    try:
        users = {stack["StackName"]: used for stack in _stacks(cloud) if (used := _used(stack, ids))}
    except CloudError as error:
        users = {}
        unknown.append(_not_known("other stacks use the network", error))
    blockers += [
        f"Stack {name} uses {used} of the network. Delete that stack first, or change its parameters."
        for name, used in users.items()
        if name not in own
    ]
    if users or {item.type for item in deleted} - NETWORK_TYPES:
        return blockers, unknown
    try:
        found = [*_interfaces(cloud, vpcs, deleted), *_security_groups(cloud, vpcs, ids)]
    except CloudError as error:
        found = []
        unknown.append(_not_known("other resources are in the VPC", error))
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        blockers.append(
            f"The VPC contains resources that the stack did not create: {', '.join(found[:SHOWN])}{more}. AWS cannot "
            "delete the VPC. First delete their owners, such as a notebook instance, a Studio domain or a job. "
            "Delete those that remain after some minutes in Amazon EC2."
        )
    return blockers, unknown


def _not_known(what: str, error: CloudError) -> str:
    """Return the sentence that something is not known.

    Raises:
        CloudError: The call failed for another reason than a missing permission.
    """
    if error.code not in DENIED:
        raise error
    return f"It is not known whether {what}. {sentence(error)}"


def _stacks(cloud: Cloud) -> Iterator[Mapping[str, Any]]:
    """Yield all stacks of the account in this Region. A stack that is only planned uses nothing."""
    found = cloud.pages("cloudformation", "describe_stacks", "Stacks")
    return (stack for stack in found if stack["StackStatus"] != PLANNED)


def _used(stack: Mapping[str, Any], ids: Collection[str]) -> str:
    """Return the first of these IDs that a parameter of a stack contains, or ''."""
    values = (
        value
        for parameter in stack.get("Parameters", ())
        for key in ("ParameterValue", "ResolvedValue")
        for value in parameter.get(key, "").split(",")
    )
    return next((value.strip() for value in values if value.strip() in ids), "")


def _interfaces(cloud: Cloud, vpcs: Sequence[str], deleted: Sequence[Resource]) -> Iterator[str]:
    """Yield the network interfaces in VPCs that do not belong to a deleted endpoint or NAT gateway.

    The description of such an interface contains the ID of the endpoint or gateway.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html
    """
    owners = [item.physical_id for item in deleted if item.physical_id.startswith(("vpce-", "nat-"))]
    filters = [{"Name": "vpc-id", "Values": list(vpcs)}]
    for item in cloud.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters):
        description = item.get("Description", "")
        if not any(owner in description for owner in owners):
            yield f"network interface {item['NetworkInterfaceId']}{f' ({description})' if description else ''}"


def _security_groups(cloud: Cloud, vpcs: Sequence[str], ids: Collection[str]) -> Iterator[str]:
    """Yield the security groups in VPCs that AWS does not delete with the VPC, and that are not among `ids`."""
    filters = [{"Name": "vpc-id", "Values": list(vpcs)}]
    for item in cloud.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters):
        if item["GroupId"] not in ids and item["GroupName"] != "default":
            yield f"security group {item['GroupId']} ({item['GroupName']})"
