"""Choose few sets of parameter values that show the resources of a template in the forms that they can take."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from smtemplates.evaluate.check import faults
from smtemplates.evaluate.domains import ANOTHER, REGION, unlisted
from smtemplates.evaluate.parameters import pseudo_parameters
from smtemplates.evaluate.prove import Space
from smtemplates.evaluate.references import Guards
from smtemplates.evaluate.stack import Stack
from smtemplates.evaluate.values import intrinsic, text

MOST_SAMPLES = 12  # of a parameter that conditions take apart, for they try each with each of the next parameter
MOST_MEMBERS = 5  # of a list among them

# What parameters are mostly asked to look like: the first that a parameter admits stands for whatever a user may give.
SAMPLES = (
    "sample",
    "1",
    "30",
    "1000",
    "vpc-0123456789abcdef0",
    "subnet-0123456789abcdef0",
    "sg-0123456789abcdef0",
    "ami-0123456789abcdef0",
    "111122223333",
    "someone@example.com",
    "https://example.com/sample.git",
    "example.com",
    "10.0.0.0/16",
    "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555",
    "arn:aws:iam::111122223333:role/sample",
    "arn:aws:iam:::role/sample",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "arn:aws:sns:us-east-1:111122223333:sample",
    "arn:aws:s3:::sample",
    "s3://sample/sample.tar.gz",
    "111122223333.dkr.ecr.us-east-1.amazonaws.com/sample:1",
    "t3.medium",
    "ml.m5.large",
    "ml.g5.xlarge",
    "us-east-1",
)


def covering(template: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give sets of parameter values, what differs from the defaults in each, that the Rules admit.

    Together they make every resource that any values make, and show it with each branch of its Fn::If, and with every
    two branches that go together: few sets, while all combinations would be far too many. Values that conditions take
    apart (lists, Fn::Split, ...) are samples, unless AllowedValues lists them. AWS::Region may be among the names.

    Raises:
        Error: where the template cannot be evaluated, or its Rules contradict each other.
    """
    declared = template.get("Parameters", {})
    needed = {name: _samples(about)[0] for name, about in declared.items() if "Default" not in about}
    space = Space(template, {name: _lists(declared[name]) for name in unlisted(template) if name in declared})
    left = sorted(_forms(template), key=len, reverse=True)
    sets: list[dict[str, str]] = []
    wanted: dict[str, bool] = {}  # at first nothing: the defaults, as near as the Rules admit
    while wanted or not sets:
        given, true = _real(template, needed, space.values(tuple(wanted.items())) or {})
        shown = {form for form in left if all(true[name] is holds for name, holds in form)}
        sets += [given] if shown or not sets else []
        left = [form for form in left if form not in shown and not dict(form).items() <= wanted.items()]
        wanted = _together(space, left)
    return sets


def deployed(template: Mapping[str, Any], given: Mapping[str, str]) -> Stack:
    """Evaluate a template with one of these sets."""
    pseudo = {name: value for name, value in given.items() if name.startswith("AWS::")}
    return Stack(template, {name: given[name] for name in given if name not in pseudo}, pseudo=pseudo)


def _together(space: Space, forms: Iterable[Guards]) -> dict[str, bool]:
    """Give truths of conditions that show as many forms at once as fit together, or nothing where none ever shows."""
    wanted: dict[str, bool] = {}
    for form in forms:
        both = {**wanted, **dict(form)}
        fits = all(wanted.get(name, holds) is holds for name, holds in form)
        if fits and len(both) > len(wanted) and space.values(tuple(both.items())) is not None:
            wanted = both
    return wanted


def _forms(template: Mapping[str, Any]) -> list[Guards]:
    """Give what must be true to see each resource, each branch in it, and each two of its branches."""
    found: dict[frozenset[tuple[str, bool]], None] = {}
    for body in template.get("Resources", {}).values():
        own: Guards = ((body["Condition"], True),) if "Condition" in body else ()
        paths = dict.fromkeys([own, *_branches(body, own)])
        found |= {frozenset((*one, *other)): None for one, other in itertools.combinations_with_replacement(paths, 2)}
    return [tuple(sorted(form)) for form in found if len(dict(form)) == len(form)]  # none both true and false


def _branches(value: Any, guards: Guards) -> Iterator[Guards]:
    if isinstance(value, list):
        for item in value:
            yield from _branches(item, guards)
    elif intrinsic(value) == "Fn::If":
        condition, then, otherwise = value["Fn::If"]
        for branch, holds in ((then, True), (otherwise, False)):
            yield (*guards, (condition, holds))
            yield from _branches(branch, (*guards, (condition, holds)))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _branches(member, guards)


def _samples(declared: Mapping[str, Any]) -> list[str]:
    """List values that a parameter admits; there is always one, fitting or not, for AWS is the judge of that."""
    bounds = [declared[key] for key in ("MinValue", "MaxValue") if key in declared]
    fitting = [text(value) for value in (*declared.get("AllowedValues", ()), *SAMPLES, *bounds)]
    return [value for value in fitting if not any(faults(declared, value))] or fitting[:1]


def _lists(declared: Mapping[str, Any]) -> list[str]:
    """List values of different lengths that a parameter admits."""
    default = [text(declared["Default"])] if "Default" in declared else []
    one, *_ = samples = _samples(declared)[:MOST_SAMPLES]
    longer = (",".join(members) for length in range(2, MOST_MEMBERS + 1) for members in _members(one, length))
    return list(dict.fromkeys([*default, *samples, *(value for value in longer if not any(faults(declared, value)))]))


def _members(one: str, length: int) -> Iterator[list[str]]:
    """Give members like `one`: the same again and again, and different ones, for a list may refuse either."""
    yield [one] * length
    yield list(dict.fromkeys([one, *(f"{one[:-1]}{digit}" for digit in range(MOST_MEMBERS))]))[:length]


def _real(
    template: Mapping[str, Any], needed: Mapping[str, str], found: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, bool]]:
    """Leave out defaults, and put what a parameter admits where `found` says "another", if conditions stay the same.

    What the conditions then are is the second result.
    """
    declared = template.get("Parameters", {})
    defaults = {name: text(about["Default"]) for name, about in declared.items() if "Default" in about}
    defaults[REGION] = pseudo_parameters({})[REGION]
    given = {**needed, **{name: value for name, value in found.items() if value != defaults.get(name)}}
    true = deployed(template, given).conditions
    others = {name: _samples(about)[0] for name, about in declared.items() if given.get(name, "").startswith(ANOTHER)}
    real = {**given, **others}
    return (real if others and deployed(template, real).conditions == true else given), true
