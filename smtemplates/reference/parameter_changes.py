"""The effect of a change of each parameter on existing resources, found by evaluating the template.

It imports cfn-lint, whose provider schemas name the properties that require a replacement.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from smtemplates.aws_data.data_loss import data_loss
from smtemplates.aws_data.deployments import PROPERTIES as DEPLOYED
from smtemplates.evaluate import Stack, covering
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.cover import SAMPLES
from smtemplates.evaluate.domains import REGION, defaults

Outcome = Literal["replaced", "deleted", "deployed again"]
_DROPPED = ("Properties", "Metadata", "DependsOn")
_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(r"<(\w+)>")  # the value of a reference to a resource, as `_physical` writes it
Template = Mapping[str, Any]
State = dict[str, dict[str, Any]]  # the watched properties of each resource


@dataclass(frozen=True, order=True)
class Effect:
    """Describe the effect of a change of a parameter on an existing resource.

    `retained` is True if the old resource is retained outside the stack.
    """

    parameter: str
    logical_id: str
    type: str
    outcome: Outcome
    retained: bool = False


@dataclass(frozen=True)
class _Change:
    """The effects of a change from one state of a stack to another, and the values that result in each of both."""

    states: tuple[Sequence[str], Sequence[str]]
    effects: Sequence[Effect]


def parameter_changes(template: Template, options: Mapping[str, str]) -> list[Effect]:
    """Return the effects of a change of each parameter, if there are any, in the order of the template.

    The effects are that a resource is replaced, that a resource with data is deleted, and that an endpoint is deployed
    again. Each parameter is changed in the sets of values of `covering`, which show each resource in all its forms, and
    in a stack with all `options` enabled.

    Raises:
        NotEvaluatedError: a condition or rule cannot be evaluated.
    """
    watched = _watched(template)
    found: dict[tuple[str, str, Outcome], Effect] = {}
    named = {name: _named(watched, body) for name, body in watched["Resources"].items()}
    read = set[str]().union(*named.values())
    names = [name for name in watched["Parameters"] if name in read]
    # Rules could reject a change because of options that have no effect, so only the others are enabled
    enabled = {name: value for name, value in options.items() if name in {*names, REGION}}
    resources = {name: _Resource(watched, name, words) for name, words in named.items()}
    parts = {name: _Part(watched, name, [resources[each] for each in _affected(named, name)]) for name in names}
    for values in [*covering(watched), enabled]:
        for name, part in parts.items():
            for effect in part.effects(values):
                found.setdefault((name, effect.logical_id, effect.outcome), effect)
    return sorted(found.values(), key=lambda effect: (names.index(effect.parameter), effect))


def template_changes(old: Template, new: Template, sets: Iterable[Mapping[str, str]]) -> list[Effect]:
    """Return the effects of an update to another template, with each of these sets of parameter values.

    The parameter of each effect is ''.
    """
    before, after = _watched(old), _watched(new)
    found: dict[Effect, None] = {}
    for values in sets:
        one, other = (_state(_stack(watched, values)) for watched in (before, after))
        found |= dict.fromkeys(_effects(before, "", one, other))
    return [*found]


@cache
def create_only(type_: str) -> list[tuple[str, ...]]:
    """Return the paths of the properties of a type whose change replaces the resource, or can replace it."""
    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    except ResourceNotFoundError:
        return []
    names = [*(schema.get("createOnlyProperties") or ()), *(schema.get("conditionalCreateOnlyProperties") or ())]
    return [tuple(itertools.takewhile(lambda part: part != "*", name.split("/")[2:])) for name in names]


def _watched(template: Template) -> dict[str, Any]:
    """Return a template that contains only the properties whose change has an effect."""
    resources = {}
    for name, body in template["Resources"].items():
        kept = {path[0] for path in create_only(body["Type"])} | {DEPLOYED.get(body["Type"], "")}
        properties = {key: value for key, value in body.get("Properties", {}).items() if key in kept}
        resources[name] = {
            **{key: value for key, value in body.items() if key not in _DROPPED},
            "Properties": properties,
        }
    return {**{key: value for key, value in template.items() if key != "Outputs"}, "Resources": resources}


def _affected(named: Mapping[str, set[str]], parameter: str) -> list[str]:
    """Return the resources that a change of a parameter affects, of those that have these words."""
    affected = {parameter}
    while more := {name for name, words in named.items() if name not in affected and words & affected}:
        affected |= more
    return [name for name in named if name in affected]


def _named(template: Template, value: Any) -> set[str]:
    """Return the words in a part of the template, and in the conditions that it names."""
    words: set[str] = set()
    left = [value]
    while left:
        new = set(_WORD.findall(json.dumps(left.pop()))) - words
        words |= new
        left += [template["Conditions"][name] for name in new & template["Conditions"].keys()]
    return words


class _Resource:
    """A resource, which has the same state in all stacks with the same values of the parameters that it depends on."""

    def __init__(self, template: Template, name: str, words: set[str]) -> None:
        self.name = name
        bodies = template["Resources"]
        # it also depends on the existence of those that it refers to
        others = {other: {**bodies[other], "Properties": {}} for other in bodies.keys() & words - {name}}
        words = words | _named(template, others)
        self.read = [REGION, *(each for each in template["Parameters"] if each in words)]
        declared = {each: template["Parameters"][each] for each in self.read[1:]}
        self._template = {**template, "Parameters": declared, "Resources": {**others, name: bodies[name]}}
        self._states: dict[tuple[str | None, ...], dict[str, Any] | None] = {}

    def state(self, values: Mapping[str, str]) -> dict[str, Any] | None:
        """Return its state in a stack with these values, or None if it does not exist."""
        key = tuple(map(values.get, self.read))
        if key not in self._states:
            stack = _stack(self._template, {name: values[name] for name in self.read if name in values})
            self._states[key] = _state(stack).get(self.name)
        return self._states[key]


class _Part:
    """The part of a template that a change of a parameter affects."""

    def __init__(self, template: Template, parameter: str, resources: Sequence[_Resource]) -> None:
        self._template, self._parameter, self._resources = template, parameter, resources
        self._read = {name for resource in resources for name in resource.read}
        self._changes: dict[frozenset[tuple[str, str]], list[_Change]] = {}
        self._found: set[Effect] = set()

    def effects(self, values: Mapping[str, str]) -> list[Effect]:
        """Return the effects that the parameter has in a stack with these values, without those returned before."""
        read = frozenset((name, value) for name, value in values.items() if name in self._read)
        if read not in self._changes:
            self._changes[read] = [*self._evaluated(values)]
        new: list[Effect] = []
        for change in self._changes[read]:
            # the Rules can read other parameters, and are evaluated only for effects that are not yet known
            if not self._found.issuperset(change.effects) and all(
                any(self._is_allowed(values, value) for value in state) for state in change.states
            ):
                new += [effect for effect in change.effects if effect not in self._found]
                self._found.update(change.effects)
        return new

    def _evaluated(self, values: Mapping[str, str]) -> Iterator[_Change]:
        states: list[tuple[State, list[str]]] = []
        for value in _values(self._template["Parameters"][self._parameter], values.get(self._parameter)):
            state = self._state({**values, self._parameter: value})
            known = next((same for found, same in states if found == state), None)
            if known is None:
                states.append((state, [value]))
            else:
                known.append(value)
        for (one, first), (other, second) in itertools.combinations(states, 2):
            yield _Change((first, second), [*_effects(self._template, self._parameter, one, other)])

    def _state(self, values: Mapping[str, str]) -> State:
        states = ((resource.name, resource.state(values)) for resource in self._resources)
        return {name: state for name, state in states if state is not None}

    def _is_allowed(self, values: Mapping[str, str], value: str) -> bool:
        return not _stack(self._template, {**values, self._parameter: value}).rules()


def _stack(template: Template, values: Mapping[str, str]) -> Stack:
    own = {key: value for key, value in values.items() if key != REGION}
    pseudo = {key: value for key, value in values.items() if key == REGION}
    return Stack(template, own, pseudo=pseudo, physical=_physical)


def _physical(logical_id: str, attribute: str | None) -> str:
    return f"<{logical_id}>{attribute or ''}"


def _state(stack: Stack) -> State:
    return {
        name: {
            "Type": body["Type"],
            **{"/".join(path): _value_at(body.get("Properties", {}), path) for path in create_only(body["Type"])},
            **{key: body["Properties"].get(key) for type_, key in DEPLOYED.items() if type_ == body["Type"]},
        }
        for name, body in stack.resources.items()
    }


def _value_at(value: Any, path: Sequence[str]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _effects(template: Template, name: str, one: State, other: State) -> Iterator[Effect]:
    bodies = template["Resources"]
    both = one.keys() & other.keys()
    changed = {key for key in both if _differs(bodies[key]["Type"], one[key], other[key])}
    while more := {key for key in both - changed if _refers(bodies[key]["Type"], one[key], changed)}:
        changed |= more
    for key in changed:
        retained = str(bodies[key].get("UpdateReplacePolicy", "")).startswith("Retain")
        yield Effect(name, key, bodies[key]["Type"], "replaced", retained)
    for key in (one.keys() ^ other.keys()) & bodies.keys():
        retained = str(bodies[key].get("DeletionPolicy", "")).startswith("Retain")
        if data_loss(bodies[key]["Type"], key) and not retained:
            yield Effect(name, key, bodies[key]["Type"], "deleted")
    for key in both - changed:
        watched = DEPLOYED.get(bodies[key]["Type"])
        if watched and (one[key][watched] != other[key][watched] or _targets(one[key][watched]) & changed):
            yield Effect(name, key, bodies[key]["Type"], "deployed again")


def _differs(type_: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(one[key] != other[key] for key in one if key != DEPLOYED.get(type_))


def _refers(type_: str, state: Mapping[str, Any], changed: set[str]) -> bool:
    return any(_targets(value) & changed for key, value in state.items() if key != DEPLOYED.get(type_))


def _targets(value: Any) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(value)))


def _values(declared: Mapping[str, Any], known: str | None) -> list[str]:
    """Return values of a parameter: its allowed values, or the default, and a typical value with variants."""
    if "AllowedValues" in declared:
        return [str(value) for value in declared["AllowedValues"]]
    default = defaults({"": declared}).values()
    value = known or next((sample for sample in SAMPLES if not any(faults(declared, sample))), None)
    others = []
    if value is not None:
        other = next(_variants(declared, value), value)
        others = [value, other, f"{value},{other}", f"{other},{value}"]
    return [each for each in dict.fromkeys([*default, *others]) if not any(faults(declared, each))]


def _variants(declared: Mapping[str, Any], value: str) -> Iterator[str]:
    """Yield values that differ from a value in one character."""
    for place in reversed(range(len(value))):
        for letter in "a1":
            variant = value[:place] + letter + value[place + 1 :]
            if variant != value and not any(faults(declared, variant)):
                yield variant
