"""Specialize a template: fix parameters, and remove everything that the fixed values make unnecessary."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from smtemplates.errors import UsageError
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.not_evaluated import for_any_template
from smtemplates.evaluate.parameters import is_list
from smtemplates.evaluate.values import NO_VALUE
from smtemplates.specializing import choices as chosen
from smtemplates.specializing import rules
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.folding import Folding
from smtemplates.specializing.pruning import Removal, unused

ARN = re.compile(r"arn:aws[a-z-]*:")
CONDITIONAL = ("Resources", "Outputs")


@dataclass(frozen=True, kw_only=True)
class Specialized:
    """A specialized template.

    `fixed` are the values of all parameters that are fixed. `forced` are the values among them that a Rule
    requires. `removed` are the other parts that were removed, each with the reason.
    """

    template: dict[str, Any]
    fixed: Mapping[str, str]
    forced: Mapping[str, str]
    removed: tuple[Removal, ...]


class HasDict(Protocol):
    """A template object, such as the Template of troposphere."""

    def to_dict(self) -> dict[str, Any]:
        """Return the template as a dict."""


def specialize(
    template: Mapping[str, Any] | HasDict,
    *,
    fix: Mapping[str, str] | None = None,
    keep: Iterable[str] | None = None,
    default: Mapping[str, str] | None = None,
    allow: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Return a template with parameters fixed, as a dict.

    `template` is a Template of troposphere, or a dict with intrinsic functions in their long form.

    `fix` are the values of parameters that become constants. With `keep`, every other parameter is fixed at its
    default. `default` and `allow` are new defaults and allowed values of the parameters that remain. For a list
    parameter, `allow` are the allowed items. Logical IDs do not change. NoEcho parameters, and parameters whose value
    AWS looks up, always remain.

    Raises:
        UsageError: A name is unknown, a value is not valid, or the values contradict each other or a Rule.
        Error: The template contains a function that cannot be evaluated, for example because it needs a transform.
    """
    choices = Choices(
        fix=dict(fix or {}),
        keep=None if keep is None else frozenset(keep),
        default=dict(default or {}),
        allow=dict(allow or {}),
    )
    content = template if isinstance(template, Mapping) else template.to_dict()
    return specialization(content, choices).template


@for_any_template
def specialization(template: Mapping[str, Any], choices: Choices) -> Specialized:
    """Return a specialized template, and its fixed and removed parts. The errors are those of `specialize`."""
    declared: Mapping[str, Any] = template.get("Parameters") or {}
    chosen.check(choices, declared)
    if not choices:
        return Specialized(template=copy.deepcopy(dict(template)), fixed={}, forced={}, removed=())
    fixed = chosen.fixed_values(choices, declared)
    remaining = {name: chosen.narrowed(name, about, choices) for name, about in declared.items() if name not in fixed}
    forced = _force(template, declared, fixed, remaining)
    folding = Folding(template, remaining, chosen.references(fixed, declared))
    folded = _folded(template, folding, remaining)
    removed = [*_false(template, folding), *unused(folded)]
    _accept_fixed_arns(folded)
    return Specialized(template=folded, fixed=fixed, forced=forced, removed=tuple(removed))


def _force(
    template: Mapping[str, Any],
    declared: Mapping[str, Any],
    fixed: dict[str, str],
    remaining: dict[str, dict[str, Any]],
) -> dict[str, str]:
    """Add every parameter with only one value that the Rules allow to the fixed ones, and return these values.

    Raises:
        UsageError: The values break a Rule.
    """
    declared_rules: Mapping[str, Any] = template.get("Rules") or {}
    forced: dict[str, str] = {}
    while True:
        folding = Folding(template, remaining, chosen.references(fixed, declared))
        _check_rules(declared_rules, folding)
        found = {}
        for name, (value, sentence) in rules.required(declared_rules, folding.truth).items():
            if name in remaining and not is_list(remaining[name]) and not chosen.stays(remaining[name]):
                if any(faults(remaining[name], value)):
                    raise UsageError(sentence)
                found[name] = value
        found = found or _only_value(template, declared_rules, declared, fixed, remaining)
        if not found:
            return forced
        for name in found:
            del remaining[name]
        forced |= found
        fixed |= found


