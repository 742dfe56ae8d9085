"""Expectations of constructs: the parameters with which each resource and each output exists.

Each module in tests/constructs states the expectation of one construct, independently of the templates.
test_conditions.py compares all of them with the workspace template. A new resource needs no change of another test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import samples
from conditional import parameters_of

import smtemplates
from smtemplates.evaluate import Stack

FOLDER = Path(__file__).parent / "constructs"
# Parameters that satisfy Rules which require other parameters, such as existing buckets if no buckets are created.
COMPLETIONS: list[dict[str, str]] = [{}, samples.VPC, samples.BUCKETS, {**samples.VPC, **samples.BUCKETS}]


class Choice:
    """The values of all parameters of a stack. It records the names of the parameters that an expectation reads."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        """Return the value of a parameter."""
        self.read.add(name)
        return str(self._values[name])

    def is_true(self, name: str) -> bool:
        """Return whether a Boolean parameter is true."""
        return self[name] == "true"

    def is_set(self, name: str) -> bool:
        """Return whether a text parameter is not empty."""
        return self[name] != ""


Exists = Callable[[Choice], bool]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """State with which parameters the resources and the optional outputs of a construct exist, by their names."""

    resources: Mapping[str, Exists]
    outputs: Mapping[str, Exists] = field(default_factory=dict)


@cache
def expectations() -> dict[str, Exists]:
    """Return the expectation for each resource and each optional output, as Resources.NAME and Outputs.NAME."""
    found: dict[str, Exists] = {}
    for module in iter_modules([str(FOLDER)]):
        expectation: Expectation = import_module(f"constructs.{module.name}").EXPECTATION
        found |= {f"Resources.{name}": exists for name, exists in expectation.resources.items()}
        found |= {f"Outputs.{name}": exists for name, exists in expectation.outputs.items()}
    return found


def added_outputs() -> dict[str, set[str]]:
    """Return the outputs that each switch adds to those of a stack with default parameters, if it adds any."""
    parameters = smtemplates.build().to_dict()["Parameters"]
    defaults = {name: str(declared["Default"]) for name, declared in parameters.items()}
    outputs = {name.partition(".")[2]: exists for name, exists in expectations().items() if name.startswith("Outputs.")}
    found = {
        switch: {
            name
            for name, exists in outputs.items()
            if exists(Choice({**defaults, switch: "true"})) and not exists(Choice(defaults))
        }
        for switch in samples.SWITCHES
    }
    return {switch: names for switch, names in found.items() if names}


def problems(template: Mapping[str, Any], section: str, name: str) -> list[str]:
    """Return a sentence for each set of parameters with which a resource or an output does not meet its expectation.

    The sets are all combinations of the parameters that the condition or the expectation reads. No other parameter can
    change either of them. Sets that the Rules reject are left out, unless other parameters satisfy the Rules.
    """
    exists = expectations().get(f"{section}.{name}")
    if exists is None:
        return [missing(template, section, name)]
    condition = template[section][name].get("Condition")
    names = set() if condition is None else parameters_of(template, condition)
    while True:
        read: set[str] = set()
        found = []
        for stack in _stacks(template, sorted(names)):
            choice = Choice(stack.parameters)
            expected, actual = exists(choice), condition is None or stack.conditions[condition]
            read |= choice.read
            if expected is not actual:
                given = {each: stack.parameters[each] for each in sorted(names | choice.read)}
                found.append(f"{section}.{name} {'exists' if actual else 'does not exist'} with {given}")
        if read <= names:
            return found
        names |= read


def missing(template: Mapping[str, Any], section: str, name: str) -> str:
    """Return the sentence for a resource or an output without an expectation, with an example."""
    condition = template[section][name].get("Condition")
    parameters = [] if condition is None else sorted(parameters_of(template, condition))
    example = f'lambda choice: choice.is_true("{parameters[0]}")' if parameters else "lambda choice: True"
    return (
        f"tests/constructs: no module states when {name} exists. Add it to the {section.lower()} of the EXPECTATION in "
        f'the test file of its construct, for example: "{name}": {example}'
    )


def _stacks(template: Mapping[str, Any], names: list[str]) -> Iterator[Stack]:
    """Yield a stack for each combination of values of these parameters that the Rules accept."""
    for values in itertools.product(*(samples.values(name, template["Parameters"][name]) for name in names)):
        given = dict(zip(names, values, strict=True))
        stacks = (Stack(template, {**completion, **given}) for completion in COMPLETIONS)
        yield from itertools.islice((stack for stack in stacks if not stack.rules()), 1)
