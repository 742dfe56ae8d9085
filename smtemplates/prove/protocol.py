"""The protocol of experiments: their steps, refuting observations, highest costs and durations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from smtemplates.aws_data.inferences import INFERENCES, Inference
from smtemplates.aws_data.usage_prices import VALIDITY
from smtemplates.prove.experiment import PREFIX, TAG, Experiment

BY_NAME: Mapping[str, Inference] = {inference.name: inference for inference in INFERENCES}
CENT = Decimal("0.01")
STEPS = (
    "Compare the account of the credentials with `--account`. If they differ, stop.",
    f"List all resources whose names start with `{PREFIX}`. If one of them does not have the tag `{TAG}`, stop.",
    "Delete these resources. An earlier run left them.",
    "Run the experiments below, one after the other.",
    "After each experiment, also after a failure or an interruption, delete everything that it created.",
    "Write the report.",
)


def dollars(amount: Decimal) -> str:
    """Return an amount as text, rounded up to a cent."""
    return f"USD {amount.quantize(CENT, rounding='ROUND_CEILING')}"


def as_text(experiments: Sequence[Experiment]) -> str:
    """Return the protocol as Markdown."""
    return "\n".join(_lines(experiments)) + "\n"


def _lines(experiments: Sequence[Experiment]) -> Iterator[str]:
    minutes = sum(experiment.minutes for experiment in experiments)
    total = sum((experiment.usd for experiment in experiments), Decimal(0))
    yield from ("# Protocol", "")
    yield "Use an account without other workloads. Do not start two runs at the same time in one account and Region."
    yield from ("", *(f"{number}. {step}" for number, step in enumerate(STEPS, 1)), "")
    yield (
        f"Number of experiments: {len(experiments)}. Maximum duration: {minutes} minutes, without the deletions. "
        f"Highest cost: {dollars(total)}. {VALIDITY}"
    )
    for experiment in experiments:
        yield from _one(experiment)


def _one(experiment: Experiment) -> Iterator[str]:
    inference = BY_NAME[experiment.name]
    yield from ("", f"## {experiment.name}", "", inference.sentence)
    yield from ("", "Creates:", "", *(f"- {text}" for text in experiment.creates))
    yield from ("", "Asks:", "", *(f"{number}. {text}" for number, text in enumerate(experiment.asks, 1)))
    yield from ("", f"Refuted if: {experiment.refuted_by}")
    costs = ", ".join(f"{charge.quantity:.2f} {charge.price.unit}" for charge in experiment.charges)
    yield from (
        "",
        f"Highest cost: {dollars(experiment.usd)} ({costs}). Maximum duration: {experiment.minutes} minutes.",
    )
    local = (
        f"It cannot be verified on the local cloud. {inference.local}"
        if inference.local
        else ("The local cloud can show it, which proves nothing about AWS.")
    )
    yield from ("", f"{local} {proofs(inference)}")


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
