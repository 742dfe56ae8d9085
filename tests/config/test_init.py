"""Create projects with `smtemplates init`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import smtemplates
from smtemplates.config.init.project_files import ASSETS, PIPELINES

ROOT = Path(__file__).resolve().parents[2]
PIPELINE_FILES = {
    "github": {".github/workflows/smtemplates.yml", ".github/dependabot.yml"},
    "gitlab": {".gitlab-ci.yml"},
}
PIPELINE_FILES |= {"both": PIPELINE_FILES["github"] | PIPELINE_FILES["gitlab"], "none": set()}
COMMON = {
    *("smtemplates.toml", "shared.yaml", "README.md", "requirements.txt", ".gitignore"),
    *("constructs/__init__.py", "constructs/image_repository.py", "tests/test_company.py", "templates/company.yaml"),
}


def init(*words: str, folder: Path, start: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder. `start` is a command that starts it."""
    command = [*start, sys.executable, "-m", "smtemplates", "init", *words]
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done


def content(folder: Path) -> dict[str, bytes]:
    """Return the content of all files of a folder by their paths."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("ci", PIPELINES)
def test_project_is_created_in_a_new_folder(tmp_path: Path, ci: str) -> None:
    """The folder contains the files that the command prints, with the pipelines that --ci selects."""
    done = init("ml-platform", "--ci", ci, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    expected = COMMON | PIPELINE_FILES[ci]
    assert set(content(tmp_path)) == {f"ml-platform/{name}" for name in expected} == set(done.stdout.split())


def test_next_commands_are_printed(tmp_path: Path) -> None:
    """The message ends with the commands to run, after one that enters a new folder."""
    steps = ["plan --all", "deploy --all"]
    done = init("my project", folder=tmp_path)
    commands = [f"  python -m smtemplates {step}\n" for step in steps]
    assert done.stderr.endswith("".join(["next commands:\n", "  cd 'my project'\n", *commands]))
    done = init(folder=tmp_path)
    assert done.stderr.endswith("".join(["next commands:\n", *commands]))


def test_existing_folder_keeps_its_other_files(tmp_path: Path) -> None:
    """Other files of an existing folder do not change, also those in folders of the project."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_other.py").write_text("")
    (tmp_path / "notes.txt").write_text("kept")
    assert init(folder=tmp_path).returncode == 0
    assert set(content(tmp_path)) == {*COMMON, *PIPELINE_FILES["both"], "notes.txt", "tests/test_other.py"}
    assert (tmp_path / "notes.txt").read_text() == "kept"


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    """The error names all existing files, and nothing is written. A dangling link is a file too."""
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    (tmp_path / "shared.yaml").symlink_to("missing")
    (tmp_path / "constructs").write_text("a file where the project has a folder")
    before = content(tmp_path)
    done = init(folder=tmp_path)
    assert (done.returncode, done.stdout, content(tmp_path)) == (2, "", before)
    for name in ("README.md", ".gitignore", "shared.yaml", "constructs"):
        assert re.search(rf"[ ,]{re.escape(name)}[,.]", done.stderr), done.stderr
    assert "Nothing was written" in done.stderr
    assert "smtemplates.toml" not in done.stderr


def test_second_run_is_rejected(tmp_path: Path) -> None:
    """A project is not created again, also without the file of another pipeline."""
    assert init("--ci", "github", folder=tmp_path).returncode == 0
    before = content(tmp_path)
    assert init("--ci", "gitlab", folder=tmp_path).returncode == 2
    assert content(tmp_path) == before


@pytest.mark.parametrize("folder", ["missing/new", "file", "file/new"])
def test_folder_that_cannot_be_created_is_rejected(tmp_path: Path, folder: str) -> None:
    """A folder in a missing folder, and a file in place of the folder, are errors. Nothing is written."""
    (tmp_path / "file").write_text("")
    done = init(folder, folder=tmp_path)
    assert (done.returncode, done.stdout, set(content(tmp_path))) == (2, "", {"file"}), done.stderr
    assert folder.split("/", maxsplit=1)[0] in done.stderr


def test_files_written_before_a_failure_are_deleted(tmp_path: Path) -> None:
    """If a later file cannot be written, the earlier files and folders are deleted, and nothing else."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_other.py").write_text("")
    before = content(tmp_path)
    done = init(folder=tmp_path, start=["/bin/bash", "-c", 'ulimit -f 4; exec "$@"', "bash"])
    assert (done.returncode, done.stdout) == (2, "")
    assert "Cannot write .github/workflows/smtemplates.yml: File too large. Nothing was written." in done.stderr
    assert content(tmp_path) == before
    assert not (tmp_path / "constructs").exists()


def test_requirements_name_this_version(tmp_path: Path) -> None:
    """The pipeline installs the version that created the project. No file contains a placeholder."""
    init(folder=tmp_path)
    assert f"\nsmtemplates[deploy,policy]=={smtemplates.__version__}\n" in (tmp_path / "requirements.txt").read_text()
    assert not [name for name, text in content(tmp_path).items() if b"@VERSION@" in text]


def test_actions_are_those_of_this_repository(tmp_path: Path) -> None:
    """The pinned actions are the same as in the workflows of this repository, which are kept up to date."""
    init(folder=tmp_path)
    used = re.compile(r"uses: (\S+@[0-9a-f]{40} # \S+)")
    own = {action for path in (ROOT / ".github/workflows").glob("*.yml") for action in used.findall(path.read_text())}
    text = (tmp_path / ".github/workflows/smtemplates.yml").read_text()
    assert set(used.findall(text)) <= own
    assert text.count("uses:") == len(used.findall(text))


def test_every_asset_is_used() -> None:
    """Each file in the folder of the assets is a file of a project."""
    folder = ROOT / "smtemplates/config/init/assets"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        asset.name or asset.path for asset in ASSETS
    }
