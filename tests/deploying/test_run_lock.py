"""Runs are recorded on this computer, also while other runs begin and end."""

from __future__ import annotations

from pathlib import Path

import pytest

from smtemplates.deploy.change_sets import run_lock


def test_run_is_recorded_while_another_run_deletes_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that vanishes while the folder is read does not prevent that a run is recorded."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "smtemplates" / "runs"
    folder.mkdir(parents=True)
    (folder / "vanished").symlink_to(folder / "nothing")  # reading it fails, as for a file that was just deleted
    run = run_lock.Run()
    run.begin()
    assert not run_lock.ended(run.id)
    run.end(clean=False)
    assert run_lock.ended(run.id)
