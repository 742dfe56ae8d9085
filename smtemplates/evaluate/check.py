"""Check parameter values against a template before a deployment sends them to AWS."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from importlib import import_module
from typing import Any

from smtemplates.errors import Error, nearest
from smtemplates.evaluate.not_evaluated import for_any_template
from smtemplates.evaluate.parameters import is_secret, members
from smtemplates.evaluate.sections import can_grow, definitions, entries
from smtemplates.evaluate.stack import Stack
from smtemplates.evaluate.values import scalar, short

VALUE_BYTES = 4096  # Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html

# A pattern such as (a+)+b can take exponential time. After this time, the value is left to AWS.
MATCH_SECONDS = 1.0
_TOO_SLOW: set[str] = set()
# Without traps, a text that is not a number becomes NaN, and a number that is too large for Python becomes infinity.
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WHOLE = re.compile("-?(0|[1-9][0-9]*)")


@for_any_template
def check_parameters(template: Mapping[str, Any], values: Mapping[str, str], *, region: str = "us-east-1") -> list[str]:
    """Return the problems of parameter values, a sentence for each.

    The Rules of the template are evaluated for a Region, and only if the values themselves have no problem. Values of
    NoEcho parameters are not shown. A check that needs a transform is left to AWS.
    """
    named = [] if can_grow(template, "Parameters") else entries(template, "Parameters")
    problems = [unknown(name, named) for name in values if named and name not in named]
    for name, about in definitions(template, "Parameters").items():
        if name in values:
            problems += rejected(name, about, values[name])
        elif "Default" not in about:
            problems.append(f"Parameter {name} has no value and no default. Specify a value.")
    return problems or Stack(template, values, pseudo={"AWS::Region": region}).rules()


def faults(declared: Mapping[str, Any], value: str) -> Iterator[str]:
    """Yield the requirements that a value does not meet, each as the end of a sentence about the parameter.

    In a list, each member must match AllowedValues and AllowedPattern. A pattern is not checked here if Python cannot
    read it, reads it in a different way than Java, or needs too much time. CloudFormation accepts 60.0 and 1e2 for any
    Number, and references return exactly that text. A parameter whose ConstraintDescription requires whole numbers
    rejects them here.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
    """
    numeric = declared["Type"] in {"Number", "List<Number>"}
    whole = "whole number" in _description(declared)
    for member in members(declared, value):
        yield from _unlisted(declared, member)
        if numeric and _NUMBER.fullmatch(member):
            yield from _out_of_bounds(declared, "Value", _EXACT.create_decimal(member), "")
            if whole and not _WHOLE.fullmatch(member):
                yield "must be a whole number"
        elif numeric:
            yield "must be a number"
    yield from _out_of_bounds(declared, "Length", Decimal(len(value)), " characters long")


def unknown(name: str, declared: Iterable[str]) -> str:
    """Return the problem of a name that is not a parameter, with the most similar one."""
    near = nearest(name, declared)
    advice = f": did you mean {near}?" if near else ". The template has no similar parameter."
    return f"Parameter {name} is unknown{advice}"


def rejected(name: str, declared: Mapping[str, Any], value: str) -> list[str]:
    """Return the problems of a parameter's value, a sentence for each; values of NoEcho parameters are not shown."""
    reasons = list(dict.fromkeys(faults(declared, value)))
    if reasons:
        reasons = [(_description(declared) or " and ".join(reasons)).rstrip(".")]
    if len(value.encode(errors="replace")) > VALUE_BYTES:
        reasons.append(f"must be at most {VALUE_BYTES:,} bytes long")
    if any("\ud800" <= character <= "\udfff" for character in value):
        reasons.append("must be text that UTF-8 can encode")
    shown = "" if is_secret(declared) else f"; it is {short(value)}"
    return [f"Parameter {name} {reason}{shown}." for reason in reasons]


def allowed_values(declared: Mapping[str, Any]) -> list[str]:
    """Return the AllowedValues of a parameter as text; an empty list allows all values."""
    listed = declared.get("AllowedValues")
    return [text for value in listed if (text := scalar(value)) is not None] if isinstance(listed, list) else []


def _description(declared: Mapping[str, Any]) -> str:
    return scalar(declared.get("ConstraintDescription")) or ""


def _unlisted(declared: Mapping[str, Any], member: str) -> Iterator[str]:
    allowed = allowed_values(declared)
    if allowed and member not in allowed:
        yield f"must be one of {', '.join(value or repr(value) for value in allowed)}"
    pattern = scalar(declared.get("AllowedPattern"))
    if pattern is not None and not _matches(pattern, member):
        yield f"must match {pattern}"


def _matches(pattern: str, value: str) -> bool:
    """Match the whole value as Java does: classes are ASCII, and `[a[b]]` and `[a&&b]` are left to AWS."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            compiled = re.compile(pattern, re.ASCII)
        except (re.error, FutureWarning):
            return True
    if pattern in _TOO_SLOW:
        return True
    try:
        regex: Any = import_module("regex")
    except ModuleNotFoundError:  # cfn-lint needs it, the deployer alone does not
        return compiled.fullmatch(value) is not None
    try:
        return regex.fullmatch(pattern, value, regex.ASCII, timeout=MATCH_SECONDS) is not None
    except TimeoutError:
        _TOO_SLOW.add(pattern)
        return True


def _out_of_bounds(declared: Mapping[str, Any], what: str, number: Decimal, unit: str) -> Iterator[str]:
    least, most = (_bound(declared, f"{end}{what}") for end in ("Min", "Max"))
    if least is not None and number < least:
        yield f"must be at least {least}{unit}"
    if most is not None and number > most:
        yield f"must be at most {most}{unit}"


def _bound(declared: Mapping[str, Any], key: str) -> Decimal | None:
    if key not in declared:
        return None
    bound = _EXACT.create_decimal((scalar(declared[key]) or "NaN").strip())
    if not bound.is_finite():
        raise Error(f"The template's {key} must be a number; it is {short(declared[key])}.")
    return bound
