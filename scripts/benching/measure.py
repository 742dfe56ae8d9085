"""Measure two commands side by side.

CPU time is the user and system time of a process and its child processes. Each command first runs once without
measurement. Then the commands of a row run alternately, so that other load on the machine affects all of them. The
figure is the median of the ratios of the pairs, or the median of the measured values for a row with one command.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from benching import NotMeasuredError
from benching.groups import Group, group

ROOT = Path(__file__).resolve().parent.parent.parent


class Measure(Enum):
    """A quantity of a process and its child processes. Memory is that of the largest process, in MiB.

    `ALL_CPU` also contains the processes that no other waits for, such as servers in the background.
    """

    CPU = "CPU s"
    ALL_CPU = "CPU s of all"
    WALL = "wall s"
    MEMORY = "MiB"


def _nothing(*_: object) -> None:
    pass


@dataclass(frozen=True)
class Command:
    """A command line. `codes` are the exit codes of a complete run, including runs with findings.

    The environment is that of this process with changes. The value None removes a variable. Python keeps compiled
    modules, as those of an installation are. `before` runs before each
    run, and is not measured, for example to delete the files of the previous run. `after` receives the last line of
    the output. A command that takes minutes can run `once` for several rows.
    """

    title: str
    words: Sequence[str]
    codes: Sequence[int] = (0,)
    environment: Mapping[str, str | None] = field(default_factory=dict)
    folder: Path = ROOT
    before: Callable[[], object] = _nothing
    after: Callable[[str], object] = _nothing
    once: bool = False


Make = Callable[[Path], Command]
"""Prepares a command. Its argument is a temporary folder, which all rows share."""


@dataclass(frozen=True)
class Row:
    """One figure: a ratio of two commands, or a value of one command, with its target and the aim beyond it.

    `start` is a command that both others contain, for example the start of Python. Its value is subtracted.
    A row that takes minutes can limit the number of pairs with `most_pairs`, and omit the run before the measurement.
    `remark` returns a sentence about the figure.
    """

    name: str
    measured: Make
    reference: Make | None
    target: float
    aim: float | None = None
    measure: Measure = Measure.CPU
    start: Make | None = None
    most_pairs: int | None = None
    warm_up: bool = True
    remark: Callable[[], str] | None = None


@dataclass(frozen=True)
class Figure:
    """The result of a row: the ratio or value, and the medians of the values of its commands."""

    row: Row
    value: float
    values: Sequence[float]
    titles: Sequence[str]

    @property
    def met(self) -> bool:
        """Return whether the figure meets the target."""
        return self.value <= self.row.target

    @property
    def verdict(self) -> str:
        """Return which of target and aim the figure meets, in one word."""
        if not self.met:
            return "MISSED"
        return "met" if self.row.aim is None or self.value > self.row.aim else "aim"


def measure(row: Row, pairs: int, folder: Path) -> Figure:
    """Run the commands of a row, and return its figure.

    Raises:
        NotMeasuredError: A command is missing, or fails.
    """
    makes = [make for make in (row.measured, row.reference, row.start) if make]
    commands = [make(folder) for make in makes]
    if row.warm_up:
        for command in commands:
            run(command)
    everything = row.measure is Measure.ALL_CPU
    rounds = [
        [_value(row, run(one, everything=everything)) for one in commands]
        for _ in range(min(pairs, row.most_pairs or pairs))
    ]
    return Figure(
        row,
        statistics.median(_figure(row, values) for values in rounds),
        [statistics.median(values) for values in zip(*rounds, strict=True)],
        [command.title for command in commands],
    )


@dataclass(frozen=True)
class Usage:
    """The CPU time, the elapsed time and the memory of a process and its child processes."""

    cpu: float
    wall: float
    mebibytes: float


def variables(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the environment of a command. Python keeps compiled modules, as those of an installation are."""
    merged = {**os.environ, "PYTHONDONTWRITEBYTECODE": None, **changes}
    return {name: value for name, value in merged.items() if value is not None}


_usages: dict[str, Usage] = {}
"""The last usage of each command, by its title."""


def run(command: Command, *, everything: bool = False) -> Usage:
    """Run a command, and return its usage. With `everything`, its CPU time is that of all processes in its group.

    Raises:
        NotMeasuredError: The command ended with an unexpected exit code, or `everything` cannot be measured.
    """
    if command.once and command.title in _usages:
        return _usages[command.title]
    command.before()
    with ExitStack() as stack:
        output = stack.enter_context(tempfile.TemporaryFile())
        own: Group | None = stack.enter_context(group()) if everything else None
        begin = time.perf_counter()
        process = subprocess.Popen(
            own.words(command.words) if own else command.words,
            cwd=command.folder,
            env=variables(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if own:
            own.end()
        cpu = own.seconds() if own else usage.ru_utime + usage.ru_stime
        output.seek(0)
        last = ["no output", *output.read().decode(errors="replace").strip().splitlines()][-1]
    if process.returncode not in command.codes:
        raise NotMeasuredError(f"{command.title} ended with exit code {process.returncode}: {last}")
    command.after(last)
    kibibyte = 1024 if sys.platform != "darwin" else 1
    _usages[command.title] = Usage(cpu, wall, usage.ru_maxrss * kibibyte / 2**20)
    return _usages[command.title]


def _value(row: Row, usage: Usage) -> float:
    return {Measure.WALL: usage.wall, Measure.MEMORY: usage.mebibytes}.get(row.measure, usage.cpu)


def _figure(row: Row, values: Sequence[float]) -> float:
    first, *others = values
    start = others.pop() if row.start else 0.0
    return (first - start) / (others[0] - start) if others else first - start
