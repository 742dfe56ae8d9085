"""The accounts and Regions that a stack set deploys to. Removing one deletes the stack there."""

from __future__ import annotations

from typing import Any

Targets = set[tuple[str, str, str]]

TYPE = "AWS::CloudFormation::StackSet"
GROUPS = "/StackInstancesGroup"


def removes_targets(before: Any, after: Any) -> bool:
    """Return whether a change of StackInstancesGroup can remove a target; True if a value is not known.

    A change of AccountFilterType counts as a removal in both directions.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudformation-stackset-deploymenttargets.html
    """
    if not isinstance(before, list) or not isinstance(after, list):
        return True
    (old, old_excluded), (new, new_excluded) = _targets(before), _targets(after)
    return bool(old - new or new_excluded - old_excluded)


def _targets(groups: list[Any]) -> tuple[Targets, Targets]:
    """Return the organizational units and accounts by Region, and the excluded accounts by Region."""
    included: Targets = set()
    excluded: Targets = set()
    for group in groups:
        targets = group.get("DeploymentTargets", {})
        kind = targets.get("AccountFilterType", "NONE")
        for region in group.get("Regions", []):
            included |= {(region, kind, unit) for unit in targets.get("OrganizationalUnitIds", [])}
            accounts = {(region, kind, account) for account in targets.get("Accounts", [])}
            (excluded if kind == "DIFFERENCE" else included).update(accounts)
    return included, excluded
