"""The questions of a run of several stacks, in a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from terminals import terminal

from deploying.local_aws import Aws
from deploying.project import Folder, folder_in

SAMPLE = Path(__file__).with_name("sample.yaml")
NAMES = ("one", "two")


@pytest.fixture
def folder(tmp_path: Path, aws: Aws, name: str) -> Folder:
    """Return a folder with two independent stacks, whose creation waits for the gate."""
    folder = folder_in(tmp_path, aws)
    tables = (
        f'[stack.{one}]\nstack_name = "{{p}}{one}"\ntemplate = {json.dumps(str(SAMPLE))}\n'
        f'parameters.Gate = "gate-{name.lower()}"\n'
        for one in NAMES
    )
    folder.write("".join(tables))
    return folder


def statuses(folder: Folder) -> list[str | None]:
    return [folder.aws.status(folder.prefix + one) for one in NAMES]


def test_no_to_the_plan_changes_nothing(folder: Folder) -> None:
    """There is one question for all stacks. Without yes, the plan is not executed."""
    with terminal(folder.command("deploy", "--all"), folder.environment(), folder.path) as opened:
        opened.read_until("Execute this plan? [y/N] ")
        opened.type("n\n")
        assert opened.process.wait(60) == 130
        opened.read_until("two  not started")
    assert opened.printed.count("[y/N]") == 1
    assert statuses(folder) == [None, None]


@pytest.mark.parametrize("answer", ["y", "n"])
def test_one_question_follows_an_interruption(folder: Folder, gate: Callable[[], None], answer: str) -> None:
    """Yes cancels the operations of all stacks. No continues them, and the next Ctrl-C stops watching them."""
    with terminal(folder.command("deploy", "--all"), folder.environment(), folder.path) as opened:
        opened.read_until("Execute this plan? [y/N] ")
        opened.type("y\n")
        while statuses(folder) != ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS"]:
            assert opened.process.poll() is None, opened.printed
            time.sleep(0.02)
        opened.type("\x03")
        opened.read_until("created are deleted. [y/N] ")
        assert "Cancel the operations in progress on one, two?" in opened.printed
        opened.type(f"{answer}\n")
        if answer == "y":
            for one in NAMES:
                opened.read_until(f"{one}: AWS is deleting the stack.")
            gate()
        else:
            opened.read_until("no other stack is started")
            opened.type("\x03")
        opened.read_until("two  stopped")
        assert opened.process.wait(60) == 130
        gate()
    assert opened.printed.count("[y/N]") == 2
    if answer == "y":
        assert statuses(folder) == [None, None]
    else:
        assert opened.printed.count("The operation continues in AWS.") == len(NAMES)
        assert None not in statuses(folder)


def test_destruction_asks_for_the_names_of_all_stacks(folder: Folder, gate: Callable[[], None]) -> None:
    """The names are typed once, in any order."""
    gate()
    assert folder.run("deploy", "--all", "--yes").returncode == 0
    with terminal(folder.command("destroy", "--all"), folder.environment(), folder.path) as opened:
        opened.read_until("type the names of the stacks (")
        opened.type(f"{folder.prefix}one {folder.prefix}two\n")
        assert opened.process.wait(120) == 0
    assert statuses(folder) == [None, None]
