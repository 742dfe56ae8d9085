"""A project in a temporary folder, and a user with a new project and the installed wheel."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
import wheel
from deploying.conftest import aws
from deploying.local_aws import Aws
from docs.pipelines import WorkflowReader, workflow_reader

from config.projects import User
from smtemplates.config.project import Project
from smtemplates.config.reader import read_project

__all__ = ["aws"]
Folder = Callable[..., Path]
Write = Callable[..., Project]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Return a function that writes smtemplates.toml and other files, and returns the path of smtemplates.toml.

    Modules of the project are forgotten after the test, because the next project can have modules of the same name.
    """
    monkeypatch.chdir(tmp_path)

    def write(text: str, files: dict[str, str] | None = None) -> Path:
        for name, content in {"smtemplates.toml": text, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(content).lstrip("\n"), encoding="utf-8")
        return Path("smtemplates.toml")

    yield write
    for name, module in list(sys.modules.items()):
        paths = [getattr(module, "__file__", None) or "", *(getattr(module, "__path__", None) or ())]
        if any(path.startswith(str(tmp_path)) for path in paths):
            del sys.modules[name]


@pytest.fixture
def write(folder: Folder) -> Write:
    """Return a function that writes files as `folder` does, and reads the project."""
    return lambda text, files=None: read_project(folder(text, files))


@pytest.fixture(scope="module")
def github() -> Iterator[WorkflowReader]:
    with workflow_reader() as reader:
        yield reader


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wheel.Installation]:
    """Return an environment with the wheel, and with the tools of a machine on which pipelines run."""
    folder = tmp_path_factory.mktemp("runner")
    installation = wheel.install(wheel.build(folder), folder, tools=("pip", "pytest"))
    server = installation.fork()
    yield installation
    server.stop()


@pytest.fixture
def new_user(runner: wheel.Installation, aws: Aws, tmp_path: Path) -> User:
    """Return a user in an empty folder, with an account of the local cloud."""
    folder = tmp_path / "ml-platform"
    folder.mkdir()
    return User(folder, replace(aws, keys=(f"{uuid.uuid4().int % 10**12:012}", "test")), runner)


@pytest.fixture
def user(new_user: User) -> User:
    """Return a user who has created a project."""
    new_user.run("init")
    return new_user
