"""Deferred signals: when they are recorded, raised and delivered."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from smtemplates.console.signals import SIGNALS, Deferral, uninterrupted

each_signal = pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Raise KeyboardInterrupt for each signal, as the command line does, and restore the handlers at the end."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@each_signal
def test_signal_is_deferred_to_the_end_of_the_block(number: signal.Signals) -> None:
    """A signal interrupts after the block, and the handlers are restored."""
    steps = []

    def run() -> None:
        with uninterrupted():
            signal.raise_signal(number)
            steps.append("completed")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert steps == ["completed"]
    assert all(signal.getsignal(each) is signal.default_int_handler for each in SIGNALS)


@each_signal
def test_signal_is_deferred_to_the_end_of_the_outermost_block(number: signal.Signals) -> None:
    """A signal in a nested block interrupts after the outermost block."""
    steps = []

    def run() -> None:
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(number)
            steps.append("completed")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert steps == ["completed"]


@each_signal
def test_allowed_block_is_interrupted(number: signal.Signals) -> None:
    """A signal interrupts an allowed block at once."""
    steps = []

    def run() -> None:
        with uninterrupted() as signals, signals.allowed():
            signal.raise_signal(number)
            steps.append("continued")

    with pytest.raises(KeyboardInterrupt):
        run()
    assert steps == []


def test_allowed_block_raises_only_the_first_signal() -> None:
    """The signals after the first one of an allowed block are recorded, so that they cannot interrupt a clean-up."""
    with uninterrupted() as signals:
        with signals.allowed():
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        assert signals.pending == [signal.SIGTERM]
        signals.pending.clear()


def test_recorded_signal_interrupts_the_next_allowed_block() -> None:
    """A recorded signal interrupts the next allowed block at its start, once."""
    steps = []

    def run(deferral: Deferral, step: str) -> None:
        with deferral.allowed():
            steps.append(step)

    with uninterrupted() as signals:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            run(signals, "first")
        run(signals, "second")
    assert steps == ["second"]


def test_exception_of_the_block_is_raised() -> None:
    """An exception of the block is raised instead of a recorded signal."""

    def run() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()


def test_other_threads_change_no_handler() -> None:
    """In another thread, which cannot set handlers, the block is executed without them."""
    steps = []

    def run() -> None:
        with uninterrupted() as signals, signals.allowed():
            steps.append("completed")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert steps == ["completed"]
