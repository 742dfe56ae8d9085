"""Check a template in all its forms. Only `check_policy` imports this module, and with it the validator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from smtemplates.errors import Error, UsageError
from smtemplates.evaluate.cover import coverage, deployed
from smtemplates.evaluate.limits import Steps, TooManyCombinationsError
from smtemplates.evaluate.not_evaluated import NEEDS_TRANSFORM
from smtemplates.evaluate.sections import creates_resources, definitions, entries, hidden, nested, type_of
from smtemplates.evaluate.stack import Stack
from smtemplates.policy import NOT_EVALUATED
from smtemplates.policy.documentation import documentation
from smtemplates.policy.gaps import Gap, Gaps
from smtemplates.policy.guard import OUR_NAME, Guard
from smtemplates.policy.places import Places

Parameters = dict[str, str]
Row = dict[str, Any]
Key = tuple[str, ...]

MOST_CHARACTERS = 8_000_000  # of resolved resources that are checked: about fifteen seconds
MOST_TO_REDUCE = 1_000_000  # of those that are checked to find out which parameter values a finding needs
TRIAL_STEPS = 1_000  # removing parameter values takes as long as checking so many characters,
CONDITION_STEPS = 5  # and so many for each condition
MOST_REUSED = 4  # sets of values that are tried again for the next finding

_TYPE = re.compile(r"AWS::\w+::\w+")
# Our rules look at one resource at a time, except for these: one must exist for the other.
_BUCKET_POLICY = "AWS::S3::BucketPolicy"
_TOGETHER = {"AWS::S3::Bucket", _BUCKET_POLICY}
_PAIRED = "S3_5"  # the rule for which one must exist
_SECTIONS = {"RESOURCE": "Resources", "OUTPUT": "Outputs", "PARAMETER": "Parameters", "METADATA": "Metadata"}


def run(template: Mapping[str, Any], text: str, ours: str, theirs: Mapping[str, str]) -> list[Row]:
    """Return the violations of rules, by line, each once, with few parameter values that show it.

    `ours` are the rules of this package ('': none). `theirs` are the rules of a user, by file. A row with the rule
    NOT_EVALUATED names a part of the template that was not evaluated: it needs a transform, for example, or has too
    many combinations of values. Resources which depend on it may break rules in forms that were not checked.

    Raises:
        UsageError: A policy file cannot be read or evaluated, or contains no rule.
    """
    gaps = Gaps()
    opaque = hidden(template)
    for subject, path in opaque.items():
        gaps.add(subject, NEEDS_TRANSFORM, path=path)
    readable = _without(template, [*opaque.values()])
    if not theirs:
        readable = _checked_resources(readable, ours)
    checks = _Checks(readable, Places(text), ours, theirs, gaps)
    checks.is_partial = creates_resources(template) or any(
        _type(template, path[-1]) == _BUCKET_POLICY for path in opaque.values()
    )
    rows = [row | documentation(row["rule"], row["message"], ours, theirs) for row in checks.run()]
    return sorted(rows, key=lambda row: (row["line"], row["column"], row["rule"], row["message"]))


def _without(template: Mapping[str, Any], paths: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Remove the resources and outputs with these paths, those that are not definitions, and untyped resources."""
    resources, outputs = (
        {name: body for name, body in definitions(template, section).items() if (section, name) not in paths}
        for section in ("Resources", "Outputs")
    )
    typed = {name: body for name, body in resources.items() if type_of(body)}
    return {**template, "Resources": typed, "Outputs": outputs}


def _checked_resources(template: Mapping[str, Any], ours: str) -> dict[str, Any]:
    """Remove the resources of types that our rules do not check: two thirds of the work for the workspace."""
    types = set(_TYPE.findall(ours))
    resources = {name: body for name, body in template["Resources"].items() if body["Type"] in types}
    return {**template, "Resources": resources, "Outputs": {}}


def _type(template: Mapping[str, Any], resource: str) -> str | None:
    return type_of(definitions(template, "Resources").get(resource, {}))


