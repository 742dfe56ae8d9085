"""Network: the optional VPC of jobs, notebook and Studio, and the permissions of the role in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import ArnLike, Condition, ForAllValuesStringEquals, Null, StringEquals, StringEqualsIfExists
from troposphere import AWSObject, GetAtt, If, Parameter, Ref, Select, Split, Sub, ec2

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    any_of,
    is_empty,
    is_not_empty,
    not_,
    placeholder,
    rule,
    split_list,
    string_parameter,
    when,
)
from smtemplates.core.iam import Grant, actions, allow, in_this_region, regional_arns
from smtemplates.templates.workspace.project import Project

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class Network(Construct):
    """Represent the VPC. Use every handle except `has_vpc` only where that condition is true."""

    has_vpc: NamedCondition
    use_existing_groups: NamedCondition
    vpc_id: Parameter
    subnet_ids: Parameter
    security_group_ids: Parameter

    def vpc(self) -> Ref:
        """Return the ID of the VPC."""
        return Ref(self.vpc_id)

    def subnets(self) -> Split:
        """Return the list of subnets."""
        return split_list(self.subnet_ids)

    def security_groups(self) -> Split:
        """Return the list of security groups: the existing ones, or the one of this stack."""
        return Split(",", self.security_groups_text())

    def first_subnet(self) -> Select:
        """Return the first subnet."""
        return Select(0, self.subnets())

    def allow_in_subnet(self, sid: str, subnet: Ref) -> Grant:
        """Allow network interfaces in one more subnet, in addition to `subnets`."""
        return _only(sid, "subnet", "ec2:SubnetID", subnet)

    def security_groups_text(self) -> If:
        """Return the security groups as one text, separated by commas."""
        return when(self.use_existing_groups, Ref(self.security_group_ids), GetAtt("SecurityGroup", "GroupId"))

    def inside(self) -> If:
        """Build a condition that requires these subnets and groups. Null also denies requests without any.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/security_iam_id-based-policy-examples.html
        """
        groups, subnets = "sagemaker:VpcSecurityGroupIds", "sagemaker:VpcSubnets"
        given = ForAllValuesStringEquals({groups: self.security_groups(), subnets: self.subnets()})
        return when(self.has_vpc, Condition([given, Null({groups: "false", subnets: "false"})]))

    def interfaces(self) -> list[If]:
        """Allow network interfaces in these subnets and security groups, and their use by SageMaker, with a VPC only.

        Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
        """
        interface = regional_arns("ec2", "network-interface/*")
        granted = [
            allow("MakeInterfaces", actions("ec2", "CreateNetworkInterface"), interface),
            _only("InGivenSubnets", "subnet", "ec2:SubnetID", self.subnets()),
            _only("InGivenGroups", "security-group", "ec2:SecurityGroupID", self.security_groups()),
            allow(
                "LendInterfaces",
                actions(
                    "ec2",
                    "CreateNetworkInterfacePermission",
                    "DeleteNetworkInterface",
                    "DeleteNetworkInterfacePermission",
                ),
                interface,
                Condition(
                    [
                        # another account owns a shared VPC
                        ArnLike({"ec2:Vpc": Sub(f"arn:*:ec2:*:*:vpc/{placeholder(self.vpc_id)}")}),
                        # SageMaker can authorize a service or an account, so only other services are denied
                        StringEqualsIfExists({"ec2:AuthorizedService": "sagemaker.amazonaws.com"}),
                    ]
                ),
            ),
            allow(
                "SeeNetwork",
                actions(
                    "ec2",
                    "DescribeDhcpOptions",
                    "DescribeNetworkInterfaces",
                    "DescribeSecurityGroups",
                    "DescribeSubnets",
                    "DescribeVpcs",
                ),
                ["*"],
                in_this_region(),
            ),
        ]
        return [when(self.has_vpc, statement) for statement in granted]


def network(project: Project) -> Network:
    """Build the choice of a VPC."""
    vpc = string_parameter(
        "VpcId",
        "VPC for the notebook, Studio and jobs. It must be able to reach AWS services through VPC endpoints or "
        "NAT. Studio requires a VPC. Leave empty to use no VPC. Changing this replaces the notebook instance and "
        "deletes the files on it, and deploys the endpoint again. Delete a Studio domain first (CreateDomain=false).",
        pattern="^$|^vpc-[0-9a-f]{8,17}$",
        hint="must be empty or the ID of a VPC, such as vpc-0123456789abcdef0",
        max_length=21,
    )
    subnets = string_parameter(
        "SubnetIds",
        "Subnets of the VPC, separated by commas. The notebook uses the first one, unless you enter a subnet for it. "
        "Leave empty to use no VPC. Changing the first subnet, also by reordering the list, replaces the notebook "
        "instance and deletes the files on it. To keep it, enter its subnet as NotebookSubnetId. Any change deploys "
        "the endpoint again.",
        pattern="^$|^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17}){0,15}$",
        hint="must be empty or up to 16 IDs of subnets such as subnet-0123456789abcdef0, separated by commas, "
        "without spaces",
        max_length=400,
    )
    groups = string_parameter(
        "SecurityGroupIds",
        "Security groups of the VPC for the notebook, Studio and jobs, separated by commas. Leave empty to create "
        "a security group that allows traffic between its members and outbound HTTPS. Changing this replaces the "
        "notebook instance and deletes the files on it, and deploys the endpoint again.",
        pattern="^$|^sg-[0-9a-f]{8,17}(,sg-[0-9a-f]{8,17}){0,4}$",
        hint="must be empty or up to five IDs of security groups such as sg-0123456789abcdef0, separated by "
        "commas, without spaces",
        max_length=110,
    )
    has_vpc = NamedCondition("HasVpc", all_of(is_not_empty(vpc), is_not_empty(subnets)))
    use_existing = NamedCondition("UseSecurityGroupIds", is_not_empty(groups))
    create_group = NamedCondition("CreateSecurityGroup", all_of(has_vpc, not_(use_existing)))
    return Network(
        title="Network",
        source=__name__,
        parameters={"VPC": vpc, "Subnets": subnets, "Security groups": groups},
        conditions=[has_vpc, use_existing, create_group],
        rules={
            "VpcAndSubnets": rule(
                "Enter both VpcId and SubnetIds, or neither.",
                any_of(all_of(is_not_empty(vpc), is_not_empty(subnets)), all_of(is_empty(vpc), is_empty(subnets))),
            ),
            "SecurityGroupsNeedVpc": rule(
                "SecurityGroupIds requires VpcId and SubnetIds.", is_not_empty(subnets), given=is_not_empty(groups)
            ),
        },
        resources=_security_group(project, create_group, vpc),
        has_vpc=has_vpc,
        use_existing_groups=use_existing,
        vpc_id=vpc,
        subnet_ids=subnets,
        security_group_ids=groups,
    )


def _security_group(project: Project, create_group: NamedCondition, vpc: Parameter) -> list[AWSObject]:
    """Build a security group that allows traffic between its members, and HTTPS to AWS.

    Jobs with encrypted inter-container traffic and Studio apps need traffic between members.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-notebooks-and-internet-access.html
    """
    group = ec2.SecurityGroup(
        "SecurityGroup",
        Condition=create_group.name,
        GroupDescription="SageMaker notebook, Studio and jobs",
        VpcId=Ref(vpc),
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                Description="AWS services and package mirrors",
                IpProtocol="tcp",
                FromPort=HTTPS,
                ToPort=HTTPS,
                CidrIp="0.0.0.0/0",
            )
        ],
        Tags=project.tags(),
    )
    members: dict[str, Any] = {
        "Condition": create_group.name,
        "Description": "Members reach one another",
        "GroupId": GetAtt(group, "GroupId"),
        "IpProtocol": "-1",
    }
    return [
        group,
        ec2.SecurityGroupIngress("SecurityGroupFromMembers", SourceSecurityGroupId=GetAtt(group, "GroupId"), **members),
        ec2.SecurityGroupEgress(
            "SecurityGroupToMembers", DestinationSecurityGroupId=GetAtt(group, "GroupId"), **members
        ),
    ]


def _only(sid: str, kind: str, key: str, ids: Split | Ref) -> Grant:
    """Allow interfaces in these subnets or groups. In a shared VPC, another account owns them, so the ID is checked."""
    anybodys = Sub(f"arn:${{AWS::Partition}}:ec2:${{AWS::Region}}:*:{kind}/*")
    return allow(sid, actions("ec2", "CreateNetworkInterface"), [anybodys], Condition(StringEquals({key: ids})))
