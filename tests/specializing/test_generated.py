"""Specialized templates equal the full ones: on generated templates, for every value of the remaining parameters."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smtemplates.errors import UsageError
from smtemplates.evaluate import Stack
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import Specialized, specialization, specialize
from specializing.equality import check_equal, check_names
from specializing.generated import DOMAINS, choices, templates

REGIONS = ("us-east-1", "cn-north-1")
ALL = [dict(zip(DOMAINS, each, strict=True)) for each in itertools.product(*DOMAINS.values())]


def attempt(template: dict[str, Any], fix: dict[str, str], keep: frozenset[str] | None = None) -> Specialized | None:
    """Return a specialized template, or None if the values contradict the rules for all remaining values."""
    try:
        return specialization(template, Choices(fix=fix, keep=keep))
    except UsageError:
        given = {**fix}
        if keep is not None:
            defaults = {name: str(about["Default"]) for name, about in template["Parameters"].items()}
            given |= {name: value for name, value in defaults.items() if name not in keep and name not in fix}
        fitting = [each for each in ALL if all(each.get(name, value) == value for name, value in given.items())]
        assert all(Stack(template, each).rules() for each in fitting)
        return None


@pytest.mark.slow
@given(templates(), choices(), st.none() | st.frozensets(st.sampled_from(["A", "B", "Text", "List", "Number"])))
@settings(max_examples=150, deadline=None)
def test_specialized_template_equals_the_full_one(
    template: dict[str, Any], fix: dict[str, str], keep: frozenset[str] | None
) -> None:
    """Resources, outputs and rules are the same for every value of the parameters that remain."""
    special = attempt(template, fix, None if keep is None else keep - fix.keys())
    if special is None:
        return
    check_equal(template, special, ALL, REGIONS)
    if fix or keep is not None:
        check_names(special.template, template)


@pytest.mark.slow
@given(templates(), choices(), st.data())
@settings(max_examples=100, deadline=None)
def test_fixing_in_steps_equals_fixing_at_once(
    template: dict[str, Any], fix: dict[str, str], data: st.DataObject
) -> None:
    """The order in which parameters are fixed does not matter, and a second time changes nothing."""
    assume(fix)
    first = data.draw(st.sets(st.sampled_from(sorted(fix))))
    special = attempt(template, fix)
    if special is None:
        return
    one = specialize(template, fix={name: fix[name] for name in first})
    rest = {name: value for name, value in fix.items() if name not in first and name in one.get("Parameters", {})}
    two = specialize(one, fix=rest)
    if len(first) < len(fix) and not rest:
        two = specialize(two, keep=two.get("Parameters", {}))
    assert two == special.template
    assert specialize(two, keep=two.get("Parameters", {})) == two


@given(templates())
@settings(max_examples=20, deadline=None)
def test_fixing_nothing_returns_the_same_template(template: dict[str, Any]) -> None:
    """Without choices, nothing is folded and nothing is removed."""
    assert specialize(template) == template
