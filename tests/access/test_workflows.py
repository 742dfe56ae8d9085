"""Tests of the tasks for which people use the execution role, in several stacks, with an IAM simulator."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from access.combinations import Combination, combine
from access.simulator import verdicts
from access.test_execution_role import requested
from access.workflows import WORKFLOWS, Workflow, steps

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "permissions.md"
STACKS: dict[str, dict[str, str]] = {
    "nothing": {},
    "network": {"vpc": "existing groups", "studio": "images"},
    "network and key": {"vpc": "created group", "key": "existing", "studio": "yes", "mlflow": "yes"},
    "limits": {"types": "limited", "runtime": "limited", "registry": "yes", "notebook": "yes"},
    "existing resources": {"buckets": "existing", "registry": "existing", "key": "existing"},
    "everything": {
        "vpc": "created group",
        "key": "created",
        "types": "limited",
        "runtime": "limited",
        "registry": "approval",
        "notebook": "own subnet",
        "studio": "images",
        "mlflow": "yes",
    },
}
MINIMUM = 60


@pytest.fixture(scope="module")
def stacks(template: dict[str, Any]) -> dict[str, Combination]:
    """Return the stacks with the policies of their execution roles."""
    return {name: combine(template, choice) for name, choice in STACKS.items()}


def working(stacks: dict[str, Combination], workflows: list[Workflow]) -> dict[tuple[str, str], bool]:
    """Return whether all calls of each workflow are allowed in each stack. One process evaluates all calls."""
    cases = [
        (name, workflow, stack, row)
        for name, stack in stacks.items()
        for workflow in workflows
        for row in workflow.calls
        if row[3](stack)
    ]
    found = verdicts([(stack.policies, requested(stack, row)) for _, _, stack, row in cases])
    result = {(name, workflow.title): True for name, workflow, _, _ in cases}
    for (name, workflow, _, _), verdict in zip(cases, found, strict=True):
        result[name, workflow.title] &= verdict
    return result


def test_each_task_works_exactly_where_it_should(stacks: dict[str, Combination]) -> None:
    """At least 60 tasks in stacks are possible, and at least 60 are not."""
    found = working(stacks, WORKFLOWS)
    expected = {(name, one.title): one.works(stack) for name, stack in stacks.items() for one in WORKFLOWS}
    assert {case: found[case] for case in found if found[case] is not expected[case]} == {}
    assert min(Counter(found.values()).values()) >= MINIMUM


def test_the_documented_policies_allow_the_steps_of_pipelines(stacks: dict[str, Combination]) -> None:
    """A step of a pipeline for which the page has a policy works with this policy, and no other step does."""
    policies = re.findall(
        r"^### ([A-Za-z ]+ step)\n.*?```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    plain = stacks["nothing"]
    assert [title for title, _ in policies] == [step.title for step in steps()]
    attached = {
        title: Combination(plain.choice, {**plain.policies, "Attached": json.loads(text)}, plain.names)
        for title, text in policies
    }
    found = working(attached, list(steps()))
    assert found == {(stack, step): stack == step for stack in attached for step in attached}
