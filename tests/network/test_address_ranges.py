"""The address ranges that the network accepts, and the subnets in them."""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise
from typing import Any

import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.evaluate import Stack, check_parameters
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import render
from smtemplates.templates.registry import definition

PRIVATE = [ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
# SageMaker uses this range itself.
TAKEN = ipaddress.IPv4Network("172.17.0.0/16")
# AWS uses five addresses of each subnet.
# Source: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
RESERVED = 5


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    return load(render(definition("network").template()))


def block(value: dict[str, Any]) -> ipaddress.IPv4Network:
    """Return the block that Fn::Select and Fn::Cidr stand for, as CloudFormation calculates it."""
    index, ((whole, count, bits),) = value["Fn::Select"][0], value["Fn::Select"][1].values()
    blocks = list(ipaddress.IPv4Network(whole).subnets(new_prefix=32 - int(bits)))
    assert int(index) < int(count) <= len(blocks)
    return blocks[int(index)]


@pytest.mark.parametrize("mask", [16, 20, 24])
def test_subnets_share_the_range_of_the_vpc(network: dict[str, Any], mask: int) -> None:
    """All subnets lie in the VPC, do not overlap, and have the size that the description states."""
    cidr = f"10.20.16.0/{mask}" if mask > 16 else "10.20.0.0/16"
    stack = Stack(network, {**samples.NETWORK, "VpcCidr": cidr})
    subnets = {
        name: block(body["Properties"]["CidrBlock"])
        for name, body in stack.resources.items()
        if body["Type"] == "AWS::EC2::Subnet"
    }
    assert len(subnets) == 6
    vpc = ipaddress.IPv4Network(cidr)
    assert all(subnet.subnet_of(vpc) for subnet in subnets.values())
    assert len(list(ipaddress.collapse_addresses(subnets.values()))) > 1
    ordered = sorted(subnets.values())
    assert all(not one.overlaps(other) for one, other in pairwise(ordered))
    usable = {subnet.num_addresses - RESERVED for name, subnet in subnets.items() if name.startswith("Private")}
    assert f"{usable.pop():,} " in network["Parameters"]["VpcCidr"]["Description"]
    assert usable == set()


@given(st.lists(st.integers(0, 300), min_size=4, max_size=4), st.integers(8, 30))
def test_only_private_ranges_of_three_sizes_are_accepted(octets: list[int], mask: int) -> None:
    """The pattern accepts a range exactly if it is private, complete, free of conflicts, and of a supported size."""
    _check(f"{'.'.join(map(str, octets))}/{mask}")


@given(st.sampled_from([10, 100, 172, 192]), st.integers(0, 255), st.integers(0, 255), st.sampled_from([16, 20, 24]))
def test_ranges_near_the_limits(first: int, second: int, third: int, mask: int) -> None:
    """Most ranges of the first test are not private. These often are."""
    _check(str(ipaddress.ip_network(f"{first}.{second}.{third}.0/{mask}", strict=False)))


PATTERN = str(definition("network").template().to_dict()["Parameters"]["VpcCidr"]["AllowedPattern"])


def _check(cidr: str) -> None:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError:
        network = ipaddress.IPv4Network("8.0.0.0/8")
    expected = (
        network.prefixlen in (16, 20, 24)
        and any(network.subnet_of(private) for private in PRIVATE)
        and not network.overlaps(TAKEN)
    )
    assert (re.fullmatch(PATTERN, cidr) is not None) is expected, cidr


@pytest.mark.parametrize(
    ("zones", "count", "expected"),
    [
        ("", "2", ["0", "1"]),
        ("", "3", ["0", "1", "2"]),
        ("us-east-1b,us-east-1d", "3", ["us-east-1b", "us-east-1d"]),
        ("us-east-1b,us-east-1d,us-east-1a", "2", ["us-east-1b", "us-east-1d", "us-east-1a"]),
    ],
)
def test_zones_are_the_first_or_the_named_ones(
    network: dict[str, Any], zones: str, count: str, expected: list[str]
) -> None:
    """Each zone has a private subnet. Zones that are named decide about their number."""
    stack = Stack(network, {"AvailabilityZones": zones, "NumberOfZones": count})
    found = [
        body["Properties"]["AvailabilityZone"]
        for name, body in stack.resources.items()
        if name.startswith("PrivateSubnet")
    ]
    assert [str(zone["Fn::Select"][0]) if isinstance(zone, dict) else zone for zone in found] == expected
    assert len(stack.outputs["SubnetIds"]["Fn::Join"][1]) == len(expected)


@pytest.mark.parametrize(
    "zones", ["us-east-1a", "us-east-1a,us-east-1a", "us-east-1a, us-east-1b", "use1-az1,use1-az2"]
)
def test_other_zones_are_rejected(network: dict[str, Any], zones: str) -> None:
    """One zone, a zone that is named twice, spaces, and IDs of zones are rejected."""
    assert check_parameters(network, {"AvailabilityZones": zones})
