"""Build the changes of resources and properties from the answers of AWS.

A value that this version does not know never fails: an unknown action or type of change counts as one whose effect
cannot be seen, and an unknown kind of recreation as one that may replace the resource.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from smtemplates.aws.masking import masked
from smtemplates.deploy.change_sets.change_plan import Fate, IgnoredDrift, PropertyChange, ResourceChange
from smtemplates.deploy.change_sets.kept_names import without_kept_names

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
RECREATION = ("Never", "Conditionally", "Always")
DYNAMIC = "AWS determines the action only when it applies the change."


def resource_changes(
    items: Iterable[Mapping[str, Any]], secrets: Iterable[str] = (), stack_path: str = ""
) -> tuple[ResourceChange, ...]:
    """Return the changes in Changes of DescribeChangeSet, sorted by logical ID, with the values of `secrets` masked."""
    hidden = tuple(value for value in secrets if value)
    changes = [
        _resource_change(item["ResourceChange"], hidden, stack_path)
        if "ResourceChange" in item
        else _unknown_change(item, stack_path)
        for item in without_kept_names(items, UNKNOWN)
    ]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


def merge_pages(full: Iterable[Mapping[str, Any]], plain: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the changes of `full`, and those of `plain` for the resources that are missing in `full`.

    `full` is an answer of DescribeChangeSet with property values, which can be incomplete. `plain` is one without them.
    """
    by_id = {item["ResourceChange"].get("LogicalResourceId"): item for item in plain if "ResourceChange" in item}
    by_id.update({item["ResourceChange"].get("LogicalResourceId"): item for item in full if "ResourceChange" in item})
    others = [item for item in full if "ResourceChange" not in item]
    return [*by_id.values(), *others]


def _unknown_change(item: Mapping[str, Any], stack_path: str) -> ResourceChange:
    kind = str(item.get("Type") or "unknown")
    reason = f"AWS reports a change of type {kind}, which this version does not know."
    return ResourceChange(logical_id=kind, type="", fate="may change", stack_path=stack_path, unseen=reason)


def _fate(change: Mapping[str, Any]) -> Fate:
    action, policy = change.get("Action"), change.get("PolicyAction", "")
    if action == "Remove":
        return "leave the stack" if policy == "Retain" else "delete"
    if action == "Modify":
        replacement = change.get("Replacement") or "False"
        if replacement == "True" or policy.startswith("ReplaceAnd"):
            return "replace"
        return "update" if replacement == "False" else "may replace"
    fates: dict[Any, Fate] = {"Add": "create", "Import": "import", "SyncWithActual": "record"}
    return fates.get(action, "may change")


def _resource_change(change: Mapping[str, Any], secrets: tuple[str, ...], stack_path: str) -> ResourceChange:
    fate, policy = _fate(change), change.get("PolicyAction", "")
    unseen = ""
    if fate == "may change":
        action = change.get("Action")
        unseen = (
            DYNAMIC if action == "Dynamic" else f"AWS reports the action {action}, which this version does not know."
        )
    shown = change.get("Action") not in ("Add", "Remove")
    return ResourceChange(
        logical_id=change.get("LogicalResourceId", ""),
        type=change.get("ResourceType", ""),
        fate=fate,
        physical_id=change.get("PhysicalResourceId"),
        keeps_old=policy in ("Retain", "ReplaceAndRetain"),
        snapshot=policy in ("Snapshot", "ReplaceAndSnapshot"),
        properties=tuple(_mask(item, secrets) for item in _properties(change)) if shown else (),
        stack_path=stack_path,
        nested_change_set_id=change.get("ChangeSetId") or None,
        unseen=unseen,
        drift=change.get("ResourceDriftStatus", ""),
        ignored_drift=tuple(
            IgnoredDrift(path=one.get("Path", ""), reason=one.get("Reason", ""))
            for one in change.get("ResourceDriftIgnoredAttributes", [])
        ),
    )


def _properties(change: Mapping[str, Any]) -> list[PropertyChange]:
    """Return the changed properties, sorted by path. Details add those that are missing in the contexts."""
    before, after = _context(change, "BeforeContext"), _context(change, "AfterContext")
    deployed = _context(change, "PreviousDeploymentContext")
    details = [*_from_details(change.get("Details", []))]
    by_path = {item.path: item for item in details}
    found = [
        replace(
            _detail(path, by_path),
            path=path,
            before=old,
            after=None if UNKNOWN in json.dumps(new) else new,
            known=UNKNOWN not in json.dumps(new),
        )
        for path, old, new in _differences(before, after)
    ]
    if deployed is not None:
        # the context before the change then contains the actual values [i]
        found = [_compared(item, _value_at(deployed, item.path), item.before) for item in found]
    # contexts can be absent or truncated
    missing = [item for item in details if not any(_nearest(one.path, {item.path: item}) for one in found)]
    return sorted([*found, *missing], key=lambda one: one.path)


