"""Find the parameters to which the Rules of a template leave only one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smtemplates.errors import UsageError
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.parameters import is_list
from smtemplates.evaluate.sections import nested
from smtemplates.specializing import choices as chosen
from smtemplates.specializing import rules
from smtemplates.specializing.folding import Folding

# Returns the folding for the declarations of the remaining parameters, and the texts of the fixed ones.
Fold = Callable[[Mapping[str, Any], Mapping[str, str]], Folding]


def force(
    declared_rules: Mapping[str, Any], fold: Fold, fixed: Mapping[str, str], remaining: Mapping[str, Any]
) -> dict[str, str]:
    """Return the only value that the Rules allow for each such parameter.

    Raises:
        UsageError: The values break a Rule, or a Rule rejects all values of a parameter.
    """
    forced: dict[str, str] = {}
    while True:
        left = {name: about for name, about in remaining.items() if name not in forced}
        values = {**fixed, **forced}
        folding = fold(left, values)
        _check_rules(declared_rules, folding)
        found = _required(declared_rules, folding, left) or _only_value(declared_rules, fold, left, values)
        if not found:
            return forced
        forced |= found


def _required(declared_rules: Mapping[str, Any], folding: Folding, left: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that a Rule requires.

    Raises:
        UsageError: A parameter does not allow its value.
    """
    found = {}
    for name, (value, sentence) in rules.required(declared_rules, folding.truth).items():
        if name in left and not is_list(left[name]) and not chosen.stays(left[name]):
            if any(faults(left[name], value)):
                raise UsageError(sentence)
            found[name] = value
    return found


def _only_value(
    declared_rules: Mapping[str, Any], fold: Fold, left: Mapping[str, Any], fixed: Mapping[str, str]
) -> dict[str, str]:
    """Return the first parameter with listed values of which the Rules allow only one, and this value.

    Raises:
        UsageError: The Rules allow none of them.
    """
    for name, about in left.items():
        values = chosen.listed(about)
        if values is None or not _is_named(name, declared_rules):
            continue
        others = {key: value for key, value in left.items() if key != name}
        problems = {value: rules.broken(declared_rules, fold(others, {**fixed, name: value}).truth) for value in values}
        possible = [value for value in values if not problems[value]]
        if not possible:
            raise UsageError("\n".join(problems[values[0]]))
        if len(possible) == 1 < len(values):
            return {name: possible[0]}
    return {}


def _check_rules(declared_rules: Mapping[str, Any], folding: Folding) -> None:
    if problems := rules.broken(declared_rules, folding.truth):
        raise UsageError("\n".join(problems))


def _is_named(parameter: str, value: Any) -> bool:
    """Return whether a value refers to a parameter."""
    return any(isinstance(part, dict) and part.get("Ref") == parameter for part in nested(value))
