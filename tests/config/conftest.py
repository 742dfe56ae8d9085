"""A project in a temporary folder, which is the working directory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from smtemplates.config.project import Project, read_project

Write = Callable[..., Project]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Return a function that writes smtemplates.toml and other files, and reads the project.

    Modules of the project are forgotten after the test, because the next project can have modules of the same name.
    """
    monkeypatch.chdir(tmp_path)

    def write(text: str, files: dict[str, str] | None = None) -> Project:
        for name, content in {"smtemplates.toml": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content).lstrip("\n"), encoding="utf-8")
        return read_project(Path("smtemplates.toml"))

    yield write
    for name, module in list(sys.modules.items()):
        paths = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or ())]
        if any(path.startswith(str(tmp_path)) for path in paths):
            del sys.modules[name]
