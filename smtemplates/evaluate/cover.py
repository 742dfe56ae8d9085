"""Choose few sets of parameter values that show the resources of a template in the forms that they can take."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate.check import allowed_values, faults
from smtemplates.evaluate.domains import ANOTHER, REGION, defaults, unlisted
from smtemplates.evaluate.limits import TOO_MANY, TooManyCombinationsError
from smtemplates.evaluate.not_evaluated import NotEvaluatedError, for_any_template, reason_of
from smtemplates.evaluate.parameters import pseudo_parameters
from smtemplates.evaluate.possibilities import Forms, Possibilities
from smtemplates.evaluate.prove import Space
from smtemplates.evaluate.references import Requirements, branches_of, own
from smtemplates.evaluate.sections import definitions, entries
from smtemplates.evaluate.stack import Stack
from smtemplates.evaluate.values import intrinsic, scalar

MOST_SAMPLES = 12  # of a parameter that conditions decompose: each is tried with each of the next parameter
MOST_MEMBERS = 5  # of a list among them
MOST_ALLOWED = 100  # of AllowedValues, of which the first that AllowedPattern also allows is a sample
MOST_FORMS = 20_000  # of all resources together
MOST_EFFORT = 300_000  # truth values of conditions, for all sets together: a few seconds

# Typical values of parameters: the first that a parameter allows stands for any value that a user may enter.
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


@dataclass(frozen=True)
class Coverage:
    """Sets of parameter values, and the subjects that were not evaluated.

    `incomplete` has a key for each condition, rule or resource that was not evaluated, such as "Condition HasSubnets",
    with the resources that depend on it: the sets may not show all forms of them. `reasons` has the same keys.
    """

    sets: list[dict[str, str]]
    incomplete: dict[str, list[str]]
    reasons: dict[str, str] = field(default_factory=dict)


@for_any_template
def covering(template: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return sets of parameter values, each as differences from the defaults, that the Rules allow.

    Together they create every resource that any values create, and show it with each branch of its Fn::If, and with
    every two branches that can occur together: few sets, while all combinations would be far too many. Values of
    parameters that conditions decompose (lists, Fn::Split, ...) are samples, unless AllowedValues lists them.
    AWS::Region can be among the names.

    Raises:
        NotEvaluatedError: A condition or rule, which the message names, cannot be evaluated: it needs a transform, or
            has too many combinations to try.
        Error: The template cannot be evaluated, or its Rules contradict each other.
    """
    found = coverage(template)
    for subject in found.incomplete:
        raise _error(subject, found.reasons[subject])
    return found.sets


def _error(subject: str, reason: str) -> NotEvaluatedError:
    return TooManyCombinationsError(subject) if reason == TOO_MANY else NotEvaluatedError(subject, reason)


@for_any_template
def coverage(template: Mapping[str, Any]) -> Coverage:
    """Return the sets of `covering`, as far as the template can be evaluated.

    Raises:
        Error: The template cannot be evaluated, or its Rules contradict each other.
    """
    declared = definitions(template, "Parameters")
    needed = {name: _sample(about) for name, about in declared.items() if "Default" not in about}
    try:
        space = Space(template, {name: _lists(declared[name]) for name in unlisted(template) if name in declared})
    except NotEvaluatedError as error:
        sets = [] if deployed(template, needed).rules() else [needed]
        resources = list(entries(template, "Resources"))
        return Coverage(sets, {error.subject: resources}, {error.subject: error.reason})
    return _Search(template, needed, space).run()


