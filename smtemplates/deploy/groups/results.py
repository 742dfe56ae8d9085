"""The plans and results of the stacks of a run, and the exit code of the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.operations.stack import Stack
from smtemplates.errors import Error

# The exit codes by precedence: the exit code of a run is the first of them that a stack has.
PRECEDENCE = (130, 4, 5, 1, 2, 3, 0)

State = Literal[
    "planned", "deployed", "unchanged", "deleted", "absent", "failed", "rejected", "timed out", "stopped", "not started"
]


class NotStartedError(Error):
    """A stack was not started because of another stack."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plan of a stack of a run.

    `plan` is None if a value that the stack needs is known only after the deployment of the stacks in `after`.
    `waiting` are these values by parameter, such as network.VpcId.
    """

    name: str
    stack: str
    region: str
    plan: Plan | None = None
    after: tuple[str, ...] = ()
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether a deployment changes the stack, as far as this is known."""
        return self.plan is None or not self.plan.up_to_date


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a stack of a run: its state, its exit code and a message on the failure, or ''.

    `stack` is the stack after the run if it is known.
    """

    name: str
    state: State
    exit_code: int = 0
    message: str = ""
    stack: Stack | None = None

    @property
    def succeeded(self) -> bool:
        """Whether stacks that depend on this one can follow."""
        return self.state in ("planned", "deployed", "unchanged", "deleted", "absent")


def exit_code(codes: Iterable[int]) -> int:
    """Return the exit code of a run: the one of its exit codes that has precedence, 0 without any."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), max(found, default=0))


def failure(name: str, error: Error, *, started: bool) -> Result:
    """Return the result of a stack whose deployment or destruction raised an error."""
    states: dict[int, State] = {130: "stopped" if started else "not started", 4: "rejected", 5: "timed out"}
    state = "not started" if isinstance(error, NotStartedError) else states.get(error.exit_code, "failed")
    return Result(name=name, state=state, exit_code=error.exit_code, message=str(error))