def _only_value(
    template: Mapping[str, Any],
    declared_rules: Mapping[str, Any],
    declared: Mapping[str, Any],
    fixed: Mapping[str, str],
    remaining: Mapping[str, Any],
) -> dict[str, str]:
    """Return the first parameter with listed values of which the Rules allow only one, and this value.

    Raises:
        UsageError: The Rules allow none of them.
    """
    for name, about in remaining.items():
        values = chosen.listed(about)
        if values is None or not _is_named(name, declared_rules):
            continue
        others = {key: value for key, value in remaining.items() if key != name}
        problems = {
            value: _problems(template, declared_rules, others, chosen.references({**fixed, name: value}, declared))
            for value in values
        }
        possible = [value for value in values if not problems[value]]
        if not possible:
            raise UsageError("\n".join(problems[values[0]]))
        if len(possible) == 1 < len(values):
            return {name: possible[0]}
    return {}


def _problems(
    template: Mapping[str, Any], declared_rules: Mapping[str, Any], others: Mapping[str, Any], values: Mapping[str, Any]
) -> list[str]:
    """Return a sentence for each Rule that certainly rejects values."""
    folding = Folding(template, others, values)
    return list(dict.fromkeys(rules.broken(declared_rules, folding.truth)))


def _check_rules(declared_rules: Mapping[str, Any], folding: Folding) -> None:
    if problems := list(dict.fromkeys(rules.broken(declared_rules, folding.truth))):
        raise UsageError("\n".join(problems))


def _is_named(parameter: str, value: Any) -> bool:
    """Return whether a value refers to a parameter."""
    if isinstance(value, dict):
        return value.get("Ref") == parameter or any(_is_named(parameter, member) for member in value.values())
    return isinstance(value, list) and any(_is_named(parameter, item) for item in value)


def _folded(template: Mapping[str, Any], folding: Folding, remaining: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a template after folding; parts that are not used any more are still in it."""
    folded: dict[str, Any] = {}
    for section, content in template.items():
        if section in CONDITIONAL:
            folded[section] = dict(_bodies(content or {}, folding))
        elif section == "Conditions":
            truths = {name: folding.truths[name] for name in content or {}}
            folded[section] = {name: truth for name, truth in truths.items() if not isinstance(truth, bool)}
        elif section == "Rules":
            folded[section] = rules.folded(content or {}, folding.truth)
        elif section == "Parameters":
            folded[section] = dict(remaining)
        else:
            folded[section] = copy.deepcopy(content)
    existing = folded.get("Resources", {}).keys()
    for body in folded.get("Resources", {}).values():
        _without_missing_dependencies(body, existing)
    return folded


def _bodies(section: Mapping[str, Any], folding: Folding) -> Iterator[tuple[str, Any]]:
    """Yield the resources or outputs that can exist."""
    for name, body in section.items():
        condition = body.get("Condition")
        truth = True if condition is None else folding.named(condition)
        if truth is False:
            continue
        under = truth["Condition"] if isinstance(truth, dict) else None
        rest = {key: folding.value(value, under=under) for key, value in body.items() if key != "Condition"}
        new = {key: under if key == "Condition" else rest.get(key) for key in body if key != "Condition" or under}
        yield name, {key: value for key, value in new.items() if value is not NO_VALUE}


def _without_missing_dependencies(body: dict[str, Any], existing: Iterable[str]) -> None:
    if "DependsOn" in body:
        names = body["DependsOn"] if isinstance(body["DependsOn"], list) else [body["DependsOn"]]
        left = [name for name in names if name in existing]
        if not left:
            del body["DependsOn"]
        elif left != names:
            body["DependsOn"] = left


def _accept_fixed_arns(template: dict[str, Any]) -> None:
    """Disable I3042 of cfn-lint in a template if Fn::Sub contains an ARN: the user fixed its partition on purpose.

    Source: https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
    """
    if any(ARN.search(text) for section in CONDITIONAL for text in _substituted(template.get(section))):
        metadata = template.get("Metadata", {})
        settings = metadata.get("cfn-lint", {}).get("config", {})
        ignored = [*settings.get("ignore_checks", ())]
        settings = {**settings, "ignore_checks": ignored if "I3042" in ignored else [*ignored, "I3042"]}
        template["Metadata"] = {**metadata, "cfn-lint": {**metadata.get("cfn-lint", {}), "config": settings}}


def _substituted(value: Any, *, inside: bool = False) -> Iterator[str]:
    """Yield the texts in Fn::Sub in a value."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _substituted(member, inside=inside or key == "Fn::Sub")
    elif isinstance(value, list):
        for item in value:
            yield from _substituted(item, inside=inside)
    elif inside and isinstance(value, str):
        yield value


def _false(template: Mapping[str, Any], folding: Folding) -> Iterator[Removal]:
    for section in CONDITIONAL:
        for name, body in (template.get(section) or {}).items():
            condition = body.get("Condition")
            if condition is not None and folding.truths[condition] is False:
                yield Removal(section=section, name=name, reason=f"its condition {condition} is false")
