"""Read the configuration file of a project. Only this module needs the TOML parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from smtemplates.aws_data.credentials import ADVICE, kind_of_credential
from smtemplates.config import schema
from smtemplates.config.lines import Path as Keys
from smtemplates.config.lines import lines_of
from smtemplates.config.problems import Places, Problem, shown_file
from smtemplates.config.project import DEFAULT_OUTPUT, Project
from smtemplates.config.sound import sound_parts
from smtemplates.config.tables import stack_table, template_table
from smtemplates.config.values import Decimal, value_problem
from smtemplates.console.files import read
from smtemplates.errors import UsageError
from smtemplates.templates.registry import TEMPLATES

MOST_DESCRIPTION_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A project without the parts of its file that have problems, and these problems.

    The templates in `incomplete` cannot be built. Some of them are not in the project: only their names are known.
    """

    project: Project
    problems: Sequence[Problem]
    incomplete: frozenset[str]
    has_all_stacks: bool


def read_project(path: Path) -> Project:
    """Read a configuration file, and check everything that needs no other file.

    Raises:
        UsageError: The file cannot be read, or has problems. The message has a line for each problem.
    """
    draft = read_draft(path)
    draft.project.check(draft.problems)
    return draft.project


def read_draft(path: Path) -> Draft:
    """Read a configuration file that can have problems.

    Raises:
        UsageError: The file cannot be read, or is not TOML.
    """
    text = read(path)
    try:
        content = _parsed(path, text)
        places = Places(path, lines_of(text, tomli.loads))
        found = list(schema.problems(content))
        found += [*_credentials(content, ()), *_values(content, found)]
    except RecursionError as error:
        raise UsageError(f"{shown_file(path)}: the values are nested too deeply.") from error
    sound = sound_parts(content, {at for at, _ in found})
    project = Project(
        path=path,
        name=sound.project or "",
        output=sound.output or DEFAULT_OUTPUT,
        templates={name: template_table(name, table) for name, table in sound.templates.items()},
        stacks={name: stack_table(name, table, sound.defaults) for name, table in sound.stacks.items()},
        places=places,
    )
    return Draft(
        project=project,
        problems=[places.problem(at, sentence) for at, sentence in found],
        incomplete=sound.incomplete,
        has_all_stacks=sound.has_all_stacks,
    )


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text, parse_float=Decimal)
    except tomli.TOMLDecodeError as error:
        raise UsageError(f"{shown_file(path)}:{error.lineno}: this is not TOML: {error.msg}.") from error
    except ValueError as error:  # Python does not read numbers of thousands of digits
        raise UsageError(f"{shown_file(path)}: a number has too many digits.") from error


def _credentials(value: Any, path: Keys) -> Iterator[tuple[Keys, str]]:
    """Yield the path of each text that looks like a credential. The sentence does not contain the text."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _credentials(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _credentials(item, (*path, number))
    elif isinstance(value, str) and (kind := kind_of_credential(value)):
        yield path, f"looks like {kind}. Credentials must not be in this file. {ADVICE}"


def _values(content: Mapping[str, Any], invalid: list[tuple[Keys, str]]) -> Iterator[tuple[Keys, str]]:
    """Yield the problems that the schema cannot express, except for parts of the file that do not conform to it."""
    names = content.get("template", {})
    for name in names if isinstance(names, dict) else ():
        if name in TEMPLATES:
            yield ("template", name), f"{name} is the name of a template of smtemplates. Choose another name."
    wrong = [path for path, _ in invalid]
    for pattern, check in _CHECKS.items():
        for path, value in _matching(content, pattern):
            if not any(path == other[: len(path)] for other in wrong) and (sentence := check(value)):
                yield path, sentence


def _staging_problem(staging: Mapping[str, Any]) -> str:
    """Return a sentence if a table does not select exactly one bucket, or ''."""
    selected = ("bucket" in staging) + staging.get("create", False)
    return "" if selected == 1 else "specify either bucket or create = true."


def _description_problem(text: str) -> str:
    """Return a sentence about a description that is too long, or ''.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    return "" if len(text.encode()) <= MOST_DESCRIPTION_BYTES else f"must have at most {MOST_DESCRIPTION_BYTES} bytes."


_CHECKS: Mapping[tuple[str, ...], Callable[[Any], str]] = {  # * is any key
    ("template", "*", "fix", "*"): value_problem,
    ("template", "*", "default", "*"): value_problem,
    ("template", "*", "description"): _description_problem,
    ("defaults", "parameters", "*"): value_problem,
    ("defaults", "staging"): _staging_problem,
    ("stack", "*", "parameters", "*"): value_problem,
    ("stack", "*", "staging"): _staging_problem,
}


def _matching(value: Any, pattern: Sequence[str], path: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield the path and the value of each key that a pattern matches."""
    if not pattern:
        yield path, value
    elif isinstance(value, dict):
        for key in value if pattern[0] == "*" else {pattern[0]} & value.keys():
            yield from _matching(value[key], pattern[1:], (*path, key))
