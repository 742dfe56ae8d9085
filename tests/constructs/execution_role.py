"""The expectation of the execution role and its policies."""

from __future__ import annotations

from expectations import Choice, Expectation


def creates_role(choice: Choice) -> bool:
    """Return whether the stack creates the execution role."""
    return not choice.is_set("ExistingRoleArn")


def has_least_privilege(choice: Choice) -> bool:
    """Return whether the stack creates the execution role with policies of least privilege."""
    return creates_role(choice) and choice["AccessLevel"] == "LeastPrivilege"


def has_vpc(choice: Choice) -> bool:
    """Return whether the workspace uses a VPC."""
    return choice.is_set("VpcId")


EXPECTATION = Expectation(
    resources={
        "ExecutionRole": creates_role,
        "DataPolicy": creates_role,
        "JobsPolicy": has_least_privilege,
        "WorkflowPolicy": has_least_privilege,
    },
    outputs={"ExecutionRoleName": creates_role},
)
