"""Follow the recipe for a resource of a new type, as the contributing guide shows it, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from language.test_phrases import check
from language.texts import collect

from docs.sandbox import IGNORED, link_environment
from docs.steps import Step, changed, follow, steps
from docs.text import ROOT, read

pytestmark = pytest.mark.slow

GUIDE, TITLE = ".github/CONTRIBUTING.md", "## Add a resource of a new type"
# The files of the recipe: the module, the table of features, the test file, and three tables of data.
MOST_FILES = 6
LOCKS = ("uv", "dev", "images", "render")
# The tests that can fail for this resource, its switch or its rows of data, in addition to its own test file. All
# others see the same here as in this checkout: the resource has no role and no text parameter, and no rule of Guard is
# about its type. The recipe itself renders the templates, checks their policy, and renders the reference.
TESTS = (
    *(
        f"tests/launching/test_launch_role.py::test_{name}"
        for name in (
            "every_call_for_every_type_is_allowed",
            "names_and_lengths",
            "only_required_actions_are_allowed",
            "resources_of_other_stacks_are_denied",
            "scopes_have_no_unused_rows",
            "the_calls_of_a_launch_on_resources_of_others_are_denied",
        )
    ),
    *(
        f"tests/test_conditions.py::test_{name}"
        for name in (
            "defaults_satisfy_the_rules",
            "every_condition_can_be_true_and_false",
            "every_expectation_is_of_the_template",
            "no_reference_is_dangling",
            "resources_and_outputs_exist_as_expected",
            "switches_are_parameters_that_decide_about_resources",
            "values_of_split_parameters_are_known",
        )
    ),
    "tests/test_fleet.py::test_every_parameter_reaches_the_stack_set",
    "tests/test_fleet.py::test_parameters_and_rules_are_those_of_the_workspace[]",
    "tests/test_fleet.py::test_parameters_and_rules_are_those_of_the_workspace[schedules]",
    "tests/test_fleet.py::test_validator_of_aws_has_no_findings",
    "tests/test_layout.py::test_every_group_of_the_workspace_has_a_place_and_every_place_a_group",
    "tests/test_layout.py::test_no_feature_set_has_overlaps_or_crossing_arrows",
    "tests/test_names.py::test_names_are_valid_for_every_stack_name",
    "tests/test_names.py::test_two_stacks_never_share_a_name",
    "tests/test_picture.py::test_the_picture_is_the_same_in_every_process",
    *(f"tests/test_{name}.py" for name in ("console", "diagram", "launch_needs", "secrets", "structure")),
)


def recipe() -> Iterator[Step]:
    """Yield the steps of the recipe."""
    return steps(read(GUIDE).partition(f"{TITLE}\n")[2].partition("\n## ")[0])


@dataclass(frozen=True)
class Checkout:
    """A copy of the checkout with the environment of this one."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    def succeed(self, *command: str) -> str:
        """Run a command that must succeed, and return its messages."""
        done = self.run(*command)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-5000:]}{done.stderr[-5000:]}"
        return done.stderr

    def different(self) -> set[str]:
        """Return the files that are different from those of this checkout, or do not exist there."""
        files = (
            path for path in self.folder.rglob("*") if path.is_file() and not path.is_relative_to(self.folder / ".venv")
        )
        names = (
            path.relative_to(self.folder) for path in files if not set(path.parts) & {"__pycache__", ".pytest_cache"}
        )
        return {
            name.as_posix()
            for name in names
            if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (self.folder / name).read_bytes()
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a copy of the checkout."""
    copy = tmp_path / "smtemplates"
    shutil.copytree(ROOT, copy, ignore=IGNORED)
    link_environment(Path(sys.prefix), copy / ".venv", copy / "requirements/dev.txt", "dev.installed")
    for lock in LOCKS:
        shutil.copy(copy / f"requirements/{lock}.txt", copy / f".venv/{lock}.installed")
    return Checkout(copy)


def matches(output: str, shown: str) -> bool:
    """Return whether an output is as shown. The text '...' stands for the rest of a line."""
    return re.fullmatch(re.escape(shown).replace(r"\.\.\.", ".*"), output) is not None


def test_recipe_for_a_resource_of_a_new_type(checkout: Checkout) -> None:
    """The steps result in valid templates, a complete reference and passing tests, with few files edited by hand."""
    module, row, output, *others = recipe()
    by_hand = _paths([module, row, *others])
    assert len(by_hand) == MOST_FILES
    for step in (module, row):
        follow(step, checkout.folder)
    done = checkout.run("scripts/regenerate")
    assert (done.returncode, matches(done.stderr, output.block)) == (1, True), done.stderr
    assert all("for example:" in line for line in done.stderr.splitlines()[1:])
    assert checkout.different() == {module.path, row.path}
    for step in others:
        follow(step, checkout.folder)
    written = re.findall(r"^(\S+): written$", checkout.succeed("scripts/regenerate"), re.MULTILINE)
    assert checkout.different() == by_hand | set(written)
    checked = checkout.succeed("scripts/render", "--check")
    assert checked.count(": up to date, no findings\n") == len(checked.splitlines()), checked
    check(collect(checkout.folder, tuple(by_hand)))
    checkout.succeed(".venv/bin/ruff", "check", *by_hand)
    checkout.succeed(".venv/bin/ruff", "format", "--check", *by_hand)
    own = [step.path for step in others if step.path.startswith("tests/")]
    checkout.succeed(".venv/bin/pytest", "-p", "no:cacheprovider", *own, *TESTS)


def _paths(found: Sequence[Step]) -> set[str]:
    return {step.path for step in found}


def test_missing_row_of_data_is_reported(checkout: Checkout) -> None:
    """Without the rows of one table, scripts/regenerate reports only that table and does not write any file."""
    module, row, _, *others = recipe()
    tables = [step for step in others if step.language == "diff"]
    for step in (module, row, *tables):
        follow(step, checkout.folder)
    for path in _paths(tables):
        complete = (checkout.folder / path).read_text("utf-8")
        shutil.copy(ROOT / path, checkout.folder / path)
        done = checkout.run("scripts/regenerate")
        assert {*re.findall("^- (.*?): ", done.stderr, re.MULTILINE)} == {path}
        (checkout.folder / path).write_text(complete, "utf-8")
    assert checkout.different() == _paths([module, row, *tables])


def test_expectation_of_a_new_resource_is_required(checkout: Checkout) -> None:
    """Without the test file, a test reports that no module states when the resource and its output exist."""
    module, row, _, *others = recipe()
    for step in (module, row, *others):
        if not step.path.startswith("tests/"):
            follow(step, checkout.folder)
    test = "tests/test_conditions.py::test_resources_and_outputs_exist_as_expected"
    done = checkout.run(".venv/bin/pytest", "-p", "no:cacheprovider", test)
    for name in ("ScheduleGroup", "ScheduleGroupName"):
        example = f'"{name}": lambda choice: choice.is_true("CreateScheduleGroup")'
        assert f"no module states when {name} exists" in done.stdout
        assert example in done.stdout
    assert done.returncode == 1


def test_steps_change_only_lines_that_they_show() -> None:
    """A change whose lines do not occur, or occur twice, is an error."""
    diff = " a\n-b\n+c\n"
    assert changed("\na\nb\n", diff) == "\na\nc\n"
    for text in ("\na\n", "\na\nb\na\nb\n"):
        with pytest.raises(AssertionError, match="must occur once"):
            changed(text, diff)
