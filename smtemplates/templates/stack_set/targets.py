"""Targets: the accounts and Regions in which the stack set creates workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import AWS_REGION, If, Parameter, Ref, cloudformation

from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    any_of,
    boolean_parameter,
    choice_parameter,
    is_empty,
    is_not_empty,
    is_true,
    rule,
    split_list,
    string_parameter,
    when,
)

_UNIT = "(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})"
_REGION = "[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"


@dataclass(frozen=True, kw_only=True)
class Targets(Construct):
    """Contain the accounts and Regions of the workspaces, and their template."""

    template_url: Parameter
    has_template: NamedCondition
    units: Parameter
    has_units: NamedCondition
    accounts: Parameter
    has_accounts: NamedCondition
    account_filter: Parameter
    filter_accounts: NamedCondition
    region_list: Parameter
    has_regions: NamedCondition
    deploy_on_joining: Parameter
    is_deployed_on_joining: NamedCondition
    retain_on_leaving: Parameter

    def regions(self) -> If:
        """Return the Regions; without the parameter, the Region of the stack set."""
        return when(self.has_regions, split_list(self.region_list), [Ref(AWS_REGION)])

    def deployment_targets(self) -> cloudformation.DeploymentTargets:
        """Return the units and accounts."""
        return cloudformation.DeploymentTargets(
            OrganizationalUnitIds=when(self.has_units, split_list(self.units)),
            Accounts=when(self.has_accounts, split_list(self.accounts)),
            AccountFilterType=when(self.filter_accounts, Ref(self.account_filter), when(self.has_units, "NONE")),
        )

    def auto_deployment(self) -> If:
        """Return the settings for accounts that join or leave the units."""
        settings = cloudformation.AutoDeployment(
            Enabled=Ref(self.deploy_on_joining),
            # StackSets takes this setting only together with Enabled
            RetainStacksOnAccountRemoval=when(self.is_deployed_on_joining, Ref(self.retain_on_leaving)),
        )
        return when(self.has_units, settings)


def targets() -> Targets:
    """Build the parameters for the template, the accounts and the Regions."""
    url, units, accounts = _template_url(), _units(), _accounts()
    joining, leaving = _comings_and_goings()
    account_filter, regions = _filter(), _regions()
    has_units = NamedCondition("HasUnits", is_not_empty(units))
    has_accounts = NamedCondition("HasAccounts", is_not_empty(accounts))
    # a Rule rejects an empty TemplateUrl, but linters do not evaluate Rules
    has_template = NamedCondition("HasTemplate", is_not_empty(url))
    filter_accounts = NamedCondition("FilterAccounts", all_of(has_units, has_accounts))
    has_regions = NamedCondition("HasRegions", is_not_empty(regions))
    deploy_on_joining = NamedCondition("DeployOnJoining", is_true(joining))
    return Targets(
        title="Stack set",
        source=__name__,
        parameters={
            "Workspace template": url,
            "Organizational units": units,
            "Accounts": accounts,
            "Account filter": account_filter,
            "Regions": regions,
            "Deploy to accounts that join": joining,
            "Retain stacks of accounts that leave": leaving,
        },
        conditions=[has_template, has_units, has_accounts, filter_accounts, has_regions, deploy_on_joining],
        rules=_rules(url, units, accounts, joining),
        template_url=url,
        has_template=has_template,
        units=units,
        has_units=has_units,
        accounts=accounts,
        has_accounts=has_accounts,
        account_filter=account_filter,
        filter_accounts=filter_accounts,
        region_list=regions,
        has_regions=has_regions,
        deploy_on_joining=joining,
        is_deployed_on_joining=deploy_on_joining,
        retain_on_leaving=leaving,
    )


def _rules(url: Parameter, units: Parameter, accounts: Parameter, joining: Parameter) -> Mapping[str, Any]:
    """Build rules against input that selects no accounts, or other accounts than intended.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-manage-auto-deployment.html
    """
    return {
        "TemplateIsStaged": rule(
            "TemplateUrl is required. Stage the workspace template with smtemplates publish stage --staging-bucket "
            "BUCKET, and enter the URL that it prints.",
            is_not_empty(url),
        ),
        "FleetHasAccounts": rule(
            "Enter OrganizationalUnitIds, AccountIds or both. They select the accounts that get a workspace.",
            any_of(is_not_empty(units), is_not_empty(accounts)),
        ),
        "JoiningNeedsUnits": rule(
            "AutoDeploy requires OrganizationalUnitIds, because accounts join organizational units.",
            is_not_empty(units),
            given=is_true(joining),
        ),
        "JoiningIgnoresAccounts": rule(
            "With AutoDeploy, leave AccountIds empty. AutoDeploy reaches every account that joins the units, "
            "regardless of AccountIds.",
            is_empty(accounts),
            given=is_true(joining),
        ),
    }


def _template_url() -> Parameter:
    return string_parameter(
        "TemplateUrl",
        "S3 URL of the workspace template. It must be from the same release and rendered with the same --without "
        "as this template. The command smtemplates publish stage uploads it. Every update of this stack reads it "
        "again, so use a bucket whose objects do not expire. It is required.",
        pattern="^$|^https://([a-z0-9.-]+[.])?s3[.-][a-z0-9.-]+/[!-~]+$",
        hint="must be the https:// URL of an object in S3, such as "
        "https://my-templates.s3.eu-west-1.amazonaws.com/workspace.yaml",
        max_length=1024,
    )


def _units() -> Parameter:
    """Build the parameter for organizational units: as many as one operation accepts.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStackInstances.html
    """
    return string_parameter(
        "OrganizationalUnitIds",
        "IDs of organizational units, or of the root of the organization, separated by commas. Their accounts get "
        "a workspace, except the management account. Removing a unit deletes the stacks in its accounts. Buckets, "
        "KMS keys and model package groups are retained. You cannot add units to a stack set without units, or "
        "remove all units later. Leave empty to use only AccountIds, with roles that you have created in those "
        "accounts.",
        pattern=f"^$|^{EACH_ONCE}{_UNIT}(,{_UNIT}){{0,49}}$",
        hint="must be empty or up to 50 different IDs such as ou-ab12-cdef3456 or r-ab12, separated by commas, "
        "without spaces",
        max_length=3449,
    )


def _accounts() -> Parameter:
    return string_parameter(
        "AccountIds",
        "IDs of AWS accounts, separated by commas. Without organizational units, these accounts get a workspace. "
        "With organizational units, AccountFilter decides how the list is used. Removing an account deletes its "
        "stacks. Buckets, KMS keys and model package groups are retained. Leave empty to use all accounts of the "
        "units.",
        pattern=f"^$|^{EACH_ONCE}[0-9]{{12}}(,[0-9]{{12}}){{0,299}}$",
        hint="must be empty or up to 300 different account IDs such as 111122223333, separated by commas, without "
        "spaces",
        max_length=3899,
    )


def _filter() -> Parameter:
    """Build the account filter. Stack creation does not accept UNION, and NONE is the meaning of empty AccountIds.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html
    """
    return choice_parameter(
        "AccountFilter",
        "How AccountIds limits the organizational units. INTERSECTION uses only these accounts of the units. "
        "DIFFERENCE uses all other accounts of the units. Default: INTERSECTION.",
        ("INTERSECTION", "DIFFERENCE"),
        default="INTERSECTION",
    )


def _regions() -> Parameter:
    return string_parameter(
        "Regions",
        "Regions in which each account gets a workspace, separated by commas. If a Region lacks a feature, render "
        "both templates without the feature (--without). The VPC, key, role, topic and log bucket that you enter "
        "must be valid in every account and Region. Removing a Region deletes its stacks. Buckets, KMS keys and "
        "model package groups are retained. Leave empty to use the Region of this stack.",
        pattern=f"^$|^{EACH_ONCE}{_REGION}(,{_REGION}){{0,39}}$",
        hint="must be empty or up to 40 different Regions such as eu-west-1, separated by commas, without spaces",
        max_length=800,
    )


def _comings_and_goings() -> tuple[Parameter, Parameter]:
    joining = boolean_parameter(
        "AutoDeploy",
        "Create a workspace in every account that joins the organizational units later. The rollout settings do "
        "not apply to these deployments. If false, such accounts get no workspace.",
        default=False,
    )
    leaving = boolean_parameter(
        "RetainOnAccountRemoval",
        "With AutoDeploy, retain the stacks of an account that leaves the organizational units, outside the stack "
        "set. If false, the stacks are deleted. Buckets, KMS keys and model package groups are retained.",
        default=True,
    )
    return joining, leaving
