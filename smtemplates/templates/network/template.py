"""The template of a network: a VPC in which workspaces run, and which is retained when they are deleted."""

from __future__ import annotations

from collections.abc import Collection

from smtemplates.core.assemble import Definition
from smtemplates.templates.network.endpoints import endpoints
from smtemplates.templates.network.flow_logs import flow_logs
from smtemplates.templates.network.nat import nat
from smtemplates.templates.network.security_groups import security_groups
from smtemplates.templates.network.vpc import vpc

DESCRIPTION = (
    "Network for Amazon SageMaker workspaces: VPC with private subnets, endpoints, and optional NAT and flow logs"
)


def definition(without: Collection[str] = ()) -> Definition:
    """Return the network. It contains no feature of the workspace, so `without` has no effect."""
    del without
    network = vpc()
    groups = security_groups(network)
    return Definition(DESCRIPTION, [network, endpoints(network, groups), nat(network), flow_logs(network), groups])
