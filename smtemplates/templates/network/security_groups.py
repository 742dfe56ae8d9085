"""Security groups: one for notebook, Studio and jobs, and one for the interface endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import GetAtt, ec2

from smtemplates.core.construct import Construct, output
from smtemplates.templates.network.vpc import Vpc, name_tag

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class SecurityGroups(Construct):
    """Contain the security groups."""

    def of_sagemaker(self) -> GetAtt:
        """Return the ID of the group for notebook, Studio and jobs."""
        return GetAtt("SecurityGroup", "GroupId")

    def of_endpoints(self) -> GetAtt:
        """Return the ID of the group for interface endpoints."""
        return GetAtt("EndpointSecurityGroup", "GroupId")


def security_groups(vpc: Vpc) -> SecurityGroups:
    """Build the security groups.

    Distributed training, encrypted traffic between containers, and Studio apps need traffic between members. Outbound
    HTTPS is limited by the routes: without a NAT gateway, it reaches only the endpoints.

    CloudFormation cannot change the rules of the default security group of the VPC. It allows traffic between its
    members, and no resource of this template or of a workspace uses it.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-and-internet-access.html
    Source: https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    group = ec2.SecurityGroup(
        "SecurityGroup",
        GroupDescription="SageMaker notebook, Studio and jobs",
        VpcId=vpc.vpc_id(),
        SecurityGroupEgress=[_https("AWS services and package mirrors", CidrIp="0.0.0.0/0")],
        Tags=name_tag(" SageMaker"),
    )
    members: dict[str, Any] = {
        "Description": "Members reach one another",
        "GroupId": GetAtt(group, "GroupId"),
        "IpProtocol": "-1",
    }
    endpoints = ec2.SecurityGroup(
        "EndpointSecurityGroup",
        GroupDescription="Interface endpoints",
        VpcId=vpc.vpc_id(),
        SecurityGroupIngress=[
            _https("SageMaker notebook, Studio and jobs", SourceSecurityGroupId=GetAtt(group, "GroupId"))
        ],
        # Without any rule, CloudFormation adds one that allows all outbound traffic.
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(Description="No outbound traffic", IpProtocol="-1", CidrIp="127.0.0.1/32")
        ],
        Tags=name_tag(" endpoints"),
    )
    return SecurityGroups(
        title="Security groups",
        source=__name__,
        resources=[
            group,
            ec2.SecurityGroupIngress(
                "SecurityGroupFromMembers", SourceSecurityGroupId=GetAtt(group, "GroupId"), **members
            ),
            ec2.SecurityGroupEgress(
                "SecurityGroupToMembers", DestinationSecurityGroupId=GetAtt(group, "GroupId"), **members
            ),
            endpoints,
        ],
        outputs=[
            output(
                "SecurityGroupIds",
                "ID of the security group for the parameter SecurityGroupIds of a workspace. Only its members can use "
                "the interface endpoints.",
                GetAtt(group, "GroupId"),
            )
        ],
    )


def _https(description: str, **peer: Any) -> ec2.SecurityGroupRule:
    return ec2.SecurityGroupRule(Description=description, IpProtocol="tcp", FromPort=HTTPS, ToPort=HTTPS, **peer)
