"""Run experiments one after the other: leftovers first, then each experiment with its clean-up, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from smtemplates.aws.errors import StoppedError
from smtemplates.aws.session import Cloud
from smtemplates.console.signals import Deferral, uninterrupted
from smtemplates.errors import Error, UsageError
from smtemplates.prove import leftovers
from smtemplates.prove.experiment import Experiment, RefutedError, UnverifiableError
from smtemplates.prove.kind import Kind
from smtemplates.prove.trial import Trial

INTERRUPTED = "The run was interrupted."


class Verdict(str, Enum):
    """The result of an experiment."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNVERIFIABLE = "cannot be verified here"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one experiment. `reason` is the decisive observation, or why there is none."""

    experiment: Experiment
    verdict: Verdict
    reason: str
    notes: Sequence[str] = ()
    seconds: float = 0


@dataclass(kw_only=True)
class Run:
    """A run of experiments. `removed` are the leftovers of earlier runs. `problems` are resources that still exist.

    `kept` are resources of the experiments that others use now.
    """

    cloud: Cloud
    local: bool
    budget: Decimal
    say: Callable[[str], None]
    removed: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    interrupted: bool = False
    spent: Decimal = Decimal(0)

    def run(self, experiments: Sequence[Experiment]) -> None:
        """Delete leftovers, and run the experiments. A problem or an interruption is recorded, and ends the run.

        Raises:
            UsageError: The highest costs of the experiments exceed the budget.
            RefusedError: Another resource has a name of the experiments.
            CloudError: AWS rejected a call, or could not be reached, before the first experiment.
        """
        check_budget(experiments, self.budget)
        try:
            self._remove_leftovers()
            for experiment in experiments:
                self.outcomes.append(self._outcome(experiment))
        except (KeyboardInterrupt, StoppedError):
            self.interrupted = True
        done = len(self.outcomes)
        self.outcomes += [self._not_reached(experiment) for experiment in experiments[done:]]

    def _remove_leftovers(self) -> None:
        found = leftovers.find(self.cloud, local=self.local)
        if not found:
            self.say("There are no resources of an earlier run.")
            return
        self.removed = [str(leftover) for leftover in found]
        self.say("Deleting the resources of an earlier run:")
        for text in self.removed:
            self.say(f"  {text}")
        with uninterrupted():
            self._remove([])

    def _outcome(self, experiment: Experiment) -> Outcome:
        if reason := self._obstacle(experiment):
            return Outcome(experiment=experiment, verdict=Verdict.NOT_REACHED, reason=reason)
        self.say(f"{experiment.name}: at most {experiment.minutes} minutes and USD {experiment.usd:.2f}")
        began = time.monotonic()
        trial = Trial(self.cloud, experiment, say=self.say, local=self.local)
        with uninterrupted() as signals:
            try:
                verdict, reason = self._attempt(trial, signals)
            finally:
                self.say("  Deleting everything that the experiment created.")
                self._remove(trial.created)
            seconds = time.monotonic() - began
            self.spent += charged(experiment, seconds)
            outcome = Outcome(experiment=experiment, verdict=verdict, reason=reason, notes=trial.notes, seconds=seconds)
            self.say(f"{experiment.name}: {verdict.value}. {reason}")
            if signals.pending:
                signals.pending.clear()
                self.interrupted = True
        return outcome

    def _remove(self, registered: Sequence[tuple[Kind, str]]) -> None:
        removal = leftovers.Removal(cloud=self.cloud, say=self.say, local=self.local).run(registered)
        self.problems += removal.problems
        self.kept += removal.kept
        self.interrupted |= removal.interrupted

    def _attempt(self, trial: Trial, signals: Deferral) -> tuple[Verdict, str]:
        """Run an experiment, and return its verdict with the reason."""
        try:
            with signals.allowed():
                return Verdict.CONFIRMED, trial.experiment.run(trial)
        except (KeyboardInterrupt, StoppedError):
            self.interrupted = True
            self.say("Interrupted. The clean-up continues to its end.")
            return Verdict.NOT_REACHED, INTERRUPTED
        except RefutedError as error:
            return Verdict.REFUTED, str(error)
        except UnverifiableError as error:
            return Verdict.UNVERIFIABLE, str(error)
        except Error as error:
            return Verdict.NOT_REACHED, str(error)
        except (LookupError, TypeError, ValueError) as error:
            return Verdict.NOT_REACHED, f"An answer of AWS has an unexpected form: {error!r}."

    def _obstacle(self, experiment: Experiment) -> str:
        """Return why an experiment is not started; '' if it is."""
        if self.interrupted:
            return INTERRUPTED
        if self.problems:
            return "Resources of an earlier experiment still exist."
        if self.spent + experiment.usd > self.budget:
            return f"The budget of USD {self.budget} is reached, because earlier experiments took longer than planned."
        return ""

    def _not_reached(self, experiment: Experiment) -> Outcome:
        reason = self._obstacle(experiment) or INTERRUPTED
        return Outcome(experiment=experiment, verdict=Verdict.NOT_REACHED, reason=reason)


def charged(experiment: Experiment, seconds: float) -> Decimal:
    """Return the part of the budget that an experiment used: its highest cost, or more after a longer run."""
    return experiment.usd * max(Decimal(seconds) / (60 * experiment.minutes), Decimal(1))


def check_budget(experiments: Sequence[Experiment], budget: Decimal) -> None:
    """Check that the highest costs are within the budget.

    Raises:
        UsageError: They are not.
    """
    total = sum((experiment.usd for experiment in experiments), Decimal(0))
    if total > budget:
        raise UsageError(
            f"The experiments can cost USD {total:.2f}, and --budget-usd is {budget}. Name fewer experiments, or "
            "specify a higher budget."
        )
