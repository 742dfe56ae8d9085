"""What a change set would do, as values; built from AWS's answers, shown by show.py, judged by the deployer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smtemplates.aws.masking import masked
from smtemplates.deploy import stack_set_targets as places

UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"

Fate = Literal["create", "update", "replace", "may replace", "delete", "leave the stack", "import", "may change"]


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """One property, before and after; None where it is absent. `known` is False if only applying tells its value."""

    path: str
    before: Any = None
    after: Any = None
    known: bool = True
    recreation: str = "Never"
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """What happens to one resource."""

    logical_id: str
    type: str
    fate: Fate
    physical_id: str | None = None
    keeps_old: bool = False
    properties: tuple[PropertyChange, ...] = ()

    @property
    def destructive(self) -> bool:
        """Tell whether the resource in use now goes away, or stacks of a stack set do.

        A custom resource that "may be replaced" does not count: AWS says so of every change to one, and
        what it stands for is not its own.
        """
        custom = self.type.startswith("Custom::") or self.type == "AWS::CloudFormation::CustomResource"
        return (
            self.fate in ("delete", "replace")
            or (self.fate == "may replace" and not custom)
            or self.removes_stack_instances
        )

    @property
    def removes_stack_instances(self) -> bool:
        """Tell whether it is a stack set that gives up an account, a unit or a Region."""
        groups = [item for item in self.properties if places.GROUPS in item.path]
        return self.type == places.TYPE and any(places.gives_up(item.before, item.after) for item in groups)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What AWS's early validation says about the change set; `fatal` if executing it would fail."""

    resource: str
    path: str
    reason: str
    fatal: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A change set that was made, and what it would do.

    `reverting` if it was to put back what drifted; `executed` if AWS has begun to do it. `template_digest` is that of
    the template's content that was reviewed, and '' where nobody says which that was.
    """

    stack: str
    stack_id: str
    change_set_id: str
    kind: str
    region: str
    changes: tuple[ResourceChange, ...]
    findings: tuple[Finding, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    empty: bool = False
    reverting: bool = False
    executed: bool = False
    template_digest: str = ""

    @property
    def destructive(self) -> tuple[ResourceChange, ...]:
        """The changes after which a resource in use now is gone."""
        return tuple(change for change in self.changes if change.destructive)


def resource_changes(items: Iterable[Mapping[str, Any]], secrets: Iterable[str] = ()) -> tuple[ResourceChange, ...]:
    """Read the Changes of DescribeChangeSet; wherever a value of `secrets` occurs, it is masked."""
    hidden = tuple(value for value in secrets if value)
    changes = [_resource_change(item["ResourceChange"], hidden) for item in items if "ResourceChange" in item]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


def merge_pages(full: Iterable[Mapping[str, Any]], plain: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Join the changes of an answer with values, which can leave resources out, with those of one without."""
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
    # without contexts the details are all there is; beside them they add what the contexts truncate or leave out
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
    """Read Details: several can name one property, each with a cause of its own."""
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
        told = [detail for detail in group if not (by_parameter and _repeats(detail))]
        causes = [cause for detail in told if (cause := _cause(detail))]
        yield PropertyChange(
            path=path,
            before=next((target["BeforeValue"] for target in targets if "BeforeValue" in target), None),
            after=after if after != UNKNOWN else None,
            known=after != UNKNOWN,
            recreation=recreation,
            causes=tuple(dict.fromkeys(causes)),
        )


def _repeats(detail: Mapping[str, Any]) -> bool:
    """Tell whether a detail only says that AWS evaluates the template again, not that the template was changed.

    A property that refers to a changed parameter has two details: the parameter, and a dynamic direct modification.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets-samples.html
    """
    return detail.get("ChangeSource") == "DirectModification" and detail.get("Evaluation") == "Dynamic"


def _cause(detail: Mapping[str, Any]) -> str:
    """Say in words what made a property change."""
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
    """Find what caused the change at a path: a detail at it, above it or below it."""
    for cause_path, cause in causes.items():
        one, other = path + "/", cause_path + "/"
        if one.startswith(other) or other.startswith(one):
            return cause
    return None


def _differences(before: Any, after: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """List the leaves in which two contexts differ; lists are compared as wholes."""
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
    """Say in words what happens to a resource, and what makes it happen."""
    texts = {
        "create": "will be created",
        "update": "will be updated in place",
        "replace": "will be replaced by a new one",
        "may replace": "may be replaced by a new one",
        "delete": "will be deleted",
        "leave the stack": "will stay, but the stack no longer knows it",
        "import": "exists already and will be taken into the stack",
        "may change": "may change, depending on others",
    }
    text = texts[change.fate]
    if change.removes_stack_instances:
        text += ", and its stacks are deleted where it gives up an account, a unit or a Region"
    if change.keeps_old and change.fate in ("replace", "may replace"):
        text += ", and the old one is kept outside the stack"
    makers = [item for item in change.properties if item.recreation != "Never"]
    if change.fate in ("replace", "may replace") and makers:
        named = ", ".join(
            f"{item.path.split('/')[-1]} changes" + (f" ({', '.join(item.causes)})" if item.causes else "")
            for item in makers
        )
        text += f", because {named}"
    return text
