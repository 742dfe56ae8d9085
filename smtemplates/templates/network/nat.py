"""NAT: optional internet access of the private subnets, with an internet gateway and public subnets."""

from __future__ import annotations

from troposphere import AWSObject, GetAtt, Join, Not, Parameter, Ref, Select, ec2

from smtemplates.aws_data import network_prices
from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    output,
    when,
)
from smtemplates.templates.network.vpc import Vpc, Zone, name_tag

NONE, ONE, PER_ZONE = "None", "One", "OnePerZone"
INTERNET = "0.0.0.0/0"


def nat(vpc: Vpc) -> Construct:
    """Build the NAT gateways."""
    gateways = _parameter()
    has_nat = NamedCondition("HasNat", Not(equals(gateways, NONE)))
    per_zone = NamedCondition("HasNatPerZone", equals(gateways, PER_ZONE))
    per_third_zone = NamedCondition("HasNatInThirdZone", all_of(per_zone, vpc.has_third_zone))
    routes_third_zone = NamedCondition("RoutesThirdZone", all_of(has_nat, vpc.has_third_zone))
    # by the number of the zone
    public = {1: has_nat, 2: per_zone, 3: per_third_zone}
    routed = {1: has_nat, 2: has_nat, 3: routes_third_zone}
    return Construct(
        title="Internet access",
        source=__name__,
        parameters={"NAT gateways": gateways},
        conditions=[has_nat, per_zone, per_third_zone, routes_third_zone],
        resources=[
            *_internet_gateway(vpc, has_nat),
            *(one for zone in vpc.zones for one in _public_subnet(vpc, zone, public[zone.number])),
            *(_route(zone, routed[zone.number], per_zone) for zone in vpc.zones),
        ],
        outputs=[
            output(
                "NatIpAddresses",
                "Public IP addresses of the NAT gateways, for allowlists of other networks",
                Join(
                    ",",
                    [
                        Ref("NatAddress1"),
                        when(per_zone, Ref("NatAddress2")),
                        when(per_third_zone, Ref("NatAddress3")),
                    ],
                ),
                condition=has_nat,
            )
        ],
    )


def _parameter() -> Parameter:
    prices = network_prices
    return choice_parameter(
        "NatGateways",
        "Internet access of the private subnets, for example for packages, Git repositories, and AWS services without "
        "an endpoint. Inbound connections are not possible. With One, all subnets use a gateway in the first zone, and "
        "have no internet access if this zone fails. OnePerZone avoids this and charges for traffic between zones. A "
        f"gateway with its public address costs {prices.nat_gateways(1)} per month, and USD "
        f"{prices.NAT_GATEWAY_PER_GB} per GB: OnePerZone in two zones is {prices.nat_gateways(2)} per month. "
        f"{prices.VALIDITY} Changing this to None deletes the gateways and their public addresses. Default: None.",
        (NONE, ONE, PER_ZONE),
        default=NONE,
    )


def _internet_gateway(vpc: Vpc, condition: NamedCondition) -> list[AWSObject]:
    gateway = ec2.InternetGateway("InternetGateway", Condition=condition.name, Tags=name_tag(""))
    attachment = ec2.VPCGatewayAttachment(
        "InternetGatewayAttachment",
        Condition=condition.name,
        InternetGatewayId=Ref(gateway),
        VpcId=vpc.vpc_id(),
    )
    table = ec2.RouteTable("PublicRouteTable", Condition=condition.name, VpcId=vpc.vpc_id(), Tags=name_tag(" public"))
    route = ec2.Route(
        "PublicRoute",
        Condition=condition.name,
        DependsOn=attachment.title,
        DestinationCidrBlock=INTERNET,
        GatewayId=Ref(gateway),
        RouteTableId=Ref(table),
    )
    return [gateway, attachment, table, route]


def _public_subnet(vpc: Vpc, zone: Zone, condition: NamedCondition) -> list[AWSObject]:
    """Build a public subnet with a NAT gateway. Addresses and gateways need the attached internet gateway.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    """
    number = zone.number
    attachment = "InternetGatewayAttachment"
    subnet = ec2.Subnet(
        f"PublicSubnet{number}",
        Condition=condition.name,
        AvailabilityZone=zone.name,
        CidrBlock=Select(number - 1, vpc.public_blocks),
        VpcId=vpc.vpc_id(),
        Tags=name_tag(f" public {number}"),
    )
    association = ec2.SubnetRouteTableAssociation(
        f"PublicRouteTableAssociation{number}",
        Condition=condition.name,
        RouteTableId=Ref("PublicRouteTable"),
        SubnetId=Ref(subnet),
    )
    address = ec2.EIP(
        f"NatAddress{number}",
        Condition=condition.name,
        DependsOn=attachment,
        Domain="vpc",
        Tags=name_tag(f" NAT {number}"),
    )
    gateway = ec2.NatGateway(
        f"NatGateway{number}",
        Condition=condition.name,
        AllocationId=GetAtt(address, "AllocationId"),
        DependsOn=["PublicRoute", association.title],
        SubnetId=Ref(subnet),
        Tags=name_tag(f" {number}"),
    )
    return [subnet, association, address, gateway]


def _route(zone: Zone, condition: NamedCondition, per_zone: NamedCondition) -> ec2.Route:
    first, own = Ref("NatGateway1"), Ref(f"NatGateway{zone.number}")
    return ec2.Route(
        f"PrivateRoute{zone.number}",
        Condition=condition.name,
        DestinationCidrBlock=INTERNET,
        NatGatewayId=first if zone.number == 1 else when(per_zone, own, first),
        RouteTableId=Ref(f"PrivateRouteTable{zone.number}"),
    )
