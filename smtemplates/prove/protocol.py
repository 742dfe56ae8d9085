"""The protocol of experiments: their steps, refuting observations, highest costs and durations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from smtemplates.aws_data.inferences import INFERENCES, Inference
from smtemplates.aws_data.usage_prices import REQUESTS, VALIDITY
from smtemplates.console.columns import counted
from smtemplates.prove.experiment import PREFIX, TAG, Charge, Experiment

BY_NAME: Mapping[str, Inference] = {inference.name: inference for inference in INFERENCES}
CENT = Decimal("0.01")
BEFORE = (
    (
        "Use an account without other workloads, and the credentials of an administrator. The experiments create "
        "roles, keys, networks and instances."
    ),
    "Use credentials that remain valid for the whole run, or run the experiments in parts.",
    "Do not start two runs at the same time in one account and Region.",
    "If a quota of the account or a policy of its organization prevents an experiment, it has no result.",
)
STEPS = (
    "Compare the account of the credentials with --account. If they differ, stop.",
    f"List all resources whose names start with {PREFIX}. If one of them does not have the tag {TAG}, stop.",
    "Delete the listed resources. An earlier run left them.",
    "Run the experiments in the order below. Each ends as soon as it has its observation.",
    (
        "After each experiment, delete everything that it created. Ctrl-C ends the experiment, and then the deletion "
        "continues to its end. After a kill, the next run or --clean deletes the rest."
    ),
    "Write the report, which contains no account numbers.",
)
AFTER = (
    "KMS keys that await their deletion, which are not charged",
    "service-linked roles, which AWS creates when a service is first used",
    "a log group of SageMaker, if it existed before or if others have written to it",
    "events in CloudTrail, metrics, and the events of deleted stacks, until AWS deletes them",
)


def dollars(amount: Decimal) -> str:
    """Return an amount as text, rounded up to a cent."""
    return f"USD {amount.quantize(CENT, rounding='ROUND_CEILING')}"


def hours(minutes: int) -> str:
    """Return a duration as text."""
    whole, rest = divmod(minutes, 60)
    return " ".join([*([f"{whole} h"] if whole else []), *([f"{rest} min"] if rest or not whole else [])])


def as_text(experiments: Sequence[Experiment]) -> str:
    """Return the protocol as Markdown."""
    return "\n".join(_lines(experiments)) + "\n"


def _lines(experiments: Sequence[Experiment]) -> Iterator[str]:
    minutes = sum(experiment.minutes for experiment in experiments)
    total = sum((experiment.usd for experiment in experiments), Decimal(0))
    yield from ("# Protocol", "")
    yield (
        f"The command runs {counted(len(experiments), 'experiment')} for at most {hours(minutes)}, without the "
        f"deletions, and for at most {dollars(total)}. {VALIDITY}"
    )
    yield from ("", "Before a run:", "", *(f"- {text}" for text in BEFORE))
    yield from ("", "A run:", "", *(f"{number}. {step}" for number, step in enumerate(STEPS, 1)))
    yield from ("", "After a run, this remains:", "", *(f"- {text}" for text in AFTER))
    yield from ("", "| Experiment | At most | Highest cost |", "| --- | --- | --- |")
    for experiment in experiments:
        yield f"| {experiment.name} | {hours(experiment.minutes)} | {dollars(experiment.usd)} |"
    for experiment in experiments:
        yield from _one(experiment)


def _one(experiment: Experiment) -> Iterator[str]:
    inference = BY_NAME[experiment.name]
    yield from ("", f"## {experiment.name}", "", inference.sentence)
    yield from ("", "Creates:", "", *(f"- {text}" for text in experiment.creates))
    yield from ("", "Asks:", "", *(f"{number}. {text}" for number, text in enumerate(experiment.asks, 1)))
    yield from ("", f"Refuted if: {experiment.refuted_by}")
    costs = "; ".join(_cost(charge) for charge in experiment.charges)
    yield from ("", f"Highest cost: {dollars(experiment.usd)} ({costs}). At most {hours(experiment.minutes)}.")
    yield from ("", f"Local cloud: {inference.local or 'It can show this.'} {proofs(inference)}")


def _cost(charge: Charge) -> str:
    if charge.price is REQUESTS:
        return f"USD {charge.usd} for requests"
    quantity = f"{charge.quantity:.2f}".rstrip("0").rstrip(".")
    return f"{quantity} {charge.price.unit}"


def proofs(inference: Inference) -> str:
    """Return a sentence on the proofs of an inference."""
    if not inference.proofs:
        return "Proven in a live account: not yet."
    listed = ", ".join(f"{proof.date} in {proof.region}" for proof in inference.proofs)
    return f"Proven in a live account: {listed}."


def as_value(experiments: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Return the protocol for a program."""
    return [
        {
            "name": experiment.name,
            "inference": BY_NAME[experiment.name].sentence,
            "creates": list(experiment.creates),
            "asks": list(experiment.asks),
            "refuted_by": experiment.refuted_by,
            "highest_usd": float(experiment.usd.quantize(CENT, rounding="ROUND_CEILING")),
            "minutes": experiment.minutes,
            "local_cloud": BY_NAME[experiment.name].local or None,
        }
        for experiment in experiments
    ]
