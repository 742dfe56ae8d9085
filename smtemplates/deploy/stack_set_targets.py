"""Where a stack set has its stacks: an update that gives up a place deletes the stack there."""

from __future__ import annotations

from typing import Any

Places = set[tuple[str, str, str]]

TYPE = "AWS::CloudFormation::StackSet"
GROUPS = "/StackInstancesGroup"


def gives_up(before: Any, after: Any) -> bool:
    """Tell whether a stack set's StackInstancesGroup loses a place; where it is not known, it may.

    A change of AccountFilterType counts, whichever way it goes.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html
    """
    if not isinstance(before, list) or not isinstance(after, list):
        return True
    (old, but_old), (new, but_new) = _places(before), _places(after)
    return bool(old - new or but_new - but_old)


def _places(groups: list[Any]) -> tuple[Places, Places]:
    """List the units and accounts by Region, and apart from them the accounts that are left out."""
    found: Places = set()
    left_out: Places = set()
    for group in groups:
        targets = group.get("DeploymentTargets", {})
        kind = targets.get("AccountFilterType", "NONE")
        for region in group.get("Regions", []):
            found |= {(region, kind, unit) for unit in targets.get("OrganizationalUnitIds", [])}
            accounts = {(region, kind, account) for account in targets.get("Accounts", [])}
            (left_out if kind == "DIFFERENCE" else found).update(accounts)
    return found, left_out
