"""Tags for which users choose a value at launch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troposphere import AWSObject, Parameter, Ref, servicecatalog

from smtemplates.core.construct import NamedCondition, string_parameter
from smtemplates.templates.service_catalog.lists import entries_of, pattern_of

# AWS does not increase these quotas: 25 values for a key, and 25 TagOptions for a portfolio or product. More values
# therefore need a second key, and a second resource: the portfolio has the first tag, and the product the second.
# Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html (Values per TagOption)
PER_KEY = 25
MOST = 2 * PER_KEY
_KEY = "^(?!aws:|Project$|Environment$)[A-Za-z0-9 _.:/=+@-]{1,128}$"
_KEY_HINT = (
    "must be 1 to 128 letters, digits, spaces and _ . : / = + @ -, and not Project or Environment, which the workspace "
    "sets"
)


@dataclass(frozen=True, kw_only=True)
class TagOptions:
    """The parameters for one tag by label, and a condition and two resources for each of its values."""

    parameters: Mapping[str, Parameter]
    conditions: Sequence[NamedCondition]
    resources: Sequence[AWSObject]


def tag_options(part: int, places: int, owner: Ref, given: NamedCondition | None = None) -> TagOptions:
    """Build the tag number `part` (1 or 2) with a number of values, and associate it with the portfolio or product.

    The values exist only if the condition `given` is true. A key and value can exist only once in the TagOption library
    of an account.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateTagOption.html
    """
    key, values = (_first_key(), _first_values(places)) if part == 1 else (_second_key(), _second_values(places))
    suffix = "" if part == 1 else " (2)"
    entries = entries_of(values, "TagOption", (part - 1) * PER_KEY + 1, places, given)
    options = [
        servicecatalog.TagOption(entry.title, Condition=entry.condition.name, Key=Ref(key), Value=entry.value)
        for entry in entries
    ]
    offers = [
        servicecatalog.TagOptionAssociation(
            f"Offer{entry.title}",
            Condition=entry.condition.name,
            ResourceId=owner,
            TagOptionId=Ref(entry.title),
        )
        for entry in entries
    ]
    return TagOptions(
        parameters={f"Tag key{suffix}": key, f"Tag values{suffix}": values},
        conditions=[entry.condition for entry in entries],
        resources=[*options, *offers],
    )


def _first_key() -> Parameter:
    return string_parameter(
        "TagOptionKey",
        "Key of the tag for which users choose a value at launch. Default: CostCenter.",
        pattern=_KEY,
        hint=_KEY_HINT,
        max_length=128,
        default="CostCenter",
    )


def _first_values(places: int) -> Parameter:
    return _values(
        "TagOptionValues",
        "Values that users can choose for the tag at launch, separated by commas. The account must not already "
        "have a TagOption with the same key and value. To remove a value, keep its comma. The positions of the "
        "other values must not change. Leave empty for no tag.",
        places,
    )


def _second_key() -> Parameter:
    return string_parameter(
        "TagOptionKey2",
        "Key of a second tag, which must differ from TagOptionKey. AWS allows 25 values for a key. Default: Team.",
        pattern=_KEY,
        hint=_KEY_HINT,
        max_length=128,
        default="Team",
    )


def _second_values(places: int) -> Parameter:
    return _values(
        "TagOptionValues2",
        "Values that users can choose for the second tag at launch, separated by commas. To remove a value, keep its "
        "comma. The positions of the other values must not change. Leave empty for no second tag. The second tag "
        "requires TemplateUrl, because it belongs to the product.",
        places,
    )


def _values(name: str, description: str, places: int) -> Parameter:
    return string_parameter(
        name,
        description,
        pattern=pattern_of("[A-Za-z0-9 _.:/=+@-]{1,128}", places),
        hint=f"must be empty or up to {places} different values of letters, digits, spaces and _ . : / = + @ -, "
        "separated by commas",
        max_length=places * 130,
    )
