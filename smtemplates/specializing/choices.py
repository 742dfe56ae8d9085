"""The choices of a user: which parameters are fixed, kept, or narrowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smtemplates.errors import UsageError
from smtemplates.evaluate.check import allowed_values, faults, rejected, unknown
from smtemplates.evaluate.parameters import FROM_STORE, is_list, is_secret, members, value_of
from smtemplates.evaluate.values import scalar, short

Declared = Mapping[str, Mapping[str, Any]]


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


def check(choices: Choices, declared: Declared) -> None:
    """Check choices against the declarations of the parameters, and report all errors together.

    Raises:
        UsageError: A name is unknown, a value is not valid, or choices contradict each other.
    """
    named = dict.fromkeys([*choices.fix, *sorted(choices.keep or ()), *choices.default, *choices.allow])
    unknown_names = [name for name in named if name not in declared]
    problems = [*(unknown(name, declared) for name in unknown_names), *_not_text(choices)]
    if len(problems) == len(unknown_names):
        known = _known(choices, declared)
        problems += [*_contradictions(known, declared), *_invalid(known, declared)]
        if not unknown_names:  # a wrong name can be meant as that of any parameter
            problems += [*_not_kept(choices), *_unkept(choices, declared)]
    if problems:
        raise UsageError("\n".join(problems))


def _known(choices: Choices, declared: Declared) -> Choices:
    """Return the choices without unknown names."""
    return Choices(
        fix={name: value for name, value in choices.fix.items() if name in declared},
        keep=choices.keep,
        default={name: value for name, value in choices.default.items() if name in declared},
        allow={name: values for name, values in choices.allow.items() if name in declared},
    )


def _not_text(choices: Choices) -> Iterable[str]:
    """Yield a sentence for each value that is not a text: a caller of the library can pass anything."""
    allowed = [(name, value) for name, values in choices.allow.items() for value in values]
    for name, value in [*choices.fix.items(), *choices.default.items(), *allowed]:
        if not isinstance(value, str):
            yield f"The value of parameter {name} must be a text, as in a request to AWS; it is {short(value)}."


def _contradictions(choices: Choices, declared: Declared) -> Iterable[str]:
    for name in choices.fix:
        if name in (choices.keep or ()):
            yield f"Parameter {name} is both fixed and kept. Use only one of the two."
        if name in choices.default or name in choices.allow:
            yield f"Parameter {name} is fixed, so it can have neither a default nor allowed values. Remove one of them."
    for name in dict.fromkeys([*choices.fix, *choices.default, *choices.allow]):
        if is_secret(declared[name]):
            yield (
                f"Parameter {name} is a NoEcho parameter. It can be neither fixed nor narrowed, because a template is "
                "not secret. Users enter its value when they create a stack."
            )


def _not_kept(choices: Choices) -> Iterable[str]:
    for name in dict.fromkeys([*choices.default, *choices.allow]):
        if choices.keep is not None and name not in choices.keep and name not in choices.fix:
            yield f"Parameter {name} has a new default or allowed values, but it is not kept. Add it to the kept ones."


def _unusable_default(name: str, declared: Mapping[str, Any]) -> Iterable[str]:
    """Yield a sentence if a parameter that is not kept cannot be fixed at its default."""
    if "Default" not in declared:
        yield f"Parameter {name} has no default. Keep it or fix it."
    elif (text := scalar(declared["Default"])) is None:
        yield f"The default of parameter {name} is neither a text nor a number. Keep it or fix it."
    else:
        yield from (f"{problem} This is its default: keep it or fix it." for problem in rejected(name, declared, text))


def _unkept(choices: Choices, declared: Declared) -> Iterable[str]:
    """Yield a sentence for each parameter that is neither kept nor fixed, and has no usable default."""
    for name, about in declared.items():
        if choices.keep is not None and name not in choices.keep and name not in choices.fix and not stays(about):
            yield from _unusable_default(name, about)


def _invalid(choices: Choices, declared: Declared) -> Iterable[str]:
    for name, value in choices.fix.items():
        yield from rejected(name, declared[name], value)
    for name, values in choices.allow.items():
        if not values:
            yield f"Parameter {name} must have at least one allowed value."
        for value in values:
            yield from rejected(name, declared[name], value)
            if len(members(declared[name], value)) > 1:
                yield f"Parameter {name} is a list, so each allowed value is one item; {short(value)} contains a comma."
    for name, value in choices.default.items():
        yield from rejected(name, narrowed(name, declared[name], choices, default=False), value)
    for name in choices.allow:
        about = narrowed(name, declared[name], choices)
        text = scalar(about.get("Default"))
        if name not in choices.default and text is not None and any(faults(about, text)):
            yield (
                f"The default of parameter {name} ({short(text)}) is not one of its allowed values. Also specify a "
                "default."
            )


def stays(declared: Mapping[str, Any]) -> bool:
    """Return whether a parameter stays although it is not kept: AWS looks its value up, or its value is secret."""
    return is_secret(declared) or is_stored(declared)


def is_stored(declared: Mapping[str, Any]) -> bool:
    """Return whether AWS looks up the value of a parameter in the Parameter Store."""
    return str(declared["Type"]).startswith(FROM_STORE)


def staying(choices: Choices, declared: Declared) -> dict[str, str]:
    """Return the parameters that stay although the user wants to fix them or does not keep them, with the reasons."""
    found = {}
    for name, about in declared.items():
        if name in choices.fix or (choices.keep is not None and name not in choices.keep):
            if is_secret(about):
                found[name] = "it is a NoEcho parameter, and a template is not secret"
            elif is_stored(about):
                found[name] = "AWS looks up its value in the Parameter Store"
    return found


def fixed_values(choices: Choices, declared: Declared) -> dict[str, str]:
    """Return the text of each fixed parameter. With `keep`, this is the default of every parameter that is not kept."""
    values = {name: value for name, value in choices.fix.items() if not stays(declared[name])}
    if choices.keep is not None:
        for name, about in declared.items():
            if name not in choices.keep and name not in values and not stays(about):
                values[name] = scalar(about["Default"]) or ""
    return values


def references(fixed: Mapping[str, str], declared: Declared) -> dict[str, Any]:
    """Return the value of a reference to each fixed parameter: a text, or a list of texts."""
    return {name: value_of(name, declared[name], text) for name, text in fixed.items()}


def narrowed(name: str, declared: Mapping[str, Any], choices: Choices, *, default: bool = True) -> dict[str, Any]:
    """Return the declaration of a parameter that remains, with its new default and allowed values."""
    about = dict(declared)
    if default and name in choices.default:
        about["Default"] = choices.default[name]
    if name in choices.allow:
        items = (item for value in choices.allow[name] for item in members(declared, value))
        about["AllowedValues"] = list(dict.fromkeys(items))
    if name in choices.fix:  # AWS looks the value up
        about["Default"] = choices.fix[name]
        about["AllowedValues"] = [choices.fix[name]]
    return about


def listed(declared: Mapping[str, Any]) -> list[str] | None:
    """Return all values that a reference to a parameter can have, or None if they are not listed."""
    return None if is_list(declared) or stays(declared) else allowed_values(declared) or None
