"""Runs are recorded on this computer, also while other runs begin and end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smtemplates.deploy.change_sets import run_lock


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder with the files of all runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "smtemplates" / "runs"
    folder.mkdir(parents=True)
    return folder


def test_run_is_recorded_while_another_run_deletes_its_file(folder: Path) -> None:
    """A file that vanishes while the folder is read does not prevent that a run is recorded."""
    run = run_lock.Run()
    # reading it fails, as for a file that was just deleted
    (folder / f"{run.id[0]}-vanished").symlink_to(folder / "nothing")
    run.begin()
    assert not run_lock.ended(run.id)
    run.end(clean=False)
    assert run_lock.ended(run.id)


def test_files_of_old_runs_are_deleted(folder: Path) -> None:
    """A run deletes the old files whose ID has the same first digit, so that in time all old files are deleted."""
    digits = "0123456789abcdef"
    for digit in digits:
        (folder / f"{digit}new").touch()
        (folder / f"{digit}old").touch()
        os.utime(folder / f"{digit}old", (0, 0))
    run = run_lock.Run()
    run.begin()
    run.end(clean=True)
    remaining = {path.name for path in folder.iterdir()}
    assert remaining == {f"{digit}{age}" for digit in digits for age in ("old", "new")} - {f"{run.id[0]}old"}
