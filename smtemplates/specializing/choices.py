"""The choices of a user: which parameters are fixed, kept, or narrowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smtemplates.errors import UsageError
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.parameters import is_list, value_of
from smtemplates.evaluate.values import to_text

FROM_STORE = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The fixed values by name, the parameters to keep (None: all), and new defaults and allowed values."""

    fix: Mapping[str, str] = field(default_factory=dict)
    keep: frozenset[str] | None = None
    default: Mapping[str, str] = field(default_factory=dict)
    allow: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.fix or self.default or self.allow) or self.keep is not None


def check(choices: Choices, declared: Mapping[str, Mapping[str, Any]]) -> None:
    """Check choices against the declarations of the parameters, and report all errors together.

    Raises:
        UsageError: A name is unknown, a value is not valid, or choices contradict each other.
    """
    named = [*choices.fix, *(choices.keep or ()), *choices.default, *choices.allow]
    problems = [_unknown(name, declared) for name in dict.fromkeys(named) if name not in declared]
    if not problems:
        problems = [*_contradictions(choices, declared), *_invalid(choices, declared)]
    if problems:
        raise UsageError("\n".join(problems))


def _unknown(name: str, declared: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, declared, n=1)
    advice = f": did you mean {near[0]}?" if near else ". The template has no similar parameter."
    return f"Parameter {name} is unknown{advice}"


def _contradictions(choices: Choices, declared: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    for name in choices.fix:
        if name in (choices.keep or ()):
            yield f"Parameter {name} is both fixed and kept. Use only one of the two."
        if name in choices.default or name in choices.allow:
            yield f"Parameter {name} is fixed, so it can have neither a default nor allowed values. Remove one of them."
        if secret(declared[name]):
            yield f"Parameter {name} is a NoEcho parameter. It cannot be fixed, because a template is not secret."
    for name in (*choices.default, *choices.allow):
        if choices.keep is not None and name not in choices.keep and name not in choices.fix:
            yield f"Parameter {name} has a new default or allowed values, but it is not kept. Add it to the kept ones."
    if choices.keep is not None:
        for name, about in declared.items():
            if name not in choices.keep and name not in choices.fix and "Default" not in about and not stays(about):
                yield f"Parameter {name} has no default. Keep it or fix it."


def _invalid(choices: Choices, declared: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    from_store = {name for name in choices.fix if declared[name]["Type"].startswith(FROM_STORE)}
    for name, value in choices.fix.items():
        if name not in from_store:
            yield from _rejected(name, declared[name], value)
    for name, values in choices.allow.items():
        if not values:
            yield f"Parameter {name} must have at least one allowed value."
        for value in values:
            yield from _rejected(name, declared[name], value)
    for name, value in choices.default.items():
        yield from _rejected(name, narrowed(name, declared[name], choices, default=False), value)
    for name in choices.allow:
        about = narrowed(name, declared[name], choices)
        if name not in choices.default and "Default" in about and any(faults(about, to_text(about["Default"]))):
            yield (
                f"The default of parameter {name} ({to_text(about['Default'])}) is not one of its allowed values. Also "
                "specify a default."
            )


def _rejected(name: str, declared: Mapping[str, Any], value: str) -> Iterable[str]:
    reasons = list(dict.fromkeys(faults(declared, value)))
    if reasons:
        reason = declared.get("ConstraintDescription", " and ".join(reasons)).rstrip(".")
        yield f"Parameter {name} {reason}; it is {value!r}."


def secret(declared: Mapping[str, Any]) -> bool:
    """Return whether the value of a parameter must not be shown."""
    return to_text(declared.get("NoEcho", False)).lower() == "true"


def stays(declared: Mapping[str, Any]) -> bool:
    """Return whether a parameter stays although it is not kept: AWS looks its value up, or its value is secret."""
    return secret(declared) or str(declared["Type"]).startswith(FROM_STORE)


def fixed_values(choices: Choices, declared: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the text of each fixed parameter. With `keep`, this is the default of every parameter that is not kept."""
    values = {name: value for name, value in choices.fix.items() if not stays(declared[name])}
    if choices.keep is not None:
        for name, about in declared.items():
            if name not in choices.keep and name not in values and not stays(about):
                values[name] = to_text(about["Default"])
    return values


def references(fixed: Mapping[str, str], declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the value of a reference to each fixed parameter: a text, or a list of texts."""
    return {name: value_of(name, declared[name], text) for name, text in fixed.items()}


def narrowed(name: str, declared: Mapping[str, Any], choices: Choices, *, default: bool = True) -> dict[str, Any]:
    """Return the declaration of a parameter that remains, with its new default and allowed values."""
    about = dict(declared)
    if default and name in choices.default:
        about["Default"] = choices.default[name]
    if name in choices.allow:
        about["AllowedValues"] = list(dict.fromkeys(choices.allow[name]))
    if name in choices.fix:  # AWS looks the value up
        about["Default"] = choices.fix[name]
        about["AllowedValues"] = [choices.fix[name]]
    return about


def listed(declared: Mapping[str, Any]) -> list[str] | None:
    """Return all values that a parameter can have, or None if they are not listed."""
    if "AllowedValues" not in declared or is_list(declared) or stays(declared):
        return None
    return [to_text(value) for value in declared["AllowedValues"]]
