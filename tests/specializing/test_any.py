"""Templates that contain anything are specialized, or rejected with an error message."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from any_template import BASE
from any_template import templates as any_templates
from hypothesis import HealthCheck, assume, example, given, settings

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.evaluate.check import faults
from smtemplates.evaluate.sections import definitions, entries
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import specialization, specialize
from smtemplates.synth.loader import load, parse
from smtemplates.synth.renderer import render
from specializing.equality import check_equal, check_names, dangling

CORPUS = sorted((Path(__file__).parents[1] / "corpus").iterdir())
REGIONS = ("us-east-1", "cn-north-1")
CHOICES = (
    Choices(keep=frozenset()),
    Choices(fix={"P": "b"}),
    Choices(fix={"L": "b"}, default={"N": "3"}, allow={"P": ["a"]}),
)
SETS = [{"P": "a", "L": "a,b", "N": "1"}, {"P": "b", "L": "a", "N": "2"}]


def check(template: dict[str, Any], choices: Choices, sets: list[dict[str, str]]) -> None:
    """Check that a specialized template is equal, readable, and final."""
    try:
        special = specialization(template, choices)
    except Error:
        return
    if not any(evaluated(template, each) for each in sets):
        return
    check_names(special.template, template)
    remaining = definitions(special.template, "Parameters")
    allowed = [each for each in sets if not any(rejected(remaining, each))]
    check_equal(template, special, [each for each in allowed if evaluated(template, each)], REGIONS)
    assert specialize(special.template, keep=remaining) == special.template
    assert parse(render(special.template)) == special.template


def rejected(remaining: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[str]:
    """Yield the reasons why parameters that remain reject values, or why AWS rejects their declarations."""
    try:
        for name in values.keys() & remaining.keys():
            yield from faults(remaining[name], values[name])
    except Error as error:
        yield str(error)


def evaluated(template: dict[str, Any], values: dict[str, str]) -> bool:
    """Return whether the full template can be evaluated with these values, and its references can be read."""
    try:
        return bool(Stack(template, values).template()) and dangling(template) is not None
    except Error:
        return False


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(template=any_templates())
@example(template=BASE)
@example(template={**BASE, "Metadata": {"AWS::CloudFormation::Interface": []}})
@example(template={**BASE, "Parameters": None})
@example(template={"Resources": {"R": {"Type": "T", "Condition": "C"}}, "Conditions": {"C": {"Condition": "C"}}})
def test_any_template_is_specialized_or_rejected(template: dict[str, Any]) -> None:
    """No value in a template causes a traceback, and no result differs from the full template.

    The values of mappings are texts and lists: AWS accepts nothing else.
    """
    rows = [row for rows in entries(template, "Mappings").values() if isinstance(rows, dict) for row in rows.values()]
    assume(not any(isinstance(value, dict) for row in rows if isinstance(row, dict) for value in row.values()))
    for choices in CHOICES:
        check(template, choices, SETS)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_corpus_is_specialized(path: Path) -> None:
    """Every notation of a template is read, with random parameters kept and fixed."""
    try:
        template = load(path.read_text(encoding="utf-8"))
    except Error:
        return
    names = list(definitions(template, "Parameters"))
    chance = random.Random(path.name)  # noqa: S311  not for secrets
    for _ in range(4):
        keep = frozenset(chance.sample(names, chance.randint(0, len(names))))
        check(template, Choices(keep=keep), [{}])
    assert specialize(template) == template
