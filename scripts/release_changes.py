"""Compare a template with the released one: all changes that can break the stacks and scripts of users."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.evaluate import Stack, covering
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.cover import SAMPLES
from smtemplates.reference.parameter_changes import template_changes

Template = Mapping[str, Any]
# Attributes of an entry on which scripts and existing stacks depend.
PROMISED = {
    "Parameters": ("Type", "Default"),
    "Resources": ("Type", "DeletionPolicy", "UpdateReplacePolicy"),
    "Outputs": ("Export",),
}
# The behavior of AWS if a resource does not have the attribute.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
UNSET = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


@dataclass(frozen=True, order=True)
class Change:
    """A change that can break users. The changelog must contain `name`."""

    template: str
    name: str
    text: str

    def __str__(self) -> str:
        """Return one line about the change."""
        return f"{self.template}: {self.name} {self.text}"


def undocumented(changes: Iterable[Change], section: str) -> list[Change]:
    """Return the changes whose name is not a word in a section of the changelog."""
    return [change for change in changes if not re.search(rf"\b{re.escape(change.name)}\b", section)]


def declared_changes(name: str, old: Template, new: Template) -> list[Change]:
    """Return the changes between two versions of a template that are found without a deployment.

    These are removed or changed names, values and combinations of values that are not accepted any more, and resources
    that an update replaces, deletes with their data, or deploys again.
    """
    cover = [dict(values) for values in covering(old)]
    found = [*_names(old, new), *_rejected(old, new, cover)]
    found += [(effect.logical_id, f"is {effect.outcome} by an update") for effect in template_changes(old, new, cover)]
    return [Change(name, *each) for each in dict.fromkeys(found)]


def _names(old: Template, new: Template) -> Iterator[tuple[str, str]]:
    for section, attributes in PROMISED.items():
        for name, before in old[section].items():
            after = new[section].get(name)
            if after is None:
                yield name, f"is not in {section} any more"
                continue
            for attribute in attributes:
                one, other = (body.get(attribute, UNSET.get(attribute)) for body in (before, after))
                if one != other and not (attribute in UNSET and one == "Delete"):
                    yield name, f"has {other!r} as {attribute}, which was {one!r}"


def _rejected(old: Template, new: Template, cover: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the parameters whose values were accepted, and are rejected by a constraint or a rule."""
    declared = new["Parameters"]
    for name, before in old["Parameters"].items():
        for value in map(str, before.get("AllowedValues", (before.get("Default", ""), *SAMPLES))):
            if name in declared and not any(faults(before, value)) and any(faults(declared[name], value)):
                yield name, f"does not accept {value!r} any more"
    for values in cover:
        own = {
            name: value
            for name, value in values.items()
            if name in old["Parameters"] and not any(faults(old["Parameters"][name], value))
        }
        region = {name: value for name, value in values.items() if name.startswith("AWS::")}
        if Stack(old, own, pseudo=region).rules():
            continue
        known = {name: value for name, value in own.items() if name in declared}
        for sentence in Stack(new, known, pseudo=region).rules():
            named = [name for name in declared if re.search(rf"\b{name}\b", sentence)]
            yield (named or ["Rules"])[0], f"has values that a rule rejects now: {sentence}"
