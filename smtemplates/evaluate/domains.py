"""Find the values of each parameter that the Conditions and Rules of a template distinguish."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from smtemplates.aws_data.partitions import partition_of, some_region_of_each_partition
from smtemplates.errors import Error, UsageError
from smtemplates.evaluate.check import allowed_values, faults
from smtemplates.evaluate.limits import MOST_STEPS, Steps
from smtemplates.evaluate.logic import COMPARISONS, function
from smtemplates.evaluate.not_evaluated import unexpected_values
from smtemplates.evaluate.parameters import is_list, pseudo_parameters
from smtemplates.evaluate.references import references
from smtemplates.evaluate.sections import assertions, definitions, entries
from smtemplates.evaluate.values import intrinsic, scalar, to_text

REGION = "AWS::Region"
ANOTHER = "<another>"  # starts a value that differs from all others
CHECK_STEPS = 10  # checking a value against a parameter takes as long as this many other steps
OF_REGION = ("AWS::Partition", "AWS::URLSuffix")  # these follow from the Region


def domains(
    template: Mapping[str, Any], listed: Mapping[str, Sequence[str]], steps: Steps
) -> dict[str, tuple[str, ...]]:
    """Return for each name that Conditions or Rules read the values to try, the default first.

    `listed` has precedence, then AllowedValues, then the keys of the mappings in which the name is looked up. A
    parameter that is only compared, with literals or with other parameters, has each of those values, and a value that
    differs from all of them.

    Raises:
        UsageError: Conditions or Rules decompose parameters (Fn::Split, Fn::Join, lists, ...) that are not `listed`.
        TooManyCombinationsError: Too many parameters are compared with each other.
    """
    reader = _Reader(template, listed, steps)
    if unknown := reader.unlisted():
        raise UsageError(
            f"Specify sample values of {', '.join(unknown)}. Conditions or Rules decompose them, so the template alone "
            "does not show which of their values matter."
        )
    found = {name: reader.domain(name) for name in reader.uses if name not in OF_REGION}
    if empty := [name for name, values in found.items() if not values]:
        raise UsageError(
            f"Parameter {empty[0]} has no possible value. The list of its values is empty, "
            "or a mapping contains none of them."
        )
    return found


def unlisted(template: Mapping[str, Any]) -> list[str]:
    """Return the parameters that Conditions or Rules decompose, and whose values the template does not list."""
    return _Reader(template, {}, Steps()).unlisted()


@dataclass
class _Use:
    """Uses of one name in Conditions and Rules."""

    literals: dict[str, None] = field(default_factory=dict)  # that the name is compared with
    names: set[str] = field(default_factory=set)  # that the name is compared with
    keys: list[Iterable[str]] = field(default_factory=list)  # of mappings in which the name is looked up
    taken_apart: bool = False


class _Reader:
    def __init__(self, template: Mapping[str, Any], listed: Mapping[str, Sequence[str]], steps: Steps) -> None:
        pseudo = pseudo_parameters({})
        kinds = {name: "String" if isinstance(value, str) else "List<String>" for name, value in pseudo.items()}
        own = definitions(template, "Parameters")
        self._declared = {**{name: {"Type": kind} for name, kind in kinds.items()}, **own}
        self._defaults = defaults(own) | {REGION: pseudo[REGION]}
        self._mappings = entries(template, "Mappings")
        self._listed = listed
        self._steps = steps
        self._others: dict[str, str] = {}
        self._sized: set[str] = set()
        self.uses: dict[str, _Use] = defaultdict(_Use)
        for expression in _expressions(template):
            with suppress(Error), unexpected_values():  # reported when the expression is evaluated
                self._read(expression)
        if not self.uses.keys().isdisjoint(OF_REGION):
            self.uses.setdefault(REGION, _Use())
        for name in self.uses.keys() - self._declared.keys():  # reported when it is evaluated
            del self.uses[name]
        for name, use in self.uses.items():
            use.names &= self._declared.keys()
            use.taken_apart |= is_list(self._declared[name])

    def _read(self, expression: Any) -> None:
        name, arguments = function(expression)
        if name in COMPARISONS:
            self._compare(name, *arguments)
        elif name != "Condition":
            for part in arguments:
                self._read(part)

    def _compare(self, name: str, first: Any, second: Any) -> None:
        one, other = _name(first), _name(second)
        if name == "Fn::Equals" and one and other:
            self.uses[one].names.add(other)
            self.uses[other].names.add(one)
        elif one and (literals := _texts(second)) is not None:
            self.uses[one].literals |= literals
        elif other and (literals := _texts(first)) is not None:
            self.uses[other].literals |= literals
        else:
            self._take_apart(first)
            self._take_apart(second)

    def _take_apart(self, value: Any) -> None:
        kind = intrinsic(value)
        if kind == "Fn::FindInMap" and isinstance(value[kind][0], str):
            mapping, top, second = value[kind]
            found = entries(self._mappings, mapping)
            self._look_up(top, found)
            alike = len({frozenset(entry) for entry in found.values()}) == 1
            self._look_up(second, next(iter(found.values())) if alike else None)
        elif kind in {"Ref", "Fn::Sub"}:
            for reference in references(value):
                self.uses[reference.target].taken_apart = True
        elif isinstance(value, list | dict):
            for part in value if isinstance(value, list) else value.values():
                self._take_apart(part)

    def _look_up(self, key: Any, options: Iterable[str] | None) -> None:
        name = _name(key)
        if name and options is not None:
            self.uses[name].keys.append(options)
        else:
            self._take_apart(key)

    def unlisted(self) -> list[str]:
        """Return the names that are decomposed, and whose values are not listed."""
        return sorted(name for name, use in self.uses.items() if use.taken_apart and self.listed(name) is None)

    def listed(self, name: str) -> tuple[str, ...] | None:
        """Return the listed values of a name, or None if there is no list."""
        declared, keys = self._declared[name], self.uses[name].keys
        if name in self._listed:
            return tuple(self._listed[name])
        if (allowed := allowed_values(declared)) and not is_list(declared):
            return tuple(allowed)
        if keys:
            return tuple(key for key in keys[0] if all(key in others for others in keys))
        if name in OF_REGION:
            index = OF_REGION.index(name)
            return tuple(partition_of(region)[index] for region in some_region_of_each_partition())
        return None

    def domain(self, name: str) -> tuple[str, ...]:
        """Return the values of a name that matter, the default first."""
        listed = self.listed(name)
        if listed is None:
            alike = self._compared_with(name)
            self._check_size(name, alike)
            with self._steps.limit(f"Parameter {name}"):
                values = self._distinguished(name, alike)
        else:
            values = listed
        if name == REGION:
            values = tuple(value for value in values if self._in_mappings(value))
        default = self._defaults.get(name)
        return tuple(sorted(dict.fromkeys(values), key=lambda value: value != default))

    def _check_size(self, name: str, alike: Sequence[str]) -> None:
        """Raise the error before the first of many parameters: each has at least as many values as there are."""
        if name not in self._sized:
            self._sized.update(alike)
            with self._steps.limit(f"Parameter {name}", MOST_STEPS):
                self._steps.check(len(alike) * sum(1 for other in alike if self.listed(other) is None))

    def _distinguished(self, name: str, alike: Sequence[str]) -> tuple[str, ...]:
        values = [value for other in alike for value in (*self.uses[other].literals, *(self.listed(other) or ()))]
        values += [self._defaults[other] for other in alike if other in self._defaults]
        values += some_region_of_each_partition() if REGION in alike else ()
        values = list(dict.fromkeys(values))
        self._steps.take(CHECK_STEPS * len(values) + len(alike))
        if name != REGION:
            values = [value for value in values if not any(faults(self._declared[name], value))]
            values += [self._another(other) for other in alike]
        return tuple(values)

    def _another(self, name: str) -> str:
        """Return a value that differs from all others: the same object each time, because there can be many uses."""
        return self._others.setdefault(name, f"{ANOTHER} value of {name}")

    def _compared_with(self, name: str) -> list[str]:
        """Return the names that a parameter is compared with, directly or through others, and its own name."""
        found = [name]
        known = {name}
        for other in found:  # grows while it is read
            new = [one for one in sorted(self.uses[other].names) if one not in known]
            known.update(new)
            found += new
        return found

    def _in_mappings(self, region: str) -> bool:
        values = zip(OF_REGION, partition_of(region), strict=True)
        return all(value in keys for name, value in values if name in self.uses for keys in self.uses[name].keys)


def defaults(declared: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the defaults of parameters as text."""
    found = {name: scalar(about.get("Default")) for name, about in declared.items()}
    return {name: default for name, default in found.items() if default is not None}


def _expressions(template: Mapping[str, Any]) -> Iterator[Any]:
    yield from entries(template, "Conditions").values()
    for rule in definitions(template, "Rules").values():
        yield from [rule["RuleCondition"]] if "RuleCondition" in rule else []
        yield from (assertion["Assert"] for assertion in assertions(rule))


def _name(value: Any) -> str | None:
    name = value["Ref"] if intrinsic(value) == "Ref" else None
    return name if isinstance(name, str) and name != "AWS::NoValue" else None


def _texts(value: Any) -> dict[str, None] | None:
    values = value if isinstance(value, list) else [value]
    return dict.fromkeys(map(to_text, values)) if all(isinstance(item, str | int | float) for item in values) else None
