"""The plan that a change set contains: the changes of resources and properties, also those in nested stacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from smtemplates.deploy.change_sets.stack_settings import SettingChange
from smtemplates.deploy.change_sets.validation import Finding
from smtemplates.deploy.resources import stack_set_targets as targets

Fate = Literal[
    "create", "update", "replace", "may replace", "delete", "leave the stack", "import", "record", "may change"
]


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """The change of one property.

    `path` is the path in the resource, such as /Properties/VolumeSizeInGB. `before` and `after` are None if the
    property is absent. `known` is False if AWS determines the value only when it applies the change.

    If the property was changed outside CloudFormation, `drifted` is True, `previous` is the value that CloudFormation
    deployed last, and `actual` is the actual value. AWS reports them only in a change set that reverts drift.
    `recorded` is True if the property does not change, and CloudFormation only records its actual value.
    """

    path: str
    before: Any = None
    after: Any = None
    known: bool = True
    recreation: str = "Never"
    causes: tuple[str, ...] = ()
    drifted: bool = False
    previous: Any = None
    actual: Any = None
    recorded: bool = False


@dataclass(frozen=True, kw_only=True)
class IgnoredDrift:
    """An attribute whose drift AWS ignores, and the reason in the words of AWS."""

    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LostResource:
    """A resource that is deleted or replaced in the stacks of a stack set."""

    logical_id: str
    type: str
    replaced: bool = False


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """The change of one resource.

    `stack_path` are the logical IDs of the nested stacks that contain the resource, such as Network/Subnets; '' in the
    stack itself. `nested` are the changes in a nested stack. `unseen` is the reason why the effect of the change
    cannot be seen, or ''. `keeps_old` is True if the existing resource is retained, `snapshot` if it is deleted after
    a snapshot. `stack_set_losses` are the resources that are deleted or replaced in the stacks of a stack set.
    `drift` is the drift status of AWS, or ''.
    """

    logical_id: str
    type: str
    fate: Fate
    physical_id: str | None = None
    keeps_old: bool = False
    properties: tuple[PropertyChange, ...] = ()
    stack_path: str = ""
    nested: tuple[ResourceChange, ...] = ()
    nested_change_set_id: str | None = None
    unseen: str = ""
    snapshot: bool = False
    drift: str = ""
    ignored_drift: tuple[IgnoredDrift, ...] = ()
    stack_set_losses: tuple[LostResource, ...] = ()

    @property
    def id(self) -> str:
        """The logical ID after the path of the nested stacks, such as Network/Subnets/Public."""
        return f"{self.stack_path}/{self.logical_id}" if self.stack_path else self.logical_id

    @property
    def destructive(self) -> bool:
        """Whether the change deletes or replaces the existing resource, or deletes resources of a stack set's stacks.

        A custom resource that "may be replaced" does not count. AWS reports this for every change of a custom
        resource, and replacing it does not delete the resources that its function manages. A resource that is deleted
        after a snapshot counts: the snapshot is not the resource.
        """
        custom = self.type.startswith("Custom::") or self.type == "AWS::CloudFormation::CustomResource"
        return (
            self.fate in ("delete", "replace")
            or (self.fate == "may replace" and not custom)
            or self.removes_stack_instances
            or bool(self.stack_set_losses)
        )

    @property
    def guarded(self) -> bool:
        """Whether the change needs permission: it is destructive, or its effect cannot be seen."""
        return self.destructive or bool(self.unseen)

    @property
    def removes_stack_instances(self) -> bool:
        """Whether the change removes an account, an organizational unit or a Region from a stack set."""
        groups = [item for item in self.properties if targets.GROUPS in item.path]
        return self.type == targets.TYPE and any(targets.removes_targets(item.before, item.after) for item in groups)

    def walk(self) -> Iterator[ResourceChange]:
        """Yield the change and the changes in its nested stacks."""
        yield self
        for change in self.nested:
            yield from change.walk()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A change set and its changes.

    `kind` is CREATE or UPDATE. `settings` are the changes of the stack itself. `empty` is True if the change set
    contains no change, also not of outputs or tags. `settings` can contain changes even then, see `up_to_date`.
    `reverting` is True if the change set reverts drift. `executed` is True if AWS has started to execute it.
    `rollback_disabled` is True if a failed execution is not rolled back.
    `template_digest` is the SHA-256 of the content of the reviewed template, or '' if it is not known.
    `validation_unread` is the reason why the findings of AWS could not be read, or ''.
    `not_evaluated` are the parts of the template that need a transform, so that only AWS can check them.
    """

    stack: str
    stack_id: str
    change_set_id: str
    kind: str
    region: str
    changes: tuple[ResourceChange, ...]
    settings: tuple[SettingChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    validation_unread: str = ""
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str]
    parameters: Mapping[str, str]
    empty: bool = False
    reverting: bool = False
    executed: bool = False
    rollback_disabled: bool = False
    template_digest: str = ""
    not_evaluated: tuple[str, ...] = ()

    @property
    def up_to_date(self) -> bool:
        """Whether a deployment would change nothing."""
        return self.empty and not self.settings

    @property
    def all_changes(self) -> tuple[ResourceChange, ...]:
        """The changes of the stack, each followed by the changes in its nested stack."""
        return tuple(one for change in self.changes for one in change.walk())

    @property
    def destructive(self) -> tuple[ResourceChange, ...]:
        """The changes that delete or replace an existing resource, also in nested stacks."""
        return tuple(change for change in self.all_changes if change.destructive)

    @property
    def unseen(self) -> tuple[ResourceChange, ...]:
        """The changes whose effect cannot be seen, also in nested stacks."""
        return tuple(change for change in self.all_changes if change.unseen)
