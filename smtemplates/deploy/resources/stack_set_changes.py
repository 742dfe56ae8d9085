"""Determine the resources that a change of a stack set deletes or replaces in its stacks.

CloudFormation does not show these. The template of the stack set is therefore evaluated with the parameters before and
after the change, for each Region of its stacks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws.errors import CloudError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.resources import stack_sets
from smtemplates.deploy.resources.stack_tree import RETAINING_POLICIES
from smtemplates.errors import Error
from smtemplates.evaluate import Stack as Evaluated
from smtemplates.evaluate import sections
from smtemplates.synth import received

WATCHED = ("TemplateBody", "TemplateURL", "Parameters", "StackInstancesGroup")
# An incomplete or unusual template can fail in any place of its evaluation.
UNEVALUATED = (Error, LookupError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change of one property of a stack set. `known` is False if AWS determines the value later."""

    before: Any = None
    after: Any = None
    known: bool = True


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The resources that a change of a stack set destroys in its stacks, as logical ID, type and "replaced".

    `unseen` is the reason why the effect cannot be seen, or ''.
    """

    losses: tuple[tuple[str, str, bool], ...] = ()
    unseen: str = ""


def effect(cloud: Cloud, set_id: str, changes: Mapping[str, Change]) -> Effect:
    """Return the effect of changes of a stack set on the resources in its stacks. `changes` are by property."""
    relevant = {name: change for name, change in changes.items() if name in WATCHED}
    groups = relevant.get("StackInstancesGroup")
    if groups is not None and (not groups.known or _overrides(groups.before) == _overrides(groups.after)):
        del relevant["StackInstancesGroup"]  # the guard evaluates removed accounts and Regions separately
    if not relevant:
        return Effect()
    if reason := _unknown(relevant):
        return Effect(unseen=reason)
    try:
        found = stack_sets.describe(cloud, set_id)
        return Effect() if found is None else _Comparison(cloud).compare(found[0], relevant)
    except CloudError as error:
        return Effect(unseen=f"The stack set could not be read. {sentence(error)}")
    except UNEVALUATED as error:
        text = sentence(error) if isinstance(error, Error) else "It has an unusual form."
        return Effect(unseen=f"The template of the stack set could not be evaluated. {text}")


def _unknown(changes: Mapping[str, Change]) -> str:
    """Return the reason why the values after a change are not known, or an empty text."""
    if "StackInstancesGroup" in changes:
        return "The parameters that override those of the stack set change."
    if not all(change.known for change in changes.values()):
        return "AWS determines new values of the stack set only when it applies the change."
    if "TemplateURL" in changes:
        return "The template of the stack set changes, and the new one is not read from its URL."
    return ""


def _overrides(groups: Any) -> list[str]:
    """Return the different sets of parameters that override those of the stack set."""
    found = [group.get("ParameterOverrides") or [] for group in groups or [] if isinstance(group, dict)]
    return sorted({json.dumps(one, sort_keys=True, default=str) for one in found} - {"[]"})


def _values(parameters: Any) -> dict[str, str]:
    return {one["ParameterKey"]: str(one.get("ParameterValue", "")) for one in parameters or []}


def _read(text: str) -> dict[str, Any]:
    content = received.read(text)
    if content is None:
        raise ValueError(text)
    return content


@dataclass(frozen=True)
class _Comparison:
    """The comparison of the templates of a stack set before and after a change."""

    cloud: Cloud
    schemas: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def compare(self, current: Mapping[str, Any], changes: Mapping[str, Change]) -> Effect:
        body = current["TemplateBody"]
        parameters = changes.get("Parameters") or Change(
            before=current.get("Parameters"), after=current.get("Parameters")
        )
        old, new = _read(body), _read(changes["TemplateBody"].after if "TemplateBody" in changes else body)
        if sections.hidden(old) or sections.hidden(new):
            return Effect(unseen="The template of the stack set is only known after a transform.")
        losses: dict[str, tuple[str, str, bool]] = {}
        unknown: list[str] = []
        for region in current.get("Regions") or [self.cloud.region]:
            pseudo = {"AWS::Region": region}
            before, unread_before = Evaluated(old, _values(parameters.before), pseudo=pseudo).evaluated
            after, unread_after = Evaluated(new, _values(parameters.after), pseudo=pseudo).evaluated
            unread = {**unread_before, **unread_after}
            unknown += unread
            before = {name: body for name, body in before.items() if name not in unread}
            losses.update({name: (name, kind, replaced) for name, kind, replaced in self._lost(before, after, unknown)})
        unseen = (
            f"AWS may delete or replace these resources in the stacks: {', '.join(dict.fromkeys(unknown))}."
            if unknown
            else ""
        )
        return Effect(losses=tuple(losses[name] for name in sorted(losses)), unseen=unseen)

    def _lost(
        self, before: Mapping[str, Any], after: Mapping[str, Any], unknown: list[str]
    ) -> Iterator[tuple[str, str, bool]]:
        """Yield the resources that do not exist after the change, or are replaced; add the others to `unknown`."""
        for name, old in before.items():
            kind, new = old.get("Type", ""), after.get(name)
            if new is None or new.get("Type") != kind:
                if old.get("DeletionPolicy") not in RETAINING_POLICIES:
                    yield name, kind, False
                continue
            replaced = self._replaced(kind, old.get("Properties") or {}, new.get("Properties") or {})
            if replaced and new.get("UpdateReplacePolicy") not in RETAINING_POLICIES:
                yield name, kind, True
            elif replaced is None:
                unknown.append(name)

    def _replaced(self, kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool | None:
        """Return whether a change of properties replaces a resource; None if this is not known.

        Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
        """
        if old == new or kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource":
            return False
        schema = self._schema(kind)
        if not schema:
            return None
        if any(_differs(path, old, new) for path in schema.get("createOnlyProperties", [])):
            return True
        if any(_differs(path, old, new) for path in schema.get("conditionalCreateOnlyProperties", [])):
            return None
        return False

    def _schema(self, kind: str) -> Mapping[str, Any]:
        """Return the schema of a resource type; empty if AWS does not return it."""
        if kind not in self.schemas:
            try:
                answer = self.cloud.call("cloudformation", "describe_type", Type="RESOURCE", TypeName=kind)
                self.schemas[kind] = json.loads(answer["Schema"])
            except (CloudError, KeyError, ValueError):
                self.schemas[kind] = {}
        return self.schemas[kind]


def _differs(path: str, old: Any, new: Any) -> bool:
    """Return whether the values at a path of a schema, such as /properties/DomainName, differ."""
    for key in path.strip("/").split("/")[1:]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            break
        old, new = old.get(key), new.get(key)
    return bool(old != new)
