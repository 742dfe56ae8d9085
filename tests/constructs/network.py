"""The expectation of the security group."""

from __future__ import annotations

from expectations import Choice, Expectation

from constructs.execution_role import has_vpc


def creates_security_group(choice: Choice) -> bool:
    """Return whether the stack creates a security group: with a VPC and without existing groups."""
    return has_vpc(choice) and not choice.is_set("SecurityGroupIds")


EXPECTATION = Expectation(
    resources=dict.fromkeys(
        ("SecurityGroup", "SecurityGroupFromMembers", "SecurityGroupToMembers"), creates_security_group
    )
)
