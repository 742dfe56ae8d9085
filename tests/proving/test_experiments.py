"""Each experiment on the local cloud, with the answers of AWS that it lacks, and with a fault in the answers."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from deploying.local_aws import Aws

from proving.cases import CASES
from proving.clouds import KilledError, Script, Scripted, rest, scripted
from smtemplates.aws_data.inferences import INFERENCES
from smtemplates.prove import leftovers
from smtemplates.prove.protocol import BY_NAME
from smtemplates.prove.running import Run, Verdict
from smtemplates.prove.table import EXPERIMENTS

BUDGET = Decimal(5)
# The multiples of this number, without their integers, are spread evenly.
GOLDEN_RATIO = 0.618


def started(aws: Aws, script: Script, name: str = "", *, local: bool) -> tuple[Run, Scripted]:
    """Run an experiment, or only delete the resources of earlier runs, and return the run and its cloud."""
    cloud = scripted(aws, script)
    run = Run(cloud=cloud, local=local, budget=BUDGET, say=lambda _text: None)
    with suppress(KilledError):
        run.run([EXPERIMENTS[name]] if name else [])
    return run, cloud


def ran(aws: Aws, name: str, script: Script, *, local: bool) -> tuple[Run, Scripted]:
    """Run an experiment, and check that all its resources are deleted."""
    run, cloud = started(aws, script, name, local=local)
    assert (run.problems, run.kept) == ([], [])
    check_nothing_remains(aws, script, local=local)
    return run, cloud


def check_nothing_remains(aws: Aws, script: Script, *, local: bool) -> None:
    """Check that no resources of experiments exist."""
    cloud = scripted(aws, Script(answers=script.answers))
    assert (leftovers.find(cloud, local=local), rest(aws)) == ([], [])


def check_interruptions(aws: Aws, name: str, calls: int, *, local: bool) -> None:
    """Check that nothing remains after Ctrl-C, and after the end of the process with a later run.

    The later run is interrupted, too. The calls at which this happens are spread over all experiments. Ctrl-C during
    the experiment is tested for every third one, because each run costs time.
    """
    number = [*EXPERIMENTS].index(name)
    first, second = (1 + int(calls * ((number * GOLDEN_RATIO + shift) % 1)) for shift in (0, 0.5))
    answers = {} if local else CASES[name].answers(aws)
    if number % 3 == 0:
        run, cloud = ran(aws, name, Script(answers=answers, interrupted_call=first), local=local)
        assert run.interrupted or cloud.number < first  # the number of calls depends on the speed of the local cloud
        assert run.outcomes[0].verdict is not Verdict.REFUTED, first
    started(aws, Script(answers=answers, last_call=second), name, local=local)
    again, _ = started(aws, Script(answers=answers, interrupted_call=first), local=local)
    if again.interrupted and not again.removed:  # while it listed the resources
        again, _ = started(aws, Script(answers=answers), local=local)
    assert again.problems == [], (first, second)
    check_nothing_remains(aws, Script(answers=answers), local=local)


def test_each_inference_has_an_experiment_or_a_reason() -> None:
    """The tables of inferences, experiments and cases agree."""
    assert [one.name for one in INFERENCES if not one.missing] == list(EXPERIMENTS)
    assert sorted(CASES) == sorted(EXPERIMENTS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_local_cloud(aws: Aws, name: str) -> None:
    """The local cloud confirms an inference as far as it can show it, and otherwise the reason is in the report."""
    run, cloud = ran(aws, name, Script(), local=True)
    outcome = run.outcomes[0]
    if reason := BY_NAME[name].local:
        assert outcome.verdict is Verdict.UNVERIFIABLE, outcome.reason
        assert reason.lower() in outcome.reason.lower()
    else:
        assert outcome.verdict is Verdict.CONFIRMED, outcome.reason
        check_interruptions(aws, name, cloud.number, local=True)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if BY_NAME[name].local])
def test_answers_of_aws(aws: Aws, name: str) -> None:
    """With the answers that the inference predicts, the experiment confirms it. Interruptions leave nothing."""
    run, cloud = ran(aws, name, Script(answers=CASES[name].answers(aws)), local=False)
    assert run.outcomes[0].verdict is Verdict.CONFIRMED, run.outcomes[0].reason
    check_interruptions(aws, name, cloud.number, local=False)


@pytest.mark.parametrize(
    ("name", "operation"), [(name, operation) for name in EXPERIMENTS for operation in CASES[name].faults]
)
def test_false_answer(aws: Aws, name: str, operation: str) -> None:
    """A false answer refutes the inference, and the report contains the observation."""
    case = CASES[name]
    script = Script(answers=case.answers(aws), faults={operation: case.faults[operation]})
    run, _ = ran(aws, name, script, local=False)
    outcome = run.outcomes[0]
    assert outcome.verdict is Verdict.REFUTED, outcome.reason
