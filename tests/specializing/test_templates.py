"""Specialized templates equal the full ones: on all templates of the package."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import smtemplates
from smtemplates.errors import UsageError
from smtemplates.evaluate import Stack, covering
from smtemplates.evaluate.check import faults
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import specialization
from smtemplates.synth.loader import load
from specializing.equality import REGIONS, check_equal, check_names

TEMPLATES = sorted((Path(__file__).parents[2] / "templates").glob("*.yaml"))
VPC = {"VpcId": "vpc-0123456789abcdef0", "SubnetIds": "subnet-0123456789abcdef0"}
KEY = {"KmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"}
MOST_BYTES = 51_200  # Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
COMMON = ("ProjectName", "Environment", "AlarmEmail")
PRODUCTS = {
    "notebook": Choices(
        keep=frozenset((*COMMON, "NotebookInstanceType", "NotebookVolumeSizeGb", "NotebookIdleMinutes")),
        fix={"CreateNotebook": "true", **VPC, **KEY},
    ),
    "Studio": Choices(
        keep=frozenset((*COMMON, "UserProfileNames", "StudioIdleMinutes", "TrainingInstanceType")),
        fix={"CreateDomain": "true", **VPC, **KEY},
    ),
}


def named(path: Path) -> str:
    return path.stem


@cache
def covered(path: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return a template and the sets of parameter values that show all of it; both are only read."""
    template = load(path.read_text())
    return template, covering(template)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_specialized_template_equals_the_full_one(path: Path, seed: int) -> None:
    """For random choices, both stacks have the same resources, outputs and rules, in Regions of all partitions."""
    template, cover = covered(path)
    declared = template["Parameters"]
    chance = random.Random(seed)  # noqa: S311  not for secrets
    for _ in range(8):
        keep = frozenset(chance.sample(list(declared), chance.randrange(min(9, len(declared)))))
        values = chance.choice(cover).items()
        fix = {
            name: value
            for name, value in values
            if name not in keep and "NoEcho" not in declared[name] and not any(faults(declared[name], value))
        }
        sets = [{name: each[name] for name in each.keys() & keep} for each in chance.sample(cover, min(6, len(cover)))]
        try:
            special = specialization(template, Choices(fix=fix, keep=keep))
        except UsageError:
            assert all(Stack(template, {**each, **fix}).rules() for each in sets)
            continue
        check_names(special.template, template)
        check_equal(template, special, sets, chance.sample(REGIONS, 2))


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_have_six_parameters_and_no_findings(product: str) -> None:
    """A company's product has six fields, and its template passes the linter and the policy."""
    template = load(smtemplates.render(smtemplates.build()))
    found: dict[str, Any] = specialization(template, PRODUCTS[product]).template
    assert found["Parameters"].keys() == PRODUCTS[product].keep
    text = json.dumps(found)
    assert smtemplates.lint(text) == []
    assert smtemplates.check_policy(text) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_need_no_bucket(product: str) -> None:
    """Without the guide, the short form of a product fits into a request to CloudFormation."""
    template = load(smtemplates.render(smtemplates.build(["guide"])))
    found = specialization(template, PRODUCTS[product]).template
    assert len(smtemplates.compact(found).encode()) <= MOST_BYTES
