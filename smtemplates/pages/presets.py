"""Values with which a user of the explorer can start: the usual set-ups, and the tables of a configuration file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws_data.usage import SETUPS
from smtemplates.synth.declarations import entries


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A button of the explorer: its name, and the values that differ from the defaults.

    `examples` are the parameters whose values every user replaces. `usage` are numbers for the price. `keep` are the
    parameters that a specialized template keeps, or None for the usual ones. `template` is its name. `note` is
    shown after the preset was chosen.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    usage: Mapping[str, int] = field(default_factory=dict)
    keep: tuple[str, ...] | None = None
    template: str = ""
    note: str = ""


def usual_presets(template: Mapping[str, Any]) -> Iterator[Preset]:
    """Yield the defaults, and the usual set-ups whose parameters a template has."""
    declared = entries(template, "Parameters")
    yield Preset(name="Defaults")
    for setup in SETUPS:
        for values in setup.stacks.values():
            if declared.keys() >= values.keys():
                examples = tuple(name for name in values if name in setup.examples)
                yield Preset(name=setup.name, values=values, examples=examples, usage=setup.usage)