class _Checks:
    """Check the stacks of a template with different parameter values, and remember the violations."""

    is_partial = False  # a transform can create a bucket policy

    def __init__(
        self, template: Mapping[str, Any], places: Places, ours: str, theirs: Mapping[str, str], gaps: Gaps
    ) -> None:
        self._template = template
        self._resources: Mapping[str, Any] = template["Resources"]
        self._declared = definitions(template, "Parameters")
        self._gaps = gaps
        self._size = sum(1 for _ in nested(template))
        self._trial = TRIAL_STEPS + CONDITION_STEPS * len(entries(template, "Conditions"))
        self._places = places
        self._guard = _guard(*([(OUR_NAME, ours)] if ours else []), *theirs.items())
        self._is_whole = bool(theirs)  # the rules of a user can look at everything
        self._more = [name for name in ("Metadata", "Parameters") if any(name in rules for rules in theirs.values())]
        self._known: dict[frozenset[tuple[str, str]], dict[Key, Row]] = {}
        self._checked: set[tuple[str, str]] = set()
        self._created: set[str] = set()
        self._failed: dict[str, Error] = {}
        self._steps = Steps(MOST_CHARACTERS)
        self._steps_to_reduce = Steps(MOST_TO_REDUCE)
        self._few: list[Parameters] = []  # the values of the last findings

    def run(self) -> list[Row]:
        """Return the findings for all sets of parameter values, and the parts that were not evaluated."""
        seen: dict[Key, Parameters] = {}
        try:
            for parameters in self._sets():
                if self._is_whole or self._shows_new_findings(parameters):
                    seen = {**dict.fromkeys(self._rows(parameters), parameters), **seen}
        except UsageError:
            raise
        except Error as error:
            self._gaps.add_error(error, self._resources)
        rows = [self._row(key, parameters) for key, parameters in seen.items()]
        explained = self._gaps.resources
        for name, problem in self._failed.items():
            if name not in explained:
                self._gaps.add_error(problem, [name], f"Resource {name}")
        for name in self._resources:
            if name not in self._created | self._gaps.resources:
                self._gaps.add(f"Resource {name}", self._not_created(name), [name])
        return rows + [self._not_evaluated(gap) for gap in self._gaps.all]

    def _sets(self) -> list[Parameters]:
        """Choose the parameter values."""
        try:
            found = coverage(self._template)
        except Error as error:
            self._gaps.add_error(error, self._resources)
            return []
        for subject, names in found.incomplete.items():
            self._gaps.add(subject, found.reasons[subject], names)
        return found.sets

    def _row(self, key: Key, parameters: Parameters) -> Row:
        return self._rows(parameters)[key] | {"given": list(self._reduced(key, parameters).items())}

    def _rows(self, parameters: Parameters) -> dict[Key, Row]:
        """Return the violations with these parameter values, by the key that identifies a finding."""
        key = frozenset(parameters.items())
        if key not in self._known:
            stack = self._stack(parameters)
            rows = self._findings(stack, self._resolved(stack), self._steps)
            self._known[key] = {_key(row): row for row in rows}
        return self._known[key]

    def _stack(self, parameters: Parameters) -> Stack:
        self._steps.take(self._size)
        stack = deployed(self._template, parameters)
        created, failed = stack.evaluated
        self._created |= created.keys()
        self._failed = {**failed, **self._failed}
        return stack

    def _shows_new_findings(self, parameters: Parameters) -> bool:
        """Return whether our rules find anything in forms of resources that these parameter values show first."""
        stack = self._stack(parameters)
        created, _ = stack.evaluated
        forms = {name: repr(body) for name, body in created.items()}
        shown = {
            name: body
            for name, body in created.items()
            if body["Type"] in _TOGETHER or (name, forms[name]) not in self._checked
        }
        self._checked |= forms.items()
        return bool(self._findings(stack, {"Resources": shown}, self._steps))

    def _reduced(self, key: Key, parameters: Parameters) -> Parameters:
        """Remove parameter values as long as the Rules allow it and the finding stays.

        Large groups are tried first, so that few values are found quickly among many; then single values, and pairs
        that the Rules tie together. The values of other findings are tried before all, because a rule often finds
        several resources with the same values.
        """
        declared = self._declared
        try:
            parameters = next(
                (few for few in self._few if len(few) < len(parameters) and self._shows(key, few)), parameters
            )
            free = [name for name in parameters if "Default" in declared.get(name, {"Default": ""})]
            for names in _groups(free):
                parameters = self._without(names, key, parameters)
            for pair in self._tied(free, parameters):
                parameters = self._without(pair, key, parameters)
        except TooManyCombinationsError:
            pass  # the finding also appears with the values that are left
        self._few = [parameters, *(few for few in self._few if few != parameters)][:MOST_REUSED]
        return {name: parameters[name] for name in (*declared, *parameters) if name in parameters}

    def _without(self, names: Sequence[str], key: Key, parameters: Parameters) -> Parameters:
        fewer = {name: value for name, value in parameters.items() if name not in names}
        return fewer if fewer != parameters and self._shows(key, fewer) else parameters

    def _tied(self, names: Sequence[str], parameters: Parameters) -> Iterator[tuple[str, ...]]:
        """Yield pairs of names that the Rules tie together, then each name alone."""
        left = [name for name in names if name in parameters]
        for first in left:
            without = {name: value for name, value in parameters.items() if name != first}
            self._steps_to_reduce.take(self._trial)
            if deployed(self._template, without).rules():
                yield from ((first, second) for second in left if second != first)
        yield from ((name,) for name in left)

    def _shows(self, key: Key, parameters: Parameters) -> bool:
        """Return whether parameter values show a finding and the Rules allow them."""
        self._steps_to_reduce.take(self._trial)
        resources = self._resources
        if not self._is_whole:
            types = _TOGETHER if resources.get(key[-1], {}).get("Type") in _TOGETHER else ()
            resources = {name: one for name, one in resources.items() if name == key[-1] or one["Type"] in types}
        stack = deployed({**self._template, "Resources": resources}, parameters)
        if stack.rules():
            return False
        return any(_key(row) == key for row in self._findings(stack, self._resolved(stack), self._steps_to_reduce))

    def _not_created(self, name: str) -> str:
        """Return why a resource was not checked that no known parameter values create."""
        condition = self._resources[name].get("Condition")
        return (
            f"no parameter values were found that make condition {condition} true. Add AllowedValues to the parameters "
            "that the condition reads"
        )

    def _not_evaluated(self, gap: Gap) -> Row:
        return self._finding(NOT_EVALUATED, gap.message, list(gap.path), {}) | {"severity": "informational"}

    def _findings(self, stack: Stack, resolved: Mapping[str, Any], steps: Steps) -> list[Row]:
        # the text is only parsed for its lines if there is a finding
        places = [(found, _path(found)) for found in self._guard.check(resolved, steps)]
        return [
            self._finding(found.rule_id, " ".join(found.message.split()), path, stack.decided)
            for found, path in places
            if found.rule_id not in _suppressed(stack, path) and not self._may_be_false(found.rule_id, path, stack)
        ]

    def _may_be_false(self, rule: str, path: list[str], stack: Stack) -> bool:
        """Return whether a bucket policy that was not evaluated decides about a finding; report the bucket then."""
        _, failed = stack.evaluated
        if rule != _PAIRED or not (self.is_partial or _BUCKET_POLICY in {_type(self._template, one) for one in failed}):
            return False
        reason = "the bucket policy can be in a part of the template that was not evaluated"
        self._gaps.add(f"Resource {path[1]}", reason, [path[1]])
        return True

    def _resolved(self, stack: Stack) -> dict[str, Any]:
        template = stack.readable_template() | {name: self._template.get(name, {}) for name in self._more}
        if "Parameters" in template:
            declared = self._declared.items()
            template["Parameters"] = {name: {**about, "Default": stack.parameters[name]} for name, about in declared}
        return template

    def _finding(self, rule: str, message: str, path: list[str], conditions: Mapping[str, bool]) -> Row:
        line, column = self._places.of(path, conditions)
        what = {"rule": rule, "severity": "error", "message": message, "given": []}
        return {"line": line, "column": column, **what, "path": path}


def _groups(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield all names, then their halves, and so on down to single names."""
    size = len(names)
    while size:
        for start in range(0, len(names), size):
            yield tuple(names[start : start + size])
        size = (size + 1) // 2 if size > 1 else 0


def _key(row: Row) -> Key:
    return (row["rule"], row["message"], str(row["line"]), *row["path"][:2])


@lru_cache(maxsize=4)
def _guard(*files: tuple[str, str]) -> Guard:
    """Start the validator once for the same rules: that takes ten times as long as one check."""
    return Guard(dict(files))


def _path(found: Any) -> list[str]:
    if not found.entity:
        return []
    below = found.property_path.split(".") if found.property_path else []
    return [_SECTIONS.get(found.entity.entity_type.name, ""), found.entity.logical_id, *below]


def _suppressed(stack: Stack, path: list[str]) -> Any:
    """Return the rules that the Metadata of a resource suppresses, in the place that the Guard rules of AWS use."""
    value: Any = stack.evaluated[0].get(path[1], {}) if path[:1] == ["Resources"] else {}
    for key in ("Metadata", "guard", "SuppressedRules"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else ()
