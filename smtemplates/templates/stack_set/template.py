"""The template of a stack set that creates workspaces in many accounts and Regions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from troposphere import (
    AWS_STACK_ID,
    Delete,
    Join,
    Parameter,
    Ref,
    Retain,
    Select,
    Split,
    Sub,
    cloudformation,
    encode_to_dict,
)

from smtemplates.core.assemble import Definition
from smtemplates.core.construct import Construct, output, when
from smtemplates.templates.stack_set.permissions import Permissions, permissions
from smtemplates.templates.stack_set.rollout import Rollout, rollout
from smtemplates.templates.stack_set.targets import Targets, targets
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.project import project

DESCRIPTION = (
    "Stack set with Amazon SageMaker workspaces in many accounts and Regions, for organizational units "
    "(service-managed permissions) or for accounts (self-managed permissions)"
)


def definition(without: Collection[str] = ()) -> Definition:
    """Return the stack set for the workspace without these features.

    Raises:
        UsageError: a name in `without` is not a feature of the workspace.
    """
    return Definition(DESCRIPTION, constructs(workspace.constructs(without)))


def constructs(workspace_constructs: Sequence[Construct]) -> list[Construct]:
    """Build the stack set for a workspace; it has all parameters and Rules of the workspace.

    A Rule about the Region is left to each workspace: the Region of the stack set may be another.
    """
    passed_on = [
        Construct(
            title=each.title,
            source=each.source,
            precedes_switches=each.precedes_switches,
            switches=each.switches,
            parameters=each.parameters,
            rules={name: rule for name, rule in each.rules.items() if not _reads_pseudo_parameter(rule)},
        )
        for each in workspace_constructs
        if each.all_parameters
    ]
    parameters = [parameter for each in passed_on for parameter in each.all_parameters.values()]
    places, pace = targets(), rollout()
    access = permissions(places)
    return [places, pace, access, *passed_on, stack_set(places, pace, access, parameters)]


def _reads_pseudo_parameter(rule: Mapping[str, Any]) -> bool:
    return '{"Ref": "AWS::' in json.dumps(encode_to_dict(dict(rule)))


def stack_set(
    targets: Targets, rollout: Rollout, permissions: Permissions, parameters: Sequence[Parameter]
) -> Construct:
    """Build the stack set. Deleting it deletes the stacks in all accounts, except their retained resources.

    Its name and permission model cannot change: CloudFormation does not replace a resource with an explicit name, so
    clearing OrganizationalUnitIds does not delete all workspaces.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    regions = targets.regions()
    stack_uuid = Select(2, Split("/", Ref(AWS_STACK_ID)))
    fleet = cloudformation.StackSet(
        "WorkspaceFleet",
        Condition=targets.has_template.name,
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Retain,
        StackSetName=Sub("workspaces-${Id}", Id=Select(0, Split("-", stack_uuid))),
        Description=Sub("SageMaker workspaces, rolled out by stack ${AWS::StackName}"),
        PermissionModel=when(targets.has_units, "SERVICE_MANAGED", "SELF_MANAGED"),
        CallAs=Ref(permissions.call_as),
        AutoDeployment=targets.auto_deployment(),
        AdministrationRoleARN=when(permissions.has_administration_role, Ref(permissions.administration_role)),
        ExecutionRoleName=when(permissions.has_execution_role, Ref(permissions.execution_role)),
        ManagedExecution=cloudformation.ManagedExecution(Active=True),
        Capabilities=["CAPABILITY_IAM"],
        TemplateURL=Ref(targets.template_url),
        Parameters=[_passed_on(parameter) for parameter in parameters],
        OperationPreferences=rollout.preferences(regions),
        StackInstancesGroup=[
            cloudformation.StackInstances(DeploymentTargets=targets.deployment_targets(), Regions=regions)
        ],
        Tags=project().tags(),
    )
    return Construct(
        title="Stack set",
        source=__name__,
        resources=[fleet],
        outputs=[output("StackSetId", "Name and ID of the stack set", Ref(fleet), condition=targets.has_template)],
    )


def _passed_on(parameter: Parameter) -> cloudformation.Parameter:
    """Pass the value of a parameter to the workspaces. The value of a list is one text."""
    value = Ref(parameter)
    text = Join(",", value) if parameter.Type == "CommaDelimitedList" else value
    return cloudformation.Parameter(ParameterKey=parameter.title, ParameterValue=text)
