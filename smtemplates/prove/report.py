"""The report of a run, as Markdown and as JSON, without account numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from smtemplates import __version__
from smtemplates.aws_data.inferences import FILE
from smtemplates.prove.protocol import BY_NAME, as_value, dollars
from smtemplates.prove.running import Outcome, Run, Verdict

SCHEMA = 1
MARKDOWN, JSON = "prove.md", "prove.json"
# The ID of an account in any text. A number in the ID of a stack can look like one, which does no harm.
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
MASKED = "************"


def masked(text: str) -> str:
    """Return a text without account numbers."""
    return _ACCOUNT.sub(MASKED, text)


def value(run: Run) -> dict[str, Any]:
    """Return the report for a program."""
    protocol = {one["name"]: one for one in as_value([outcome.experiment for outcome in run.outcomes])}
    return {
        "schema": SCHEMA,
        "version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "region": run.cloud.region,
        "local_cloud": run.local,
        "interrupted": run.interrupted,
        "leftovers": run.removed,
        "experiments": [
            {
                **protocol[outcome.experiment.name],
                "verdict": outcome.verdict.value,
                "reason": outcome.reason,
                "observations": list(outcome.notes),
                "seconds": round(outcome.seconds),
            }
            for outcome in run.outcomes
        ],
        "kept": run.kept,
        "problems": run.problems,
    }


def as_json(run: Run) -> str:
    """Return the report as JSON."""
    return masked(json.dumps(value(run), indent=2, ensure_ascii=False)) + "\n"


def as_text(run: Run) -> str:
    """Return the report as Markdown."""
    return masked("\n".join(_lines(run, value(run)))) + "\n"


def files(run: Run) -> dict[str, str]:
    """Return the content of each file of the report by its name."""
    return {MARKDOWN: as_text(run), JSON: as_json(run)}


def _lines(run: Run, about: dict[str, Any]) -> Iterator[str]:
    where = "on a local cloud, which proves nothing about AWS" if run.local else f"in {about['region']}"
    yield from ("# Report", "", f"smtemplates {about['version']}, {about['date']}, {where}.", "")
    yield from ("| Experiment | Verdict | Reason |", "| --- | --- | --- |")
    yield from (f"| `{one.experiment.name}` | {one.verdict.value} | {_cell(one.reason)} |" for one in run.outcomes)
    yield from _listed("Deleted resources of an earlier run", run.removed)
    yield from _listed("Resources that were created for an experiment, and that remain", run.kept)
    command = f"smtemplates prove --clean --account {MASKED} --region {about['region']}"
    yield from _listed(f"Resources that still exist. To delete them, run `{command}`", run.problems)
    for outcome in run.outcomes:
        if outcome.notes:
            yield from _one(outcome)
    confirmed = [one.experiment.name for one in run.outcomes if one.verdict is Verdict.CONFIRMED]
    if confirmed and not run.local:
        proof = json.dumps({"date": about["date"], "region": about["region"]})
        yield from _listed(f"Add `{proof}` to `proofs` in these rows of `{FILE}`", confirmed)


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield from ("", f"{title}:", "", *(f"- {' '.join(item.split())}" for item in items))


def _one(outcome: Outcome) -> Iterator[str]:
    experiment = outcome.experiment
    yield from ("", f"## {experiment.name}: {outcome.verdict.value}", "", BY_NAME[experiment.name].sentence)
    yield from ("", f"Refuted if: {experiment.refuted_by}")
    yield from ("", "Observations:", "")
    yield from (f"- {' '.join(note.split())}" for note in outcome.notes)
    yield from ("", f"Result: {' '.join(outcome.reason.split())}")
    yield from ("", f"Duration: {outcome.seconds / 60:.0f} minutes. Highest cost: {dollars(experiment.usd)}.")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
