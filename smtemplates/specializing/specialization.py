"""Specialize a template: fix parameters, and remove everything that the fixed values make unnecessary."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from smtemplates.errors import Error, UsageError
from smtemplates.evaluate.not_evaluated import NeedsTransformError, for_any_template
from smtemplates.evaluate.references import edges
from smtemplates.evaluate.sections import can_grow, definitions, entries, nested, replaces
from smtemplates.evaluate.values import NO_VALUE, to_text
from smtemplates.specializing import choices as chosen
from smtemplates.specializing import rules
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.folding import Folding
from smtemplates.specializing.forcing import force
from smtemplates.specializing.pruning import DECLARATIONS, Removal, unused

ARN = re.compile(r"arn:aws[a-z-]*:")
PROCESSED = (
    "Specialize the template that AWS returns after the transform: aws cloudformation get-template --template-stage "
    "Processed."
)
CONDITIONAL = ("Resources", "Outputs")


@dataclass(frozen=True, kw_only=True)
class Specialized:
    """A specialized template.

    `fixed` are the values of all parameters that are fixed. `forced` are the values among them that a Rule
    requires. `stayed` are the reasons why parameters remain that are fixed or not kept. `removed` are the other parts
    that were removed, each with the reason.
    """

    template: dict[str, Any]
    fixed: Mapping[str, str]
    forced: Mapping[str, str]
    stayed: Mapping[str, str]
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
    declared = definitions(template, "Parameters")
    if not choices:
        return Specialized(template=copy.deepcopy(dict(template)), fixed={}, forced={}, stayed={}, removed=())
    _check_sections(template)
    chosen.check(choices, declared)
    fixed = chosen.fixed_values(choices, declared)
    remaining = {name: chosen.narrowed(name, about, choices) for name, about in declared.items() if name not in fixed}

    def fold(parameters: Mapping[str, Any], values: Mapping[str, str]) -> Folding:
        return Folding(template, parameters, chosen.references(values, declared))

    forced = force(definitions(template, "Rules"), fold, fixed, remaining)
    fixed |= forced
    remaining = {name: about for name, about in remaining.items() if name not in forced}
    folding = fold(remaining, fixed)
    folded = _folded(template, folding, remaining)
    false = [*_false(template, folding)]
    _check_folded(folded, fixed, false)
    removed = [*false, *_decided(template, folding, folded), *unused(folded)]
    if any(map(ARN.search, fixed.values())):
        _accept_fixed_arns(folded)
    left = entries(folded, "Parameters")
    stayed = {name: reason for name, reason in chosen.staying(choices, declared).items() if name in left}
    return Specialized(template=folded, fixed=fixed, forced=forced, stayed=stayed, removed=tuple(removed))


def _check_sections(template: Mapping[str, Any]) -> None:
    """Check that all entries of the sections are known: a transform can add parts that refer to every parameter.

    Raises:
        UsageError: A loop, an include or a macro can add entries, or an entry is not a mapping.
    """
    for section in (*CONDITIONAL, *DECLARATIONS):
        if can_grow(template, section):
            added = next(filter(replaces, entries(template, section)), "Transform")
            raise UsageError(
                f"The template cannot be specialized, because {added} can add to its {section}. {PROCESSED}"
            )
    for section in ("Parameters", "Rules", *CONDITIONAL):
        for name in entries(template, section).keys() - definitions(template, section).keys():
            shape = "a mapping with a Type" if section == "Parameters" else "a mapping"
            raise UsageError(f"{section}.{name} must be {shape}.")


def _check_folded(folded: Mapping[str, Any], fixed: Mapping[str, str], false: Sequence[Removal]) -> None:
    """Check that the folded template can be deployed.

    Raises:
        UsageError: A Rule looks up attributes of a fixed parameter, something refers to a removed resource, or no
            resource is left.
    """
    if names := sorted(fixed.keys() & {*rules.looked_up(folded.get("Rules"))}):
        raise UsageError(
            f"Parameter {names[0]} cannot be fixed, because a Rule looks up its attributes in the account. Keep it."
        )
    removed = {one.name: one.reason for one in false if one.section == "Resources"}
    if removed and not entries(folded, "Resources"):
        raise UsageError("With these values, the template has no resources. AWS does not accept such a template.")
    for edge in edges(folded):
        if edge.target in removed:
            section, name = edge.path[:2]
            raise UsageError(
                f"{section}.{name} refers to {edge.target}, which does not exist with these values: "
                f"{removed[edge.target]}. Fix or keep other parameters."
            )


def _folded(template: Mapping[str, Any], folding: Folding, remaining: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of a template after folding; parts that are not used any more are still in it."""
    folded: dict[str, Any] = {}
    for section, content in template.items():
        if section in CONDITIONAL:
            folded[section] = dict(_bodies(template, section, folding))
        elif section == "Conditions":
            truths = {name: folding.truths[name] for name in entries(template, section)}
            folded[section] = {name: truth for name, truth in truths.items() if not isinstance(truth, bool)}
        elif section == "Rules":
            folded[section] = rules.folded(definitions(template, section), folding.truth)
        elif section == "Parameters":
            folded[section] = dict(remaining)
        elif section in DECLARATIONS:
            folded[section] = copy.deepcopy(content)
        else:  # such as Globals of AWS SAM
            folded[section] = folding.value(content)
    existing = entries(folded, "Resources").keys()
    for body in entries(folded, "Resources").values():
        _without_missing_dependencies(body, existing)
    return folded


