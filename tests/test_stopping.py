"""A run with workers ends at its first failure if that is requested."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = 2000  # of the other worker
FILE = f"""
import pytest

def test_that_fails():
    assert False

@pytest.mark.parametrize("number", range({TESTS}))
def test_that_passes(number):
    pass
"""


@pytest.mark.slow
def test_the_first_failure_ends_all_workers(tmp_path: Path) -> None:
    """The failure is shown, and the other worker does not run its part of the list."""
    (tmp_path / "test_sample.py").write_text(FILE)
    (tmp_path / "conftest.py").write_text("from stopping import register as pytest_configure\n")
    folder = Path(__file__).parent
    words = ["-n", "2", "--dist", "worksteal", "--exitfirst", "-p", "no:cacheprovider", "-o", f"pythonpath={folder}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "test_sample.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == pytest.ExitCode.INTERRUPTED, done.stdout
    assert "FAILED test_sample.py::test_that_fails" in done.stdout
    assert passed is None or int(passed[1]) < TESTS // 2
