"""The plan that a change set contains: the changes of resources and properties, built from the answers of AWS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smtemplates.aws.masking import masked
from smtemplates.deploy.change_sets.stack_settings import SettingChange
from smtemplates.deploy.change_sets.validation import Finding
from smtemplates.deploy.resources import stack_set_targets as targets

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"

Fate = Literal["create", "update", "replace", "may replace", "delete", "leave the stack", "import", "may change"]


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """The change of one property.

    `path` is the path in the resource, such as /Properties/VolumeSizeInGB. `before` and `after` are None if the
    property is absent. `known` is False if AWS determines the value only when it applies the change.
    """

    path: str
    before: Any = None
    after: Any = None
    known: bool = True
    recreation: str = "Never"
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """The change of one resource."""

    logical_id: str
    type: str
    fate: Fate
    physical_id: str | None = None
    keeps_old: bool = False
    properties: tuple[PropertyChange, ...] = ()

    @property
    def destructive(self) -> bool:
        """Whether the change deletes or replaces the existing resource, or deletes stacks of a stack set.

        A custom resource that "may be replaced" does not count. AWS reports this for every change of a custom
        resource, and replacing it does not delete the resources that its function manages.
        """
        custom = self.type.startswith("Custom::") or self.type == "AWS::CloudFormation::CustomResource"
        return (
            self.fate in ("delete", "replace")
            or (self.fate == "may replace" and not custom)
            or self.removes_stack_instances
        )

    @property
    def removes_stack_instances(self) -> bool:
        """Whether the change removes an account, an organizational unit or a Region from a stack set."""
        groups = [item for item in self.properties if targets.GROUPS in item.path]
        return self.type == targets.TYPE and any(targets.removes_targets(item.before, item.after) for item in groups)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A change set and its changes.

    `kind` is CREATE or UPDATE. `settings` are the changes of the stack itself. `empty` is True if the change set
    contains no change, also not of outputs or tags. `settings` can contain changes even then, see `up_to_date`.
    `reverting` is True if the change set reverts drift. `executed` is True if AWS has started to execute it.
    `rollback_disabled` is True if a failed execution is not rolled back.
    `template_digest` is the SHA-256 of the content of the reviewed template, or '' if it is not known.
    """

    stack: str
    stack_id: str
    change_set_id: str
    kind: str
    region: str
    changes: tuple[ResourceChange, ...]
    settings: tuple[SettingChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    empty: bool = False
    reverting: bool = False
    executed: bool = False
    rollback_disabled: bool = False
    template_digest: str = ""

    @property
    def up_to_date(self) -> bool:
        """Whether a deployment would change nothing."""
        return self.empty and not self.settings

    @property
    def destructive(self) -> tuple[ResourceChange, ...]:
        """The changes that delete or replace an existing resource."""
        return tuple(change for change in self.changes if change.destructive)


def resource_changes(items: Iterable[Mapping[str, Any]], secrets: Iterable[str] = ()) -> tuple[ResourceChange, ...]:
    """Return the changes in Changes of DescribeChangeSet, sorted by logical ID, with the values of `secrets` masked."""
    hidden = tuple(value for value in secrets if value)
    changes = [_resource_change(item["ResourceChange"], hidden) for item in items if "ResourceChange" in item]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


def merge_pages(full: Iterable[Mapping[str, Any]], plain: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the changes of `full`, and those of `plain` for the resources that are missing in `full`.

    `full` is an answer of DescribeChangeSet with property values, which can be incomplete. `plain` is one without them.
    """
    by_id = {item["ResourceChange"]["LogicalResourceId"]: item for item in plain if "ResourceChange" in item}
    by_id.update({item["ResourceChange"]["LogicalResourceId"]: item for item in full if "ResourceChange" in item})
    return list(by_id.values())


def _fate(change: Mapping[str, Any]) -> Fate:
    action, policy = change.get("Action"), change.get("PolicyAction", "")
    if action == "Remove":
        return "leave the stack" if policy == "Retain" else "delete"
    if action == "Modify":
        replacement = change.get("Replacement")
        if replacement == "True" or policy.startswith("ReplaceAnd"):
            return "replace"
        return "may replace" if replacement == "Conditional" else "update"
    fates: dict[Any, Fate] = {"Add": "create", "Import": "import", "SyncWithActual": "update"}
    return fates.get(action, "may change")


def _resource_change(change: Mapping[str, Any], secrets: tuple[str, ...]) -> ResourceChange:
    before, after = _context(change, "BeforeContext"), _context(change, "AfterContext")
    details = [*_from_details(change.get("Details", []))]
    causes = {item.path: item for item in details}
    paths = _differences(before, after)
    found = [
        PropertyChange(
            path=path,
            before=masked(old, secrets),
            after=None if UNKNOWN in json.dumps(new) else masked(new, secrets),
            known=UNKNOWN not in json.dumps(new),
            recreation=cause.recreation if cause else "Never",
            causes=cause.causes if cause else (),
        )
        for path, old, new in paths
        for cause in [_nearest(path, causes)]
    ]
    # contexts can be absent or truncated: the details add the properties that are missing in them
    missing = [item for item in details if not any(_nearest(one.path, {item.path: item}) for one in found)]
    shown = change.get("Action") not in ("Add", "Remove")
    return ResourceChange(
        logical_id=change["LogicalResourceId"],
        type=change.get("ResourceType", ""),
        fate=_fate(change),
        physical_id=change.get("PhysicalResourceId"),
        keeps_old=change.get("PolicyAction", "") in ("Retain", "ReplaceAndRetain", "ReplaceAndSnapshot", "Snapshot"),
        properties=tuple(_without(item, secrets) for item in sorted([*found, *missing], key=lambda one: one.path))
        if shown
        else (),
    )


def _context(change: Mapping[str, Any], key: str) -> Any:
    try:
        return json.loads(change.get(key) or "null")
    except json.JSONDecodeError:
        return None


def _from_details(details: Iterable[Mapping[str, Any]]) -> Iterable[PropertyChange]:
    """Yield the changes of properties in Details; several details of one property are joined."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for detail in details:
        target = detail.get("Target", {})
        path = target.get("Path") or "/".join(["", *filter(None, (target.get("Attribute"), target.get("Name")))])
        grouped.setdefault(path, []).append(detail)
    for path, group in grouped.items():
        targets = [detail.get("Target", {}) for detail in group]
        after = next((target["AfterValue"] for target in targets if "AfterValue" in target), None)
        order = ("Never", "Conditionally", "Always")
        recreation = max((target.get("RequiresRecreation", "Never") for target in targets), key=order.index)
        by_parameter = any(detail.get("ChangeSource") == "ParameterReference" for detail in group)
        kept = [detail for detail in group if not (by_parameter and _repeats(detail))]
        causes = [cause for detail in kept if (cause := _cause(detail))]
        yield PropertyChange(
            path=path,
            before=next((target["BeforeValue"] for target in targets if "BeforeValue" in target), None),
            after=after if after != UNKNOWN else None,
            known=after != UNKNOWN,
            recreation=recreation,
            causes=tuple(dict.fromkeys(causes)),
        )


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


def _without(item: PropertyChange, secrets: tuple[str, ...]) -> PropertyChange:
    return PropertyChange(
        path=item.path,
        before=masked(item.before, secrets),
        after=masked(item.after, secrets),
        known=item.known,
        recreation=item.recreation,
        causes=item.causes,
    )


def describe_change(change: ResourceChange) -> str:
    """Return a text on what happens to a resource and why."""
    texts = {
        "create": "will be created",
        "update": "will be updated in place",
        "replace": "will be replaced",
        "may replace": "may be replaced",
        "delete": "will be deleted",
        "leave the stack": "will be retained and removed from the stack",
        "import": "exists already and will be imported into the stack",
        "may change": "may change, depending on other resources",
    }
    text = texts[change.fate]
    if change.removes_stack_instances:
        text += ", and its stacks in the removed accounts, organizational units and Regions will be deleted"
    if change.keeps_old and change.fate in ("replace", "may replace"):
        text += ", and the existing resource will be retained outside the stack"
    causing = [item for item in change.properties if item.recreation != "Never"]
    if change.fate in ("replace", "may replace") and causing:
        named = ", ".join(
            f"{item.path.split('/')[-1]} changes" + (f" ({', '.join(item.causes)})" if item.causes else "")
            for item in causing
        )
        text += f", because {named}"
    return text
