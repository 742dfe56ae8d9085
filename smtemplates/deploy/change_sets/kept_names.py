"""Recognize possible replacements that cannot happen, because the only cause is a name that an update keeps.

A change set evaluates a reference to an updated resource only when it is executed, and reports that a property with
the reference may require a replacement. The ID and the ARN of a resource that is updated in place do not change.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from smtemplates.aws_data.identities import IDENTITIES, NOT_IDENTIFIED

Change = Mapping[str, Any]


def without_kept_names(items: Iterable[Change], unknown: str) -> list[Change]:
    """Return changes in which such replacements are updates in place.

    `unknown` is the text for a value that is not known yet.
    """
    listed = list(items)
    changes = {name: item["ResourceChange"] for item in listed if (name := _name(item))}
    in_place = {name for name, change in changes.items() if _is_update(change, "False")}
    while more := {
        name
        for name, change in changes.items()
        if name not in in_place and _is_update(change, "Conditional") and _keeps(change, in_place, changes, unknown)
    }:
        in_place |= more
    return [_in_place(item) if _name(item) in in_place else item for item in listed]


def _name(item: Change) -> Any:
    return item.get("ResourceChange", {}).get("LogicalResourceId")


def _is_update(change: Change, replacement: str) -> bool:
    policy = str(change.get("PolicyAction", ""))
    same = (change.get("Replacement") or "False") == replacement
    return change.get("Action") == "Modify" and same and not policy.startswith("ReplaceAnd")


def _keeps(change: Change, in_place: set[Any], changes: Mapping[Any, Change], unknown: str) -> bool:
    """Return whether each detail that may require a replacement only repeats a name that does not change."""
    details = [one for one in change.get("Details", []) if one.get("Target", {}).get("RequiresRecreation") != "Never"]
    return bool(details) and all(_is_kept(detail, in_place, changes, unknown) for detail in details)


def _is_kept(detail: Change, in_place: set[Any], changes: Mapping[Any, Change], unknown: str) -> bool:
    source, target = detail.get("ChangeSource"), detail.get("Target", {})
    name, _, attribute = str(detail.get("CausingEntity", "")).partition(".")
    type_ = str(changes.get(name, {}).get("ResourceType", ""))
    after = target.get("AfterValue", unknown)
    same = after in (unknown, target.get("BeforeValue", unknown))
    if detail.get("Evaluation") != "Dynamic" or name not in in_place or not same:
        return False
    if source == "ResourceReference":
        return type_.startswith("AWS::") and not type_.startswith(NOT_IDENTIFIED)
    return source == "ResourceAttribute" and attribute in IDENTITIES.get(type_, frozenset())


def _in_place(item: Change) -> Change:
    change = item["ResourceChange"]
    if change.get("Replacement") != "Conditional":
        return item
    details = [
        {**detail, "Target": {**detail.get("Target", {}), "RequiresRecreation": "Never"}}
        for detail in change.get("Details", [])
    ]
    return {**item, "ResourceChange": {**change, "Replacement": "False", "Details": details}}
