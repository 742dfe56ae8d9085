"""Each experiment on the local cloud, with the answers of AWS that it lacks, and with a fault in the answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from deploying.local_aws import Aws

from proving.cases import CASES
from proving.clouds import Script, scripted
from smtemplates.aws_data.inferences import INFERENCES
from smtemplates.prove import leftovers
from smtemplates.prove.protocol import BY_NAME
from smtemplates.prove.running import Run, Verdict
from smtemplates.prove.table import EXPERIMENTS

BUDGET = Decimal(5)


def ran(aws: Aws, name: str, script: Script, *, local: bool) -> Run:
    """Run an experiment, and check that all its resources are deleted."""
    cloud = scripted(aws, script)
    run = Run(cloud=cloud, local=local, budget=BUDGET, say=lambda _text: None)
    run.run([EXPERIMENTS[name]])
    assert (run.problems, leftovers.find(cloud, local=local)) == ([], [])
    return run


def test_each_inference_has_an_experiment_or_a_reason() -> None:
    """The tables of inferences, experiments and cases agree."""
    assert [one.name for one in INFERENCES if not one.missing] == list(EXPERIMENTS)
    assert sorted(CASES) == sorted(EXPERIMENTS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_local_cloud(aws: Aws, name: str) -> None:
    """The local cloud confirms an inference as far as it can show it, and otherwise the reason is in the report."""
    outcome = ran(aws, name, Script(), local=True).outcomes[0]
    if reason := BY_NAME[name].local:
        assert outcome.verdict is Verdict.UNVERIFIABLE, outcome.reason
        assert reason.lower() in outcome.reason.lower()
    else:
        assert outcome.verdict is Verdict.CONFIRMED, outcome.reason


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if BY_NAME[name].local])
def test_answers_of_aws(aws: Aws, name: str) -> None:
    """With the answers that the inference predicts, the experiment confirms it."""
    outcome = ran(aws, name, Script(answers=CASES[name].answers(aws)), local=False).outcomes[0]
    assert outcome.verdict is Verdict.CONFIRMED, outcome.reason


@pytest.mark.parametrize(
    ("name", "operation"), [(name, operation) for name in EXPERIMENTS for operation in CASES[name].faults]
)
def test_false_answer(aws: Aws, name: str, operation: str) -> None:
    """A false answer refutes the inference, and the report contains the observation."""
    case = CASES[name]
    script = Script(answers=case.answers(aws), faults={operation: case.faults[operation]})
    outcome = ran(aws, name, script, local=False).outcomes[0]
    assert outcome.verdict is Verdict.REFUTED, outcome.reason
