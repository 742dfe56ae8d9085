"""The fleet: the workspace in many accounts and Regions, as one stack set that hands its parameters on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import (
    AWS_REGION,
    AWS_STACK_ID,
    Delete,
    Equals,
    If,
    Not,
    Or,
    Parameter,
    Ref,
    Retain,
    Select,
    Split,
    Sub,
    cloudformation,
    encode_to_dict,
)

from smtemplates.core.construct import (
    EACH_ONCE,
    Part,
    all_of,
    choice,
    is_,
    is_on,
    is_set,
    output,
    require,
    switch,
    text,
    when,
)
from smtemplates.templates.stack_set.rollout import Rollout
from smtemplates.templates.workspace.project import project

DESCRIPTION = (
    "Amazon SageMaker workspaces in many accounts and Regions, as one stack set over organizational units "
    "(service-managed permissions) or over accounts (self-managed)"
)

_UNIT = "(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})"
_REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"
_DATA_STAYS = "buckets, keys made there and model groups stay"


def fleet(rollout: Rollout, workspace: Sequence[Part]) -> list[Part]:
    """Roll out the workspace of these areas; their parameters are the fleet's too, and so are their Rules.

    A Rule about the Region is left to each workspace: the fleet's own Region may be another.
    """
    handed_on = [
        Part(
            title=part.title,
            source=part.source,
            parameters=part.parameters,
            rules={name: rule for name, rule in part.rules.items() if not _asks_where(rule)},
        )
        for part in workspace
        if part.parameters
    ]
    names = [str(parameter.title) for part in handed_on for parameter in part.parameters.values()]
    return [_where(_stack_set(rollout, names)), rollout, _permissions(), *handed_on]


def _asks_where(rule: Mapping[str, Any]) -> bool:
    return '{"Ref": "AWS::' in json.dumps(encode_to_dict(dict(rule)))


def _where(stack_set: cloudformation.StackSet) -> Part:
    url, units, accounts = _template_url(), _units(), _accounts()
    joining, leaving = _comings_and_goings()
    regions = text(
        "Regions",
        "Regions where each account gets a workspace, separated by commas. What one of them lacks must be left out of "
        "both templates (render --without), and what workspaces are given (VPC, key, role, topic, bucket of access "
        "logs) must serve every account and Region. Taking one away deletes its stacks, as above. Empty: this Region.",
        pattern=f"^$|^{EACH_ONCE}{_REGION}(,{_REGION}){{0,39}}$",
        hint="must be empty or up to 40 Regions like eu-west-1, each once, separated by commas, no spaces",
        max_length=800,
    )
    return Part(
        title="Fleet",
        source=__name__,
        parameters={
            "Workspace template": url,
            "Organizational units": units,
            "Accounts": accounts,
            "Of the units, these accounts or all others?": _filter(),
            "Regions": regions,
            "Deploy to accounts that join the units?": joining,
            "Keep the stacks of accounts that leave?": leaving,
        },
        conditions={
            # a Rule refuses an empty TemplateUrl, but validators read no Rules
            "HasTemplate": is_set(url),
            "HasUnits": is_set(units),
            "HasAccounts": is_set(accounts),
            "FilterAccounts": all_of(is_("HasUnits"), is_("HasAccounts")),
            "HasRegions": is_set(regions),
            "DeployOnJoining": is_on(joining),
        },
        rules=_rules(url, units, accounts, joining),
        resources=[stack_set],
        outputs=[output("StackSetId", "Name and ID of the stack set", Ref(stack_set), condition="HasTemplate")],
    )


def _rules(url: Parameter, units: Parameter, accounts: Parameter, joining: Parameter) -> Mapping[str, Any]:
    """Refuse what reaches nobody, or other accounts than named.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html
    """
    return {
        "TemplateIsStaged": require(
            "Give TemplateUrl: scripts/publish.py link --staging-bucket BUCKET --json stages the workspace's template "
            "and says where it is.",
            is_set(url),
        ),
        "FleetHasAccounts": require(
            "Give OrganizationalUnitIds, AccountIds or both: they say which accounts get a workspace.",
            Or(is_set(units), is_set(accounts)),
        ),
        "JoiningNeedsUnits": require(
            "Accounts join units: AutoDeploy needs OrganizationalUnitIds.", is_set(units), given=is_on(joining)
        ),
        "JoiningIgnoresAccounts": require(
            "AutoDeploy reaches every account that joins the units, whatever AccountIds says: leave AccountIds empty.",
            Equals(Ref(accounts), ""),
            given=is_on(joining),
        ),
    }


def _template_url() -> Parameter:
    return text(
        "TemplateUrl",
        "Address in S3 of the template of each workspace, from the same release and with the same --without as this "
        "one; scripts/publish.py link stages it. Whoever changes this stack must be able to read it each time, so "
        "choose a bucket where nothing expires. Empty: refused.",
        pattern="^$|^https://([a-z0-9.-]+[.])?s3[.-][a-z0-9.-]+/[!-~]+$",
        hint="must be the https:// address of an object in S3, like "
        "https://my-templates.s3.eu-west-1.amazonaws.com/workspace.yaml",
        max_length=1024,
    )


def _units() -> Parameter:
    """Take as many units as one operation does.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html
    """
    return text(
        "OrganizationalUnitIds",
        "Units of the organization, or its root, whose accounts get a workspace, separated by commas; the management "
        f"account gets none. Taking one away deletes its accounts' stacks; {_DATA_STAYS}. A stack with units cannot "
        "become one without, nor the other way round. Empty: AccountIds alone, with roles that you have made there.",
        pattern=f"^$|^{EACH_ONCE}{_UNIT}(,{_UNIT}){{0,49}}$",
        hint="must be empty or up to 50 IDs like ou-ab12-cdef3456 or r-ab12, each once, separated by commas, no spaces",
        max_length=3449,
    )


def _accounts() -> Parameter:
    return text(
        "AccountIds",
        "Without units: accounts that get a workspace, separated by commas. With units: those of their accounts that "
        f"AccountFilter is about. Taking one away deletes its stacks; {_DATA_STAYS}. Empty: all accounts of the units.",
        pattern=f"^$|^{EACH_ONCE}[0-9]{{12}}(,[0-9]{{12}}){{0,299}}$",
        hint="must be empty or up to 300 account IDs like 111122223333, each once, separated by commas, no spaces",
        max_length=3899,
    )


def _filter() -> Parameter:
    """Offer what creating stacks takes: UNION it does not, and NONE is what an empty AccountIds means.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html
    """
    return choice(
        "AccountFilter",
        "With units and AccountIds: INTERSECTION, only these accounts of the units; DIFFERENCE, all others of the "
        "units. Left alone: INTERSECTION.",
        ("INTERSECTION", "DIFFERENCE"),
        default="INTERSECTION",
    )


def _comings_and_goings() -> tuple[Parameter, Parameter]:
    joining = switch(
        "AutoDeploy",
        "Give a workspace to every account that joins the units later? The settings under Rollout do not apply to "
        "that. 'false': they get none.",
        default=False,
    )
    leaving = switch(
        "RetainOnAccountRemoval",
        "With AutoDeploy, when an account leaves the units: leave its stacks there, outside the fleet? 'false': they "
        "are deleted, as above.",
        default=True,
    )
    return joining, leaving


def _permissions() -> Part:
    """Say as whom StackSets works.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackSet.html
    """
    caller = choice(
        "CallAs",
        "With units: SELF in the organization's management account, DELEGATED_ADMIN in an account that is registered "
        "as delegated administrator. Left alone: SELF.",
        ("SELF", "DELEGATED_ADMIN"),
        default="SELF",
    )
    administration = text(
        "AdministrationRoleArn",
        "Without units: role of this account that StackSets assumes. "
        "Empty: AWSCloudFormationStackSetAdministrationRole, which must be there.",
        pattern="^$|^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]{1,576}$",
        hint="must be empty or the ARN of an IAM role",
        max_length=640,
    )
    execution = text(
        "ExecutionRoleName",
        "Without units: name of the role in each account that makes its stacks. "
        "Empty: AWSCloudFormationStackSetExecutionRole, which must be there.",
        pattern="^$|^[a-zA-Z0-9_+=,.@-]{1,64}$",
        hint="must be empty or the name of an IAM role, like AWSControlTowerExecution",
        max_length=64,
    )
    units = Ref("OrganizationalUnitIds")
    return Part(
        title="Fleet permissions",
        source=__name__,
        parameters={"This account is": caller, "Administration role": administration, "Execution role": execution},
        conditions={"HasAdministrationRole": is_set(administration), "HasExecutionRole": is_set(execution)},
        rules={
            "DelegatedNeedsUnits": require(
                "A delegated administrator deploys to units: CallAs DELEGATED_ADMIN needs OrganizationalUnitIds.",
                Not(Equals(units, "")),
                given=Equals(Ref(caller), "DELEGATED_ADMIN"),
            ),
            "RolesAreForAccounts": require(
                "StackSets makes its own roles for units: leave AdministrationRoleArn and ExecutionRoleName empty, or "
                "OrganizationalUnitIds.",
                Equals(units, ""),
                given=Or(is_set(administration), is_set(execution)),
            ),
        },
    )


def _stack_set(rollout: Rollout, names: Sequence[str]) -> cloudformation.StackSet:
    """Make the stack set; deleting it deletes the stacks in all accounts, each of which keeps what a workspace keeps.

    Its name and its permission model are for life: CloudFormation does not replace what has a name of its own, so
    nobody loses a fleet by clearing OrganizationalUnitIds.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stackset.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """
    regions = If("HasRegions", Split(",", Ref("Regions")), [Ref(AWS_REGION)])
    stack_uuid = Select(2, Split("/", Ref(AWS_STACK_ID)))
    return cloudformation.StackSet(
        "WorkspaceFleet",
        Condition="HasTemplate",
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Retain,
        StackSetName=Sub("workspaces-${Id}", Id=Select(0, Split("-", stack_uuid))),
        Description=Sub("SageMaker workspaces, rolled out by stack ${AWS::StackName}"),
        PermissionModel=If("HasUnits", "SERVICE_MANAGED", "SELF_MANAGED"),
        CallAs=Ref("CallAs"),
        AutoDeployment=when("HasUnits", _auto_deployment()),
        AdministrationRoleARN=when("HasAdministrationRole", Ref("AdministrationRoleArn")),
        ExecutionRoleName=when("HasExecutionRole", Ref("ExecutionRoleName")),
        ManagedExecution=cloudformation.ManagedExecution(Active=True),
        Capabilities=["CAPABILITY_IAM"],
        TemplateURL=Ref("TemplateUrl"),
        Parameters=[cloudformation.Parameter(ParameterKey=name, ParameterValue=Ref(name)) for name in names],
        OperationPreferences=rollout.preferences(regions),
        StackInstancesGroup=[cloudformation.StackInstances(DeploymentTargets=_targets(), Regions=regions)],
        Tags=project().tags(),
    )


def _auto_deployment() -> cloudformation.AutoDeployment:
    return cloudformation.AutoDeployment(
        Enabled=Ref("AutoDeploy"),
        # only to be given together with Enabled
        RetainStacksOnAccountRemoval=when("DeployOnJoining", Ref("RetainOnAccountRemoval")),
    )


def _targets() -> cloudformation.DeploymentTargets:
    return cloudformation.DeploymentTargets(
        OrganizationalUnitIds=when("HasUnits", Split(",", Ref("OrganizationalUnitIds"))),
        Accounts=when("HasAccounts", Split(",", Ref("AccountIds"))),
        AccountFilterType=when("FilterAccounts", Ref("AccountFilter"), when("HasUnits", "NONE")),
    )
