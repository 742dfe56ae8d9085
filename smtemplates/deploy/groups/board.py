"""The state that the threads of a run share: plans, results, the decision of the user, and interruptions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import partial

from smtemplates.aws.errors import StoppedError
from smtemplates.console.signals import Interruptions
from smtemplates.deploy.groups.results import NotStartedError, Planned, Result

NOTHING = "Nothing was changed."
# The time after which the main thread looks for a signal. On Windows, a signal does not end its wait.
LOOK_SECONDS = 0.5


class Board:
    """The state of a run. Every thread can use its methods."""

    def __init__(self, names: Iterable[str]) -> None:
        self._changed = threading.Condition()
        self.planned: dict[str, Planned] = {}
        self.results: dict[str, Result] = {}
        self.interruptions = {name: Interruptions() for name in names}
        self.started: set[str] = set()
        self.approved: bool | None = None
        self.stopped = False
        self.detaches = False

    @property
    def running(self) -> list[str]:
        """The names of the targets with an operation in progress."""
        return [name for name in self.interruptions if name in self.started and name not in self.results]

    @property
    def all_planned(self) -> bool:
        """Whether every target has a plan or a result."""
        return all(self._is_planned(name) for name in self.interruptions)

    @property
    def all_ended(self) -> bool:
        """Whether every target has a result."""
        return len(self.results) == len(self.interruptions)

    def plan(self, planned: Planned) -> None:
        """Record the plan of a target."""
        with self._changed:
            self.planned[planned.name] = planned
            self._changed.notify_all()

    def end(self, result: Result) -> None:
        """Record the result of a target."""
        with self._changed:
            self.results[result.name] = result
            self._changed.notify_all()

    def start(self, name: str) -> None:
        """Record that the operation of a target starts.

        Raises:
            StoppedError: The run was interrupted.
        """
        with self._changed:
            if self.stopped:
                raise StoppedError(NOTHING)
            self.started.add(name)

    def decide(self, *, approved: bool) -> None:
        """Record whether the plan is executed."""
        with self._changed:
            self.approved = approved
            self._changed.notify_all()

    def stop(self) -> None:
        """Record that no other target is started."""
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def interrupt(self, names: Iterable[str]) -> None:
        """Interrupt the threads of these targets."""
        for name in names:
            self.interruptions[name].send()

    def watch(self, ready: Callable[[], bool]) -> None:
        """Wait in the main thread, where a signal can interrupt the wait."""
        with self._changed:
            while not ready():
                self._changed.wait(LOOK_SECONDS)

    def wait_for_plans(self, names: Iterable[str]) -> None:
        """Wait until these targets are planned.

        Raises:
            NotStartedError: One of them cannot be planned.
            StoppedError: The run was interrupted.
        """
        for name in names:
            self._wait(partial(self._is_planned, name))
            if name not in self.planned and not self.results[name].succeeded:
                raise NotStartedError(f"It was not planned, because {name} could not be planned.")

    def wait_for_turn(self, names: Iterable[str]) -> None:
        """Wait until the plan of the run is approved, and until the operations of these targets have succeeded.

        Raises:
            NotStartedError: The plan is not executed, or one of them failed.
            StoppedError: The run was interrupted.
        """
        self._wait(lambda: self.approved is not None)
        if not self.approved:
            raise NotStartedError(NOTHING)
        for name in names:
            self._wait(partial(self._has_ended, name))
            if not self.results[name].succeeded:
                raise NotStartedError(f"It was not started, because {name} failed or was not started.")

    def _is_planned(self, name: str) -> bool:
        return name in self.planned or name in self.results

    def _has_ended(self, name: str) -> bool:
        return name in self.results

    def _wait(self, ready: Callable[[], bool]) -> None:
        with self._changed:
            while not ready():
                if self.stopped:
                    raise StoppedError(NOTHING)
                self._changed.wait()
            if self.stopped:
                raise StoppedError(NOTHING)
