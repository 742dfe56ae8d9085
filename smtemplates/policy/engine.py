"""Judge a template in all its forms; importing this imports the validator, so only `judge` does, when it must."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate.cover import covering, deployed
from smtemplates.evaluate.stack import Stack
from smtemplates.policy.guard import OUR_NAME, Guard
from smtemplates.policy.places import Places

Given = dict[str, str]
Row = dict[str, Any]
Key = tuple[str, ...]

NOT_JUDGED = "NOT_JUDGED"
_TYPE = re.compile(r"AWS::\w+::\w+")
# Our rules look at one resource at a time, but for these, of which one must be there for the other.
_TOGETHER = {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}
_SECTIONS = {"RESOURCE": "Resources", "OUTPUT": "Outputs", "PARAMETER": "Parameters", "METADATA": "Metadata"}


def run(template: Mapping[str, Any], text: str, ours: str, theirs: Mapping[str, str]) -> list[Row]:
    """Return what breaks a rule, by line, each once, with the fewest parameter values that show it.

    `ours` are the rules that come with this ('': none); `theirs` are a user's, by file.

    Raises:
        UsageError: A Guard file cannot be read or evaluated, or holds no rule.
        Error: The template cannot be resolved.
    """
    if not theirs:
        template = _looked_at(template, ours)
    forms = _Forms(template, Places(text), ours, theirs)
    seen: dict[Key, Given] = {}
    try:
        for given in covering(template):
            if theirs or forms.breaks_anew(given):
                seen = {**dict.fromkeys(forms.rows(given), given), **seen}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # a template is anything here; what exactly is wrong with one, cfn-lint says better
        raise Error("The template cannot be resolved: something in it has not the form that it should have.") from error
    rows = [forms.rows(given)[key] | {"given": list(forms.fewest(key, given).items())} for key, given in seen.items()]
    rows += [forms.not_judged(name) for name in template.get("Resources", {}) if name not in forms.made]
    return sorted(rows, key=lambda row: (row["line"], row["column"], row["rule"], row["message"]))


def _looked_at(template: Mapping[str, Any], ours: str) -> dict[str, Any]:
    """Leave out what our rules do not look at, as nobody's else may: it is two thirds of the work for the workspace."""
    types = set(_TYPE.findall(ours))
    resources = {name: body for name, body in template.get("Resources", {}).items() if body["Type"] in types}
    return {**template, "Resources": resources, "Outputs": {}}


class _Forms:
    """Hold what a template is for the parameter values that were looked at, and what breaks a rule there."""

    def __init__(self, template: Mapping[str, Any], places: Places, ours: str, theirs: Mapping[str, str]) -> None:
        self._template = template
        self._places = places
        self._guard = _guard(*([(OUR_NAME, ours)] if ours else []), *theirs.items())
        self._more = [name for name in ("Metadata", "Parameters") if any(name in rules for rules in theirs.values())]
        self._known: dict[frozenset[tuple[str, str]], dict[Key, Row]] = {}
        self._judged: set[tuple[str, str]] = set()
        self.made: set[str] = set()

    def rows(self, given: Given) -> dict[Key, Row]:
        """Return what breaks a rule with these parameter values, by what tells one finding from another."""
        key = frozenset(given.items())
        if key not in self._known:
            stack = deployed(self._template, given)
            self.made |= stack.resources.keys()
            rows = self._breaches(stack, self._resolved(stack))
            self._known[key] = {(row["rule"], row["message"], str(row["line"]), *row["path"][:2]): row for row in rows}
        return self._known[key]

    def breaks_anew(self, given: Given) -> bool:
        """Tell whether our rules find anything in what these parameter values show for the first time."""
        stack = deployed(self._template, given)
        self.made |= stack.resources.keys()
        forms = {name: repr(body) for name, body in stack.resources.items()}
        shown = {
            name: body
            for name, body in stack.resources.items()
            if body["Type"] in _TOGETHER or (name, forms[name]) not in self._judged
        }
        self._judged |= forms.items()
        return bool(self._breaches(stack, {"Resources": shown}))

    def fewest(self, key: Key, given: Given) -> Given:
        """Leave out what can be left out, alone or in twos, while the Rules are kept and the same is found."""
        declared = self._template.get("Parameters", {})
        free = [name for name in given if "Default" in declared.get(name, {"Default": ""})]
        alone = [(name,) for name in free]
        for names in (*alone, *itertools.combinations(free, 2), *alone):
            fewer = {name: value for name, value in given.items() if name not in names}
            if fewer != given and not deployed(self._template, fewer).rules() and key in self.rows(fewer):
                given = fewer
        return {name: given[name] for name in (*declared, *given) if name in given}  # as the template lists them

    def not_judged(self, name: str) -> Row:
        """Say that no parameter values were found that make a resource."""
        condition = self._template["Resources"][name].get("Condition")
        why = f"no parameter values were found that make {condition} true; give the parameters it reads AllowedValues"
        return self._finding(NOT_JUDGED, f"{name} was not judged: {why}.", ["Resources", name], {})

    def _breaches(self, stack: Stack, resolved: Mapping[str, Any]) -> list[Row]:
        # only where something is left is the text read for its lines
        places = [(found, _path(found)) for found in self._guard.judge(resolved)]
        return [
            self._finding(found.rule_id, " ".join(found.message.split()), path, stack.conditions)
            for found, path in places
            if found.rule_id not in _suppressed(stack, path)
        ]

    def _resolved(self, stack: Stack) -> dict[str, Any]:
        template = stack.template() | {name: self._template.get(name, {}) for name in self._more}
        if "Parameters" in template:
            declared = template["Parameters"].items()
            template["Parameters"] = {name: {**about, "Default": stack.parameters[name]} for name, about in declared}
        return template

    def _finding(self, rule: str, message: str, path: list[str], conditions: Mapping[str, bool]) -> Row:
        line, column = self._places.of(path, conditions)
        what = {"rule": rule, "severity": "error", "message": message, "given": []}
        return {"line": line, "column": column, **what, "path": path}


@lru_cache(maxsize=4)
def _guard(*files: tuple[str, str]) -> Guard:
    """Start the validator once for the same rules: that takes ten times as long as one of its verdicts."""
    return Guard(dict(files))


def _path(found: Any) -> list[str]:
    if not found.entity:
        return []
    below = found.property_path.split(".") if found.property_path else []
    return [_SECTIONS.get(found.entity.entity_type.name, ""), found.entity.logical_id, *below]


def _suppressed(stack: Stack, path: list[str]) -> Any:
    """Give the rules that a resource waives, where AWS's own Guard rules look for them."""
    value: Any = stack.resources.get(path[1], {}) if path[:1] == ["Resources"] else {}
    for key in ("Metadata", "guard", "SuppressedRules"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else ()