def _compared(item: PropertyChange, previous: Any, actual: Any) -> PropertyChange:
    """Return the change with the value that was deployed last and the actual value, if these differ."""
    return item if previous == actual else replace(item, drifted=True, previous=previous, actual=actual)


def _detail(path: str, by_path: Mapping[str, PropertyChange]) -> PropertyChange:
    """Return the detail for a path. The values of another path above or below it do not apply."""
    found = by_path.get(path) or _nearest(path, by_path) or PropertyChange(path=path)
    return found if found.path == path else replace(found, drifted=False, previous=None, actual=None)


def _value_at(context: Any, path: str) -> Any:
    for key in path.strip("/").split("/"):
        if not isinstance(context, dict):
            return None
        context = context.get(key)
    return context


def _context(change: Mapping[str, Any], key: str) -> Any:
    try:
        return json.loads(change.get(key) or "null")
    except json.JSONDecodeError:
        return None


def _from_details(details: Iterable[Mapping[str, Any]]) -> Iterator[PropertyChange]:
    """Yield the changes of properties in Details; several details of one property are joined."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for detail in details:
        target = detail.get("Target", {})
        path = target.get("Path") or "/".join(["", *filter(None, (target.get("Attribute"), target.get("Name")))])
        grouped.setdefault(path, []).append(detail)
    for path, group in grouped.items():
        targets = [detail.get("Target", {}) for detail in group]
        after = _first(targets, "AfterValue")
        drift: Mapping[str, Any] = next((target["Drift"] for target in targets if target.get("Drift")), {})
        by_parameter = any(detail.get("ChangeSource") == "ParameterReference" for detail in group)
        kept = [detail for detail in group if not (by_parameter and _repeats(detail))]
        causes = [cause for detail in kept if (cause := _cause(detail))]
        item = PropertyChange(
            path=path,
            before=_first(targets, "BeforeValue"),
            after=after if after != UNKNOWN else None,
            known=after != UNKNOWN,
            recreation=max((_recreation(target) for target in targets), key=RECREATION.index),
            causes=tuple(dict.fromkeys(causes)),
            recorded=all(target.get("AttributeChangeType") == "SyncWithActual" for target in targets),
        )
        yield _compared(item, drift.get("PreviousValue"), drift.get("ActualValue"))


def _first(targets: Iterable[Mapping[str, Any]], key: str) -> Any:
    return next((target[key] for target in targets if key in target), None)


def _recreation(target: Mapping[str, Any]) -> str:
    recreation: str = target.get("RequiresRecreation", "Never")
    return recreation if recreation in RECREATION else "Conditionally"


def _repeats(detail: Mapping[str, Any]) -> bool:
    """Return whether a detail only reports that AWS evaluates the template again, not that the template changed.

    A property that refers to a changed parameter has two details: the parameter, and a dynamic direct modification.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-samples.html
    """
    return detail.get("ChangeSource") == "DirectModification" and detail.get("Evaluation") == "Dynamic"


def _cause(detail: Mapping[str, Any]) -> str:
    """Return the cause of the change of a property in words."""
    entity = detail.get("CausingEntity")
    words = {
        "ParameterReference": f"parameter {entity}",
        "ResourceReference": f"resource {entity}",
        "ResourceAttribute": f"attribute {entity}",
        "DirectModification": "the template",
        "Automatic": "the nested stack",
        "NoModification": "drift",
    }
    return words.get(detail.get("ChangeSource", ""), "")


def _nearest(path: str, causes: Mapping[str, PropertyChange]) -> PropertyChange | None:
    """Return the detail for a path: a detail of the same path, of a path above it or of a path below it."""
    for cause_path, cause in causes.items():
        one, other = path + "/", cause_path + "/"
        if one.startswith(other) or other.startswith(one):
            return cause
    return None


def _differences(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Return the paths at which two contexts differ, with both values; a list is compared as one value."""
    if isinstance(before, dict) or isinstance(after, dict):
        before = {} if before is None else before
        after = {} if after is None else after
    if isinstance(before, dict) and isinstance(after, dict):
        keys = dict.fromkeys([*before, *after])
        return [item for key in keys for item in _differences(before.get(key), after.get(key), f"{path}/{key}")]
    return [] if before == after else [(path, before, after)]


def _mask(item: PropertyChange, secrets: tuple[str, ...]) -> PropertyChange:
    return replace(
        item,
        before=masked(item.before, secrets),
        after=masked(item.after, secrets),
        previous=masked(item.previous, secrets),
        actual=masked(item.actual, secrets),
    )
