"""Every command that the documentation shows is run as a reader would run it, and prints what is shown."""

from __future__ import annotations

import subprocess
from contextlib import redirect_stdout
from io import StringIO

import pytest

from docs.text import PROGRAMS, ROOT, WRITTEN, Section, examples, program_of, sections
from docs.world import World

pytestmark = pytest.mark.server

# What is not run here, and why; the rest of the test sees that it is a program that a shell can read.
NOT_RUN = {
    "scripts/test": "runs this test among all others",
    "scripts/bench": "measures for minutes",
    "scripts/lock": "asks the package index for newer versions",
    "pre-commit": "hooks into git; tests/test_ci.py runs each hook's command",
}
SECTIONS = [part for document in WRITTEN for part in sections(document)] + [examples(name) for name in PROGRAMS]
# pipelines and policies are held by test_pipelines.py
LANGUAGES = {"console", "python", "yaml", "json", "text"}


@pytest.mark.parametrize("section", [part for part in SECTIONS if part.commands], ids=str)
def test_commands_do_what_they_show(section: Section, reader: World) -> None:
    """The commands of a section succeed one after the other, and what it shows of their output is all they print."""
    reader.begin()
    for command in section.commands:
        if program_of(command.text) in NOT_RUN:
            continue
        reader.give(command.text)
        code, told = reader.run(command.text)
        assert code == 0, f"{command.text}\n{told}"
        if command.shown:
            assert told == command.shown


@pytest.mark.parametrize("program", NOT_RUN)
def test_what_is_not_run_is_there(program: str) -> None:
    """What takes too long to run here is shown somewhere, and is a script without a mistake in its syntax."""
    assert program in {program_of(command.text) for part in SECTIONS for command in part.commands} or any(
        f"`{program}`" in part.prose for part in SECTIONS
    )
    script = ROOT / "scripts" / program.removeprefix("scripts/")
    if program == "pre-commit":
        return
    assert script.stat().st_mode & 0o100
    if not script.suffix:
        subprocess.run(["/bin/bash", "-n", script], check=True)


@pytest.mark.parametrize("document", WRITTEN)
def test_examples_in_python_run(document: str) -> None:
    """Each Python example runs; a block in another language would need a test of its own."""
    for part in sections(document):
        assert {language for language, _ in part.fences} <= LANGUAGES
        for language, block in part.fences:
            if language == "python":
                with redirect_stdout(StringIO()):
                    exec(compile(block, str(part), "exec"), {"__name__": "example"})  # noqa: S102  it is our own text


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_shows_examples(program: str) -> None:
    """Whoever asks a program for help finds examples."""
    assert examples(program).session


def test_readme_is_short() -> None:
    """A newcomer can read the README to its end."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