class _Search:
    """Search for sets of parameter values until every form of every resource is shown, or cannot be."""

    def __init__(self, template: Mapping[str, Any], needed: Mapping[str, str], space: Space) -> None:
        self._template = template
        self._needed = needed
        self._space = space
        self._incomplete: dict[str, dict[str, None]] = {}
        self._reasons: dict[str, str] = {}
        self._users: dict[str, dict[str, None]] = {}
        self._forms = Forms()
        self._possibilities = Possibilities(space, self._forms)
        self._left = sorted(self._all_forms(), key=lambda form: form.bit_count(), reverse=True)

    def run(self) -> Coverage:
        """Return the sets and the subjects that were not evaluated."""
        sets: list[dict[str, str]] = []
        wanted: dict[str, bool] = {}  # at first none: the defaults, or the nearest allowed values
        effort = 1 + len(entries(self._template, "Conditions")) + len(self._left) // 30  # of one set
        for _ in range(max(1, MOST_EFFORT // effort)):
            parameters, true = _real(self._template, self._needed, self._space.values(tuple(wanted.items())) or {})
            holding = self._forms.form((name, true[name]) for name in self._forms.bits if name in true)
            missing = [form for form in self._left if form & ~holding]
            sets += [parameters] if len(missing) < len(self._left) or not sets else []
            asked = self._forms.form(wanted.items())
            self._left = [form for form in missing if form & ~asked]
            wanted = self._together()
            if not wanted:
                break
        self._give_up_all(self._left)
        incomplete = {subject: list(names) for subject, names in self._incomplete.items()}
        return Coverage(sets, incomplete, self._reasons)

    def _together(self) -> dict[str, bool]:
        """Return truth values of conditions that show as many forms as possible at once; none if no form is left."""
        wanted: dict[str, bool] = {}
        asked, excluded = 0, 0  # the forms in `wanted`, and truth values that contradict them
        hopeless = set()
        for form in self._left:
            new = form & ~asked
            if not new or form & excluded:
                continue
            if self._is_possible(asked, form):
                wanted, asked = {**wanted, **self._forms.conditions(new)}, asked | form
                excluded |= self._forms.form((name, not holds) for name, holds in wanted.items())
            elif not wanted:
                hopeless.add(form)
            elif new.bit_count() == 1:
                excluded |= new
            excluded |= self._possibilities.excluded_by(asked)
        self._left = [form for form in self._left if form not in hopeless]
        return wanted

    def _is_possible(self, asked: int, form: int) -> bool:
        try:
            return self._possibilities.is_possible(asked, form)
        except NotEvaluatedError as error:
            if not asked:  # there is no simpler question about this form
                self._give_up(error.subject, self._users_of(form), error.reason)
            return False

    def _users_of(self, form: int) -> list[str]:
        return [name for condition in self._forms.conditions(form) for name in self._users[condition]]

    def _give_up(self, subject: str, resources: Iterable[str], reason: str = TOO_MANY) -> None:
        self._reasons.setdefault(subject, reason)
        self._incomplete.setdefault(subject, {}).update(dict.fromkeys(resources))

    def _give_up_all(self, forms: Iterable[int]) -> None:
        """Report the conditions of forms that no set shows."""
        for condition in dict.fromkeys(name for form in forms for name in self._forms.conditions(form)):
            self._give_up(f"Condition {condition}", self._users[condition])

    def _all_forms(self) -> list[int]:
        """Return the forms of each resource, each branch in it, and each two of its branches."""
        found: dict[int, None] = {}
        for name, body in definitions(self._template, "Resources").items():
            try:
                branches = dict.fromkeys([own(body), *_branches(body, own(body))])
            except Error as error:
                self._give_up(f"Resource {name}", [name], reason_of(error))
                continue
            paths = list(dict.fromkeys(self._forms.form(path) for path in branches if self._can_be_stated(name, path)))
            if len(found) + len(paths) * (len(paths) + 1) // 2 > MOST_FORMS:
                self._give_up(f"Resource {name}", [name])
                found |= dict.fromkeys(paths)
            else:
                found |= {one | other: None for one, other in itertools.combinations_with_replacement(paths, 2)}
            for condition in dict.fromkeys(condition for path in branches for condition, _ in path):
                self._users.setdefault(condition, {})[name] = None
        positive = sum(self._forms.bits.values())
        return [form for form in found if not form & (form >> 1) & positive]  # no condition is both true and false

    def _can_be_stated(self, resource: str, path: Requirements) -> bool:
        try:
            for condition, _ in path:
                self._space.check(condition)
        except NotEvaluatedError as error:
            self._give_up(error.subject, [resource], error.reason)
            return False
        return True


def deployed(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Stack:
    """Evaluate a template with one of these sets."""
    pseudo = {name: value for name, value in parameters.items() if name.startswith("AWS::")}
    own = {name: value for name, value in parameters.items() if name not in pseudo}
    return Stack(template, own, pseudo=pseudo)


def _branches(value: Any, required: Requirements) -> Iterator[Requirements]:
    if isinstance(value, list):
        for item in value:
            yield from _branches(item, required)
    elif intrinsic(value) == "Fn::If":
        condition, then, otherwise = branches_of(value["Fn::If"])
        for branch, holds in ((then, True), (otherwise, False)):
            yield (*required, (condition, holds))
            yield from _branches(branch, (*required, (condition, holds)))
    elif isinstance(value, dict):
        for member in value.values():
            yield from _branches(member, required)


def _sample(declared: Mapping[str, Any]) -> str:
    return _samples(declared, 1)[0]


def _samples(declared: Mapping[str, Any], most: int) -> list[str]:
    """List values that a parameter allows; there is always one, even if none is known to be allowed."""
    bounds = [text for key in ("MinValue", "MaxValue") if (text := scalar(declared.get(key)))]
    candidates = [*allowed_values(declared)[:MOST_ALLOWED], *SAMPLES, *bounds]
    fitting = (value for value in candidates if not any(faults(declared, value)))
    return list(itertools.islice(fitting, most)) or candidates[:1]


def _lists(declared: Mapping[str, Any]) -> list[str]:
    """List values of different lengths that a parameter allows."""
    default = [text] if (text := scalar(declared.get("Default"))) is not None else []
    one, *_ = samples = _samples(declared, MOST_SAMPLES)
    longer = (",".join(members) for length in range(2, MOST_MEMBERS + 1) for members in _members(one, length))
    return list(dict.fromkeys([*default, *samples, *(value for value in longer if not any(faults(declared, value)))]))


def _members(one: str, length: int) -> Iterator[list[str]]:
    """Yield members like `one`, first all equal, then all different, because a list can reject either."""
    yield [one] * length
    yield list(dict.fromkeys([one, *(f"{one[:-1]}{digit}" for digit in range(MOST_MEMBERS))]))[:length]


def _real(
    template: Mapping[str, Any], needed: Mapping[str, str], found: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, bool]]:
    """Remove defaults, and replace values that stand for any other value by samples, if all conditions stay the same.

    The second result is the truth values of the conditions.
    """
    declared = definitions(template, "Parameters")
    usual = defaults(declared) | {REGION: pseudo_parameters({})[REGION]}
    parameters = {**needed, **{name: value for name, value in found.items() if value != usual.get(name)}}
    true = deployed(template, parameters).decided
    others = {name: _sample(about) for name, about in declared.items() if parameters.get(name, "").startswith(ANOTHER)}
    real = {**parameters, **others}
    return (real if others and deployed(template, real).decided == true else parameters), true
