"""Collect everything that a user or a maintainer can read, each text with its place."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from language import pages, source
from language.templates import template_texts
from language.text import Text

ROOT = Path(__file__).resolve().parents[2]
# The texts that users read, and the code with its docstrings and comments.
FOLDERS = (
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "docs",
    "examples",
    ".github",
    "smtemplates",
    "scripts",
    "templates",
    "tests",
)
# Further files with texts, which tests/language/report.py also reads.
LATER = (".ci", ".pre-commit-config.yaml", "pyproject.toml", "requirements")
# The templates of released versions are not modified.
SKIPPED = {"__pycache__", "node_modules", ".venv", "released"}
Reader = Callable[[str, str], Iterator[Text]]
READERS: dict[str, Reader] = {
    ".py": source.python_texts,
    ".sh": source.shell_texts,
    ".toml": source.hash_comments,
    ".yml": source.hash_comments,
    ".in": source.hash_comments,
    ".tf": source.hash_comments,
    ".tfvars": source.hash_comments,
    ".js": pages.script_texts,
    ".mjs": pages.script_texts,
    ".css": pages.style_texts,
    ".html": pages.page_texts,
    ".svg": pages.page_texts,
    ".md": pages.markdown_texts,
    ".guard": pages.guard_texts,
    ".yaml": template_texts,
    ".json": template_texts,
}
DATA = {".yaml", ".json"}
CODE = {"function", "docstring", "comment"}  # kinds of texts other than strings
# Locked requirements, these lists of phrases, the marker that a package has types, rules of others, and states.
WITHOUT_PROSE = {".gz", ".tfstate", ".txt", ".typed"}


def files(root: Path, names: tuple[str, ...] = FOLDERS) -> Iterator[Path]:
    """Yield the files below the given names, sorted, without caches, environments and released templates."""
    for name in names:
        start = root / name
        if start.is_file():
            yield start
        for folder, folders, found in os.walk(start):
            folders[:] = sorted(each for each in folders if each not in SKIPPED and not each.startswith("."))
            yield from (Path(folder) / each for each in sorted(found) if not each.startswith("."))


def reader(path: Path) -> Reader | None:
    """Return the function that reads a file's texts, by its suffix or its first line."""
    if path.suffix:
        return READERS.get(path.suffix)
    with path.open("rb") as file:
        first = file.readline()
    if not first.startswith(b"#!"):
        return source.hash_comments
    return source.python_texts if b"python" in first else source.shell_texts


def collect(root: Path = ROOT, names: tuple[str, ...] = FOLDERS) -> Iterator[Text]:
    """Yield the texts of all files below the given names."""
    for path in files(root, names):
        place = path.relative_to(root).as_posix()
        read = reader(path)
        if place.startswith("tests/") and path.suffix in DATA:
            read = source.hash_comments  # the data of tests is input, and some of it is broken on purpose
        if read is None:
            continue
        if place.startswith("tests/"):  # the strings of tests are inputs and expectations
            read = functools.partial(read, strings=False) if read is source.python_texts else read
            yield from (text for text in read(place, path.read_text(encoding="utf-8")) if text.kind in CODE)
        else:
            yield from read(place, path.read_text(encoding="utf-8"))