def _bodies(template: Mapping[str, Any], section: str, folding: Folding) -> Iterator[tuple[str, Any]]:
    """Yield the resources or outputs that can exist."""
    for name, body in definitions(template, section).items():
        condition = body.get("Condition")
        truth = True if condition is None else folding.named(condition)
        if truth is False:
            continue
        under = truth["Condition"] if isinstance(truth, dict) else None
        try:
            rest = {key: folding.value(value, under=under) for key, value in body.items() if key != "Condition"}
        except NeedsTransformError as error:
            raise UsageError(f"{section}.{name}: {error} {PROCESSED}") from error
        except Error as error:
            raise UsageError(f"{section}.{name}: {error}") from error
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
    """Disable I3042 of cfn-lint if Fn::Sub contains an ARN, because the user fixed its partition on purpose.

    Source: https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
    """
    values = (part.get("Fn::Sub") for part in nested(list(map(template.get, CONDITIONAL))) if isinstance(part, dict))
    if any(isinstance(text, str) and ARN.search(text) for value in values for text in nested(value)):
        metadata = entries(template, "Metadata")
        settings = metadata.get("cfn-lint", {}).get("config", {})
        ignored = [*settings.get("ignore_checks", ())]
        settings = {**settings, "ignore_checks": ignored if "I3042" in ignored else [*ignored, "I3042"]}
        template["Metadata"] = {**metadata, "cfn-lint": {**metadata.get("cfn-lint", {}), "config": settings}}


def _false(template: Mapping[str, Any], folding: Folding) -> Iterator[Removal]:
    """Yield the resources and outputs that cannot exist."""
    for section in CONDITIONAL:
        for name, body in definitions(template, section).items():
            condition = body.get("Condition")
            if condition is not None and folding.truths[condition] is False:
                yield Removal(section=section, name=name, reason=f"condition {condition} is false")


def _decided(template: Mapping[str, Any], folding: Folding, folded: Mapping[str, Any]) -> Iterator[Removal]:
    """Yield the conditions that are decided, and the rules that cannot be broken."""
    for name in entries(template, "Conditions"):
        if isinstance(truth := folding.truths[name], bool):
            yield Removal(section="Conditions", name=name, reason=f"always {to_text(truth)}")
    for name in definitions(template, "Rules"):
        if name not in folded["Rules"]:
            yield Removal(section="Rules", name=name, reason="no remaining value can break it")
