"""Read the documentation: its commands with the output that it shows, and the names in its prose."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smtemplates.cli.parser import parser
from smtemplates.console import program as run_program
from smtemplates.reference.markdown import GENERATED

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("*.md", ".github/**/*.md", "docs/**/*.md", "templates/*.md")
PAGES = sorted(path.relative_to(ROOT).as_posix() for pattern in FOLDERS for path in ROOT.glob(pattern))
# The pages that scripts/regenerate writes, and those that people write.
REFERENCE = [page for page in PAGES if (ROOT / page).read_text(encoding="utf-8").startswith(GENERATED)]
DOCUMENTS = [page for page in PAGES if page not in REFERENCE]
TUTORIAL = "docs/tutorial/team-of-five.md"
# The pages whose commands and changes of files test_journeys.py follows from the first to the last, in one folder.
FOLLOWED = {TUTORIAL} | {
    f"docs/how-to/{name}.md" for name in ("migrate-from-terraform", "company-product", "own-construct", "project")
}
QUICK_START = "Quick start on your computer"  # the section of the README
SMTEMPLATES = "smtemplates"


def options_of(program: ArgumentParser) -> set[str]:
    """Return the options of a program and of its commands."""
    options = set(program._option_string_actions)  # noqa: SLF001 argparse has no public list
    return options.union(*(options_of(command) for command in commands_of(program).values()))


def commands_of(program: ArgumentParser) -> dict[str, ArgumentParser]:
    """Return the commands of a program with their parsers."""
    for action in program._actions:  # noqa: SLF001 argparse has no public list
        if isinstance(action, _SubParsersAction):
            return dict(action.choices)
    return {}


def parser_of(name: str) -> ArgumentParser:
    """Return the parser of a program, whose help names the program."""
    run_program.use(name)
    try:
        found = parser()
        options_of(found)  # builds the parsers of all commands, whose help contains the name of the program
        return found
    finally:
        run_program.use(run_program.PACKAGE)


PROGRAMS: dict[str, ArgumentParser] = {
    SMTEMPLATES: parser(),
    **{name.rpartition("/")[2]: parser_of(name) for name in run_program.SCRIPTS.values()},
}
# A code span that begins like this is a command. A program's name alone is not one.
COMMAND = re.compile(r"((?:\. )?scripts/\w+(\.py)?|\.venv/bin/\w+|python|pre-commit) ")


@dataclass(frozen=True)
class Command:
    """A command of the documentation, with the output that the documentation shows for it."""

    text: str
    output: str = ""


@dataclass(frozen=True)
class Section:
    """The text below a heading of a document, or the examples in the help of a program."""

    document: str
    title: str
    prose: str
    session: tuple[Command, ...]
    mentioned: tuple[Command, ...] = ()
    fences: tuple[tuple[str, str], ...] = ()
    shown: tuple[Command, ...] = ()  # commands that tests parse and do not run

    @property
    def commands(self) -> tuple[Command, ...]:
        return self.session + self.mentioned

    @property
    def programs(self) -> dict[str, ArgumentParser]:
        """The programs whose commands the section shows, or all programs if it shows none."""
        run = {program_of(command.text) for command in self.session}
        return {name: program for name, program in PROGRAMS.items() if name in run} or PROGRAMS

    def __str__(self) -> str:
        return f"{self.document}: {self.title}"


def program_of(command: str) -> str:
    """Return the program of a command as its --help names it: the file of a script, or the package."""
    words = re.sub(r'^eval "\$\(', "", command.removeprefix(".venv/bin/"))
    if words.startswith(("scripts/render", SMTEMPLATES, f"python -m {SMTEMPLATES}")):
        return SMTEMPLATES
    script = re.search(r"scripts/(\w+\.py)", words)
    return script.group(1) if script else words.split()[0]


def arguments_of(command: str) -> Namespace | None:
    """Parse a command as its program does. Return None for --help, and for programs without a parser in the package."""
    name = program_of(command)
    if name not in PROGRAMS or "--help" in command:
        return None
    inner = re.sub(r'^eval "\$\((.*?)\)".*', r"\1", command).removeprefix(".venv/bin/python scripts")
    words = shlex.split(inner, comments=True)
    arguments = words[words.index("smtemplates") + 1 :] if "smtemplates" in words else words[1:]
    return PROGRAMS[name].parse_args(["render", *arguments] if words[0] == "scripts/render" else arguments)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def without_fences(text: str) -> str:
    """Return the prose of a Markdown text, without its code blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def sections(document: str) -> list[Section]:
    """Split a document at its headings of the second level."""
    parts = re.split(r"^## (.*)$", read(document), flags=re.MULTILINE)
    return [_section(document, title, text) for title, text in zip(["", *parts[1::2]], parts[::2], strict=True)]


def _section(document: str, title: str, text: str) -> Section:
    fences = tuple(re.findall(r"^```([\w{}]*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    prose = without_fences(text)
    session = tuple(command for language, block in fences if language == "console" for command in commands_in(block))
    shown = tuple(Command(line) for language, block in fences if language == "sh" for line in _shell(block))
    mentioned = tuple(Command(span) for span in code_spans(prose) if COMMAND.match(span))
    return Section(document, title, prose, session, mentioned, fences, shown)


def commands_in(block: str) -> Iterator[Command]:
    """Yield the commands of a shell session: the lines after "$ ", each with its output below it."""
    for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = re.sub(r"\\\n\s*", "", entry).partition("\n")
        yield Command(command, output)


def _shell(block: str) -> Iterator[str]:
    """Yield the commands of a block for a shell, one from each line."""
    return (line.strip() for line in re.sub(r"\\\n\s*", "", block).splitlines() if line.strip())


def code_spans(prose: str) -> list[str]:
    """Return the texts in backticks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def help_of(name: str, command: str = "") -> str:
    """Return the help of a program or one of its commands."""
    program = PROGRAMS[name]
    for word in command.split():
        program = commands_of(program)[word]
    return program.format_help()


def examples(name: str, command: str = "") -> Section:
    """Return the examples in the help of a program or one of its commands, without the explanation after two spaces."""
    text = re.sub(r"\\\n\s*", "", help_of(name, command)).partition("examples:\n")[2]
    lines = re.findall(r"^  ((?:scripts|smtemplates|eval)\b.*)$", text, flags=re.MULTILINE)
    commands = tuple(Command(re.split(r"\s{2,}", line)[0]) for line in lines)
    return Section(f"{name} {command}".strip(), "--help", "", commands)


def leaves(program: ArgumentParser, *words: str) -> Iterator[str]:
    """Yield the words of each command that a program runs, such as "publish link"."""
    if words and not commands_of(program):
        yield " ".join(words)
    for word, command in commands_of(program).items():
        yield from leaves(command, *words, word)


def every_help() -> list[tuple[str, str]]:
    """Return each program with '', and with each of its commands."""
    return [(name, words) for name, program in PROGRAMS.items() for words in ("", *leaves(program))]
