"""VPC: the address range, and a private subnet with a route table in each of two or three zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import (
    AWSObject,
    Cidr,
    Equals,
    GetAtt,
    GetAZs,
    If,
    Join,
    Not,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
    Tags,
    ec2,
)

from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    any_of,
    choice_parameter,
    equals,
    is_empty,
    is_not_empty,
    list_item,
    output,
    string_parameter,
    when,
)

MAX_ZONES = 3
# The blocks of the VPC: the first one for public subnets, one for each private subnet.
BLOCKS = 1 + MAX_ZONES
# AWS accepts 16 addresses as the smallest subnet. A public subnet contains only a NAT gateway.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
PUBLIC_SUBNET_BITS = 4

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_EVERY_16TH = "(0|16|32|48|64|80|96|112|128|144|160|176|192|208|224|240)"
# Private ranges (RFC 1918) and shared addresses (RFC 6598), without 172.17.0.0/16, which SageMaker and Docker use.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
_NETWORK = (
    f"(10[.]{_OCTET}|172[.](1[689]|2[0-9]|3[01])|192[.]168|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))"
    f"[.](0[.]0/16|{_EVERY_16TH}[.]0/20|{_OCTET}[.]0/24)"
)
_ZONE = "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]"


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One Availability Zone of the network: its number from 1, and the condition on it. Two zones have no condition."""

    number: int
    condition: NamedCondition | None
    name: If

    def resources(self, *built: AWSObject) -> list[AWSObject]:
        """Return resources of this zone. They exist only if the zone does."""
        if self.condition:
            for resource in built:
                resource.Condition = self.condition.name
        return list(built)


@dataclass(frozen=True, kw_only=True)
class Vpc(Construct):
    """Contain the VPC and its zones."""

    cidr: Parameter
    zones: Sequence[Zone]
    has_third_zone: NamedCondition
    public_blocks: Cidr

    def vpc_id(self) -> Ref:
        """Return the ID of the VPC."""
        return Ref("Vpc")

    def of_each_zone(self, values: Mapping[int, Any]) -> list[Any]:
        """Return a list with a value for each zone by its number. The value of an absent zone is left out."""
        return [
            when(zone.condition, values[zone.number]) if zone.condition else values[zone.number] for zone in self.zones
        ]

    def subnet_ids(self) -> list[Any]:
        """Return the IDs of the private subnets."""
        return self.of_each_zone({zone.number: Ref(f"PrivateSubnet{zone.number}") for zone in self.zones})

    def route_table_ids(self) -> list[Any]:
        """Return the IDs of the route tables of the private subnets."""
        return self.of_each_zone({zone.number: Ref(f"PrivateRouteTable{zone.number}") for zone in self.zones})


def vpc() -> Vpc:
    """Build the VPC."""
    cidr, zone_count, zone_names = _cidr_parameter(), _zone_count_parameter(), _zone_names_parameter()
    names_given = NamedCondition("HasZoneNames", is_not_empty(zone_names))
    third = NamedCondition(
        "HasThirdZone",
        any_of(
            all_of(is_empty(zone_names), equals(zone_count, str(MAX_ZONES))),
            Not(Equals(list_item(zone_names, MAX_ZONES, MAX_ZONES), "")),
        ),
    )
    large, medium = (
        NamedCondition(f"HasMask{mask}", Equals(Select(1, Split("/", Ref(cidr))), mask)) for mask in ("16", "20")
    )
    zones = [
        Zone(
            number=number,
            condition=third if number == MAX_ZONES else None,
            name=when(names_given, list_item(zone_names, number, MAX_ZONES), Select(number - 1, GetAZs(""))),
        )
        for number in range(1, MAX_ZONES + 1)
    ]
    # Each block is a quarter of the VPC, so its address has 2 bits fewer.
    blocks = Cidr(Ref(cidr), BLOCKS, when(large, 14, when(medium, 10, 6)))
    return Vpc(
        title="Network",
        source=__name__,
        parameters={
            "IPv4 address range": cidr,
            "Number of Availability Zones": zone_count,
            "Names of Availability Zones": zone_names,
        },
        conditions=[names_given, third, large, medium],
        resources=[
            ec2.VPC(
                "Vpc",
                CidrBlock=Ref(cidr),
                EnableDnsHostnames=True,
                EnableDnsSupport=True,
                Tags=name_tag(""),
            ),
            *(resource for zone in zones for resource in _private_subnet(zone, blocks)),
        ],
        outputs=_outputs(zones, third),
        cidr=cidr,
        zones=zones,
        has_third_zone=third,
        public_blocks=Cidr(Ref(cidr), MAX_ZONES, PUBLIC_SUBNET_BITS),
    )


