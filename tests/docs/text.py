"""The documentation as text: its commands with what they are shown to print, and the names in its prose."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smtemplates.cli import deploy, local, publish
from smtemplates.cli.parser import parser

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = "templates/README.md"
WRITTEN = sorted(str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.md")))
SMTEMPLATES = "python -m smtemplates"
PROGRAMS: dict[str, ArgumentParser] = {
    SMTEMPLATES: parser(),
    "deploy.py": deploy.parser(ROOT),
    "publish.py": publish.parser(ROOT),
    "local_cloud.py": local.parser(),
}
# How a code span begins that is a command, unless it is the program's name alone.
COMMAND = re.compile(r"((?:\. )?scripts/\w+(\.py)?|\.venv/bin/\w+|python|pre-commit) ")


@dataclass(frozen=True)
class Command:
    """A command as the documentation has it, with what it shows as printed."""

    text: str
    shown: str = ""


@dataclass(frozen=True)
class Section:
    """What stands under a heading of a document, or the examples of a program's help."""

    document: str
    title: str
    prose: str
    session: tuple[Command, ...]
    mentioned: tuple[Command, ...] = ()
    fences: tuple[tuple[str, str], ...] = ()

    @property
    def commands(self) -> tuple[Command, ...]:
        return self.session + self.mentioned

    @property
    def programs(self) -> dict[str, ArgumentParser]:
        """The programs that the section shows at work; all of them if it shows none."""
        run = {program_of(command.text) for command in self.session}
        return {name: one for name, one in PROGRAMS.items() if name in run} or PROGRAMS

    def __str__(self) -> str:
        return f"{self.document}: {self.title}"


def program_of(command: str) -> str:
    """Name the program that a command runs as its --help does: a script's file, or the package."""
    words = command.removeprefix(".venv/bin/")
    if words.startswith(("scripts/render", SMTEMPLATES)):
        return SMTEMPLATES
    found = re.search(r"scripts/(\w+\.py)", words)
    return found.group(1) if found else words.split()[0]


def arguments_of(command: str) -> Namespace | None:
    """Parse a command as its program does; nothing for a program that has no parser of its own."""
    name = program_of(command)
    if name not in PROGRAMS:
        return None
    inner = re.sub(r'^eval "\$\((.*?)\)".*', r"\1", command).removeprefix(".venv/bin/python scripts")
    words = shlex.split(inner, comments=True)
    given = words[words.index("smtemplates") + 1 :] if "smtemplates" in words else words[1:]
    return PROGRAMS[name].parse_args(["render", *given] if words[0] == "scripts/render" else given)


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def sections(document: str) -> list[Section]:
    """Split a document at its headings of the second level."""
    parts = re.split(r"^## (.*)$", read(document), flags=re.MULTILINE)
    return [_section(document, title, text) for title, text in zip(["", *parts[1::2]], parts[::2], strict=True)]


def _section(document: str, title: str, text: str) -> Section:
    fences = tuple(re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    session = tuple(command for language, block in fences if language == "console" for command in _console(block))
    mentioned = tuple(Command(span) for span in spans(prose) if COMMAND.match(span))
    return Section(document, title, prose, session, mentioned, fences)


def _console(block: str) -> Iterator[Command]:
    """Take a shell session apart: after '$ ' a command, below it what it prints."""
    for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = re.sub(r"\\\n\s*", "", entry).partition("\n")
        yield Command(command, shown)


def spans(prose: str) -> list[str]:
    """List what stands in backticks."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def examples(name: str, command: str = "") -> Section:
    """Take the examples out of the help of a program or its command; what is two spaces away from one explains it."""
    parser = commands_of(PROGRAMS[name])[command] if command else PROGRAMS[name]
    told = re.sub(r"\\\n\s*", "", parser.format_help())
    lines = re.findall(r"^  ((?:scripts|python|eval)\b.*)$", told.partition("examples:\n")[2], flags=re.MULTILINE)
    return Section(name, "--help", "", tuple(Command(re.split(r"\s{2,}", line)[0]) for line in lines))


def options_of(parser: ArgumentParser) -> set[str]:
    """List the options of a command, those of its own commands included."""
    own = set(parser._option_string_actions)  # noqa: SLF001 argparse has no public list
    return own.union(*(options_of(one) for one in commands_of(parser).values()))


def commands_of(parser: ArgumentParser) -> dict[str, ArgumentParser]:
    """Map the commands of a program to their own parsers."""
    for action in parser._actions:  # noqa: SLF001 likewise
        if isinstance(action, _SubParsersAction):
            return dict(action.choices)
    return {}
