"""Messages, help and generated texts name the command that was run, and no file that only a checkout has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from docs.text import PROGRAMS, every_help, help_of

from smtemplates.console import program

PACKAGE = Path(__file__).resolve().parent.parent / "smtemplates"
# Files of a checkout, and commands that only a checkout or only one way of running the command has.
CHECKOUT = re.compile(r"scripts/|\.venv|\b\w+\.py\b|templates/[\w*-]+\.\w+|python -m smtemplates")
# Texts that may name such files: the file in the package, a pattern for the text, and the reason.
ALLOWED = [
    ("(console/program|__main__).py", r"scripts/\w+\.py|python -m ", "the names of the programs"),
    ("console/libraries.py", r"scripts/venv|\.venv", "the message is only for a checkout, which has these files"),
    (
        "aws_data/costs.py|pages/places.py|reference/(markdown|pages).py|templates/launch_role/(actions|scopes).py",
        r"smtemplates/|scripts/regenerate",
        "messages for changes of the code",
    ),
    (
        "reference/(controls|scanned|security_hub).py",
        r"^tests/|scripts/audit.py",
        "the reference says that these are files of the repository",
    ),
    ("reference/assets/approval_steps.md", r"approve_version\.py", "the reference contains this script"),
    ("templates/workspace/cli_commands.py", r"(TRAIN|PROCESS)\.py", "the program of the user in a bucket"),
    ("prove/experiments/endpoints.py", r"inference\.py", "the program of the model in an experiment"),
    ("local_cloud/lifecycle.py", "^import importlib", "code that another process runs"),
    (r"config/init/.*", "", "the files of the new project"),
    (r".*", r"^\.py$|^[\w-]+\.py$|^\*\.py$|^/__init__\.py$", "a file that the code reads"),
]


def constants(tree: ast.AST) -> Iterator[str]:
    """Yield the string constants of a module that are not docstrings or other statements."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements:
            yield node.value


def texts() -> Iterator[tuple[str, str]]:
    """Yield the file in the package and the text of each constant, and of each asset of pages and documents."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "assets" not in path.parts:
            for text in constants(ast.parse(path.read_text(encoding="utf-8"))):
                yield path.relative_to(PACKAGE).as_posix(), text
    for path in sorted(PACKAGE.rglob("assets/*")):
        if path.suffix in (".md", ".html", ".js"):
            for line in path.read_text(encoding="utf-8").splitlines():
                yield path.relative_to(PACKAGE).as_posix(), line


@cache
def uses() -> list[tuple[str, str]]:
    return [(file, text) for file, text in texts() if CHECKOUT.search(text)]


def is_allowed(file: str, text: str, row: tuple[str, str, str]) -> bool:
    return re.fullmatch(row[0], file) is not None and re.search(row[1], text) is not None


def test_texts_name_no_file_of_a_checkout() -> None:
    """A user who installed the package has every file that a text names."""
    assert [use for use in uses() if not any(is_allowed(*use, row) for row in ALLOWED)] == []


@pytest.mark.parametrize("row", ALLOWED, ids=lambda row: row[2])
def test_every_exception_is_needed(row: tuple[str, str, str]) -> None:
    """Each row of ALLOWED allows a text that no other row allows."""
    others = [other for other in ALLOWED if other != row]
    allowed = [use for use in uses() if is_allowed(*use, row)]
    assert [use for use in allowed if not any(is_allowed(*use, other) for other in others)]


@pytest.mark.parametrize("command", [words for name, words in every_help() if name == program.PACKAGE])
def test_help_names_no_file_of_a_checkout(command: str) -> None:
    """The help of the installed command recommends only commands that it has."""
    assert PROGRAMS[program.PACKAGE].prog == program.PACKAGE
    assert CHECKOUT.findall(help_of(program.PACKAGE, command)) == []
