"""Lists of the catalog: parameters with entries that are separated by commas, and a condition for each entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troposphere import Equals, Not, Parameter, Select

from smtemplates.core.construct import EACH_ONCE, NamedCondition, all_of, list_item, string_parameter

# The length in bytes of the longest value of a parameter.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_VALUE_LENGTH = 4096


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One place in a list: its number, the condition that it is not empty, and its value."""

    number: int
    condition: NamedCondition
    value: Select

    @property
    def title(self) -> str:
        """The logical ID of the resource that the condition creates, such as Share1."""
        return self.condition.name.removeprefix("Create")


@dataclass(frozen=True, kw_only=True)
class EntryList:
    """A list: its parameters by label, and its entries."""

    parameters: Mapping[str, Parameter]
    entries: Sequence[Entry]

    @property
    def conditions(self) -> list[NamedCondition]:
        """The conditions of the entries."""
        return [entry.condition for entry in self.entries]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Describe a list parameter. `prefix` is the start of the logical ID of its resources.

    `length` is the length of the longest entry with its comma. `hint` describes the entries, with {} for their number.
    `more` is the description of a further parameter, with {} for the name of the first.
    """

    name: str
    label: str
    prefix: str
    item: str
    length: int
    description: str
    hint: str
    more: str = ""

    @property
    def per_parameter(self) -> int:
        """The number of places in one parameter, so that no valid value is too long for CloudFormation."""
        return MAX_VALUE_LENGTH // self.length


def entry_list(kind: Kind, places: int) -> EntryList:
    """Build a list with a number of places. The entries that one parameter has no places for get further parameters.

    The numbers of the entries continue in the further parameters, so that no resource is replaced if places are added.
    AWS rejects an entry that occurs in two parameters, because a pattern cannot compare parameters.
    """
    parameters: dict[str, Parameter] = {}
    entries: list[Entry] = []
    for first in range(1, places + 1, kind.per_parameter):
        part = first // kind.per_parameter + 1
        count = min(kind.per_parameter, places - first + 1)
        parameter = _parameter(kind, part, count)
        parameters[kind.label if part == 1 else f"{kind.label} ({part})"] = parameter
        entries += entries_of(parameter, kind.prefix, first, count)
    return EntryList(parameters=parameters, entries=entries)


def entries_of(
    parameter: Parameter, prefix: str, first: int, count: int, given: NamedCondition | None = None
) -> list[Entry]:
    """Build the entries of one parameter, whose first entry has the number `first`. They exist only if `given` does."""
    found = []
    for place in range(1, count + 1):
        value = list_item(parameter, place, count)
        exists = Not(Equals(value, ""))
        name = f"Create{prefix}{first + place - 1}"
        condition = NamedCondition(name, all_of(given, exists) if given else exists)
        found.append(Entry(number=first + place - 1, condition=condition, value=value))
    return found


def _parameter(kind: Kind, part: int, count: int) -> Parameter:
    return string_parameter(
        kind.name if part == 1 else f"{kind.name}{part}",
        kind.description if part == 1 else kind.more.format(kind.name),
        pattern=pattern_of(kind.item, count),
        hint=kind.hint.format(count),
        max_length=count * kind.length,
    )


def pattern_of(item: str, count: int) -> str:
    """Return a pattern for different items: AWS rejects a second identical principal, share or TagOption.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateTagOption.html (DuplicateResourceException)
    """
    return f"^{EACH_ONCE}({item})?(,({item})?){{0,{count - 1}}}$"
