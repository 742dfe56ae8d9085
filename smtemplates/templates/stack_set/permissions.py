"""Permissions: the account and the roles with which StackSets works."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Parameter

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    any_of,
    choice_parameter,
    equals,
    is_empty,
    is_not_empty,
    rule,
    string_parameter,
)
from smtemplates.templates.stack_set.targets import Targets


@dataclass(frozen=True, kw_only=True)
class Permissions(Construct):
    """Contain the caller and the roles of StackSets, each with the condition that it is set."""

    call_as: Parameter
    administration_role: Parameter
    has_administration_role: NamedCondition
    execution_role: Parameter
    has_execution_role: NamedCondition


def permissions(targets: Targets) -> Permissions:
    """Build the parameters for the caller and the roles of StackSets.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    """
    caller = choice_parameter(
        "CallAs",
        "With organizational units: SELF if this is the management account of the organization, DELEGATED_ADMIN if "
        "it is a registered delegated administrator. Default: SELF.",
        ("SELF", "DELEGATED_ADMIN"),
        default="SELF",
    )
    administration = string_parameter(
        "AdministrationRoleArn",
        "Without organizational units: ARN of the role of this account that StackSets assumes. Leave empty to use "
        "AWSCloudFormationStackSetAdministrationRole, which must exist.",
        pattern="^$|^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]{1,576}$",
        hint="must be empty or the ARN of an IAM role",
        max_length=640,
    )
    execution = string_parameter(
        "ExecutionRoleName",
        "Without organizational units: name of the role in each account with which StackSets creates the stacks. "
        "Leave empty to use AWSCloudFormationStackSetExecutionRole, which must exist.",
        pattern="^$|^[a-zA-Z0-9_+=,.@-]{1,64}$",
        hint="must be empty or the name of an IAM role, such as AWSControlTowerExecution",
        max_length=64,
    )
    has_administration = NamedCondition("HasAdministrationRole", is_not_empty(administration))
    has_execution = NamedCondition("HasExecutionRole", is_not_empty(execution))
    return Permissions(
        title="Stack set permissions",
        source=__name__,
        parameters={
            "Account role in the organization": caller,
            "Administration role": administration,
            "Execution role of StackSets": execution,
        },
        conditions=[has_administration, has_execution],
        rules={
            "DelegatedNeedsUnits": rule(
                "CallAs=DELEGATED_ADMIN requires OrganizationalUnitIds, because a delegated administrator deploys "
                "to organizational units.",
                is_not_empty(targets.units),
                given=equals(caller, "DELEGATED_ADMIN"),
            ),
            "RolesAreForAccounts": rule(
                "Leave AdministrationRoleArn and ExecutionRoleName empty, or leave OrganizationalUnitIds empty. "
                "StackSets creates its own roles for organizational units.",
                is_empty(targets.units),
                given=any_of(is_not_empty(administration), is_not_empty(execution)),
            ),
        },
        call_as=caller,
        administration_role=administration,
        has_administration_role=has_administration,
        execution_role=execution,
        has_execution_role=has_execution,
    )