def name_tag(suffix: str) -> Tags:
    """Return the tag that the console shows as the name: the stack, with a suffix that distinguishes its resources."""
    return Tags(Name=Sub(f"${{AWS::StackName}}{suffix}"))


def _cidr_parameter() -> Parameter:
    return string_parameter(
        "VpcCidr",
        "IPv4 addresses of the VPC. Each private subnet has a quarter of them: 16,379 usable addresses with /16, 1,019 "
        "with /20 and 59 with /24. A Studio user needs 2 to 4 addresses, an instance of a job at least 2, and each "
        "interface endpoint one. Choose a range that no connected network uses. Changing this replaces the VPC and all "
        "its subnets, and workspaces in them lose their network.",
        pattern=f"^{_NETWORK}$",
        hint="must be a private range that ends in /16, /20 or /24, such as 10.0.0.0/16 or 10.20.16.0/20, outside "
        "172.17.0.0/16",
        max_length=18,
        default="10.0.0.0/16",
    )


def _zone_count_parameter() -> Parameter:
    return choice_parameter(
        "NumberOfZones",
        "Number of Availability Zones with a private subnet. More zones offer more instances to jobs. Interface "
        "endpoints, and NAT gateways with OnePerZone, are charged for each zone. Some Regions have only two zones. "
        "Increasing this adds a subnet. Decreasing this deletes the third subnet, which fails while something uses it. "
        "It has no effect if AvailabilityZones is specified. Default: 2.",
        ("2", "3"),
        default="2",
    )


def _zone_names_parameter() -> Parameter:
    return string_parameter(
        "AvailabilityZones",
        "Two or three Availability Zones, separated by commas. Leave empty to use the first zones of the Region that "
        "have a default subnet, or the first of all zones if none has one. That order can change when AWS adds a zone "
        "or a default subnet is deleted. To keep the zones, enter the output ZoneNames after the first "
        "deployment. Changing a zone replaces its subnet. AWS rejects this and rolls the update back, because the "
        "addresses are in use by the existing subnet. Adding or removing only the third zone is possible.",
        pattern=f"^$|^{EACH_ONCE}{_ZONE}(,{_ZONE}){{1,2}}$",
        hint="must be empty or two or three different zones such as us-east-1a,us-east-1b, separated by commas, "
        "without spaces",
        max_length=80,
    )


def _private_subnet(zone: Zone, blocks: Cidr) -> list[AWSObject]:
    number = zone.number
    subnet = ec2.Subnet(
        f"PrivateSubnet{number}",
        AvailabilityZone=zone.name,
        CidrBlock=Select(number, blocks),
        VpcId=Ref("Vpc"),
        Tags=name_tag(f" private {number}"),
    )
    table = ec2.RouteTable(f"PrivateRouteTable{number}", VpcId=Ref("Vpc"), Tags=name_tag(f" private {number}"))
    association = ec2.SubnetRouteTableAssociation(
        f"PrivateRouteTableAssociation{number}", RouteTableId=Ref(table), SubnetId=Ref(subnet)
    )
    return zone.resources(subnet, table, association)


def _outputs(zones: Sequence[Zone], third: NamedCondition) -> list[Any]:
    def joined(values: Sequence[Any]) -> Join:
        return Join(",", [*values[:-1], when(third, values[-1])])

    names = [f"PrivateSubnet{zone.number}" for zone in zones]
    return [
        output("VpcId", "ID of the VPC, for the parameter VpcId of a workspace", Ref("Vpc")),
        output(
            "SubnetIds",
            "IDs of the private subnets, for the parameter SubnetIds of a workspace",
            joined([Ref(name) for name in names]),
        ),
        output(
            "ZoneNames",
            "Zones of the subnets. Enter them as the parameter AvailabilityZones to keep them.",
            joined([GetAtt(name, "AvailabilityZone") for name in names]),
        ),
    ]
