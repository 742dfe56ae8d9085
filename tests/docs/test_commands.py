"""Run every command and Python example of the documentation, and compare the output with the output that it shows."""

from __future__ import annotations

import subprocess
from contextlib import redirect_stdout
from io import StringIO

import pytest

from docs.sandbox import Sandbox
from docs.text import (
    DOCUMENTS,
    FOLLOWED,
    QUICK_START,
    ROOT,
    Section,
    arguments_of,
    every_help,
    examples,
    program_of,
    sections,
)

pytestmark = pytest.mark.server

# The programs that this test does not run, each with the reason.
NOT_RUN = {
    "scripts/test": "it runs this test",
    "scripts/docs": "scripts/test runs it",
    "scripts/bench": "it takes several minutes",
    "scripts/release": "it updates several stacks; tests/test_release.py tests its parts",
    "scripts/lock": "it requests newer versions from the package index",
    "pre-commit": "it changes the hooks of git; tests/test_ci.py checks the hooks",
}
# Commands that another test runs.
RUN_ELSEWHERE = {
    "python -m smtemplates reference": "tests/test_reference.py",
    "smtemplates demo": "tests/clouds/test_demo.py",
    "smtemplates prove --account 111122223333 --region eu-west-1 -o report": "tests/proving/test_experiments.py",
}
SECTIONS = [section for document in DOCUMENTS for section in sections(document)] + [
    examples(*each) for each in every_help()
]
# test_pipelines.py checks the pipelines and policies, and test_recipe.py the changes of files
LANGUAGES = {"hcl", "toml", "console", "python", "pycon", "yaml", "json", "text", "diff", "sh", "{toctree}"}


def repeated(section: Section) -> bool:
    """Return whether a help of a whole program only repeats examples of other sections."""
    others = {each.text for other in SECTIONS if other is not section for each in other.commands}
    is_whole = str(section) in {f"{program}: --help" for program, _ in every_help()}
    return is_whole and {each.text for each in section.commands} <= others


# test_journeys.py follows whole pages
RUN_HERE = [
    each
    for each in SECTIONS
    if each.commands and each.document not in FOLLOWED and each.title != QUICK_START and not repeated(each)
]


@pytest.mark.parametrize("section", RUN_HERE, ids=str)
def test_commands_succeed_and_print_the_documented_output(section: Section, sandbox: Sandbox) -> None:
    """The commands of a section succeed in their order. If the section shows output, it is the complete output."""
    sandbox.reset()
    for command in section.commands:
        if program_of(command.text) in NOT_RUN or command.text in RUN_ELSEWHERE:
            continue
        sandbox.prepare(command.text)
        code, output = sandbox.run(command.text)
        assert code == 0, f"{command.text}\n{output}"
        if command.output:
            assert output == command.output


def test_shown_commands_are_valid() -> None:
    """The parser accepts each command in a block that is shown and not run."""
    shown = [command.text for section in SECTIONS for command in section.shown if "smtemplates " in command.text]
    assert shown
    for text in shown:
        if not text.startswith(("pip ", "uvx ")):
            arguments_of(text)


@pytest.mark.parametrize(("command", "test"), RUN_ELSEWHERE.items())
def test_command_that_another_test_runs_is_documented(command: str, test: str) -> None:
    """The documentation contains the command, and the other test exists."""
    assert command in {each.text for one in SECTIONS for each in one.commands}
    assert (ROOT / test).exists()


@pytest.mark.parametrize("program", NOT_RUN)
def test_programs_that_are_not_run_are_documented_and_parse(program: str) -> None:
    """Each program of NOT_RUN occurs in the documentation. Scripts are executable, and bash can parse them."""
    assert program in {program_of(command.text) for section in SECTIONS for command in section.commands} or any(
        f"`{program}`" in section.prose for section in SECTIONS
    )
    script = ROOT / "scripts" / program.removeprefix("scripts/")
    if program == "pre-commit":
        return
    assert script.stat().st_mode & 0o100
    if not script.suffix:
        subprocess.run(["/bin/bash", "-n", script], check=True)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_python_examples_run(document: str) -> None:
    """Each Python example runs. The documentation has no code block in a language that no test checks."""
    for section in sections(document):
        assert {language for language, _ in section.fences} <= LANGUAGES
        for language, block in section.fences:
            if language == "python":
                with redirect_stdout(StringIO()):
                    exec(compile(block, str(section), "exec"), {"__name__": "example"})  # noqa: S102  our own text


@pytest.mark.parametrize(("program", "command"), every_help())
def test_help_shows_examples(program: str, command: str) -> None:
    """The help of each program and of each of its commands contains examples."""
    assert examples(program, command).session


def test_readme_is_short() -> None:
    """The README has at most 150 lines."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
