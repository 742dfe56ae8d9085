"""Run one thread for each stack, and handle the interruptions of the run in the main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from smtemplates.console.signals import Deferral, uninterrupted
from smtemplates.deploy.groups import results
from smtemplates.deploy.groups.board import Board
from smtemplates.deploy.groups.results import Result
from smtemplates.deploy.groups.reviewer import GroupReviewer
from smtemplates.errors import Error

INTERRUPTED = 130

# The work of the thread of one target: it returns the result, or raises an Error.
Work = Callable[[str], Result]


class Supervisor:
    """Runs the threads of a board. `decide` is called when all targets are planned, and approves the run or not.

    If `cancels` is True, an interruption offers to cancel the operations in progress, as for one stack. Otherwise it
    stops watching them.
    """

    def __init__(
        self, board: Board, work: Work, decide: Callable[[], bool], reviewer: GroupReviewer, *, cancels: bool
    ) -> None:
        self._board = board
        self._work = work
        self._decide = decide
        self._reviewer = reviewer
        self._cancels = cancels
        self._asked = False
        self._fault: BaseException | None = None

    def run(self) -> Sequence[Result]:
        """Run all threads to their end through interruptions, and return the results in the order of the board."""
        board = self._board
        threads = [threading.Thread(target=self._thread, args=(name,), daemon=True) for name in board.interruptions]
        with uninterrupted() as signals:
            try:
                for thread in threads:
                    thread.start()
                self._approve(signals)
                while not board.all_ended:
                    self._watch(signals)
            finally:
                board.stop()
                for thread in threads:
                    thread.join()
            if signals.pending:  # all have ended, so the run only reports that it was interrupted
                signals.pending.clear()
                self._asked = True
        if self._fault is not None:
            raise self._fault
        return [board.results[name] for name in board.interruptions]

    @property
    def interrupted(self) -> bool:
        """Whether a signal interrupted the run."""
        return self._asked

    def _watch(self, signals: Deferral) -> None:
        try:
            with signals.allowed():
                self._board.watch(lambda: self._board.all_ended)
        except KeyboardInterrupt:
            self._interrupted(signals)

    def _thread(self, name: str) -> None:
        board = self._board
        try:
            with board.interruptions[name].received():
                result = self._work(name)
        except Error as error:
            result = results.failure(name, error, started=name in board.started)
        except KeyboardInterrupt:
            state: results.State = "stopped" if name in board.started else "not started"
            result = Result(name=name, state=state, exit_code=INTERRUPTED, message="It was interrupted.")
        except BaseException as error:  # noqa: BLE001  a fault in the program: the main thread raises it
            self._fault = error
            result = Result(name=name, state="failed", exit_code=1, message=repr(error))
        board.end(result)

    def _approve(self, signals: Deferral) -> None:
        board = self._board
        try:
            with signals.allowed():
                board.watch(lambda: board.all_planned)
                approved = self._decide()
        except KeyboardInterrupt:
            self._interrupted(signals)
            return
        board.decide(approved=approved)

    def _interrupted(self, signals: Deferral) -> None:
        """Start no other target, and cancel or stop watching the operations in progress."""
        board = self._board
        board.stop()
        waiting = [name for name in board.interruptions if name not in board.results and name not in board.started]
        first, self._asked = not self._asked, True
        if first:
            board.interrupt(waiting)
        running = board.running
        if first and running and self._cancels:
            signals.pending.clear()  # signals that arrive together count as one interruption
            try:
                with signals.allowed():
                    confirmed = self._reviewer.cancel(_question(running))
            except KeyboardInterrupt:
                board.detaches = True
            else:
                if not confirmed:
                    board.detaches = True
                    self._reviewer.say(
                        "The operations continue, and no other stack is started. Press Ctrl-C again to stop watching."
                    )
                    return
        board.interrupt(running)


def _question(running: Sequence[str]) -> str:
    return (
        f"Cancel the operations in progress on {', '.join(running)}? Updates are rolled back, and stacks that are "
        "being created are deleted."
    )
