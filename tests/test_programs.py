"""The programs in scripts/ are thin wrappers: they start fast, and from any folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
PROGRAMS = ["deploy.py", "publish.py", "local_cloud.py"]
SLOW = {"awacs", "boto3", "botocore", "cfnlint", "troposphere", "yaml"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_imports_no_slow_library(program: str, tmp_path: Path) -> None:
    """--help answers before the AWS SDK, troposphere or cfn-lint would be loaded, from any folder."""
    command = [sys.executable, "-X", "importtime", str(SCRIPTS / program), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.stdout.startswith(f"usage: {program} ")
    assert "smtemplates.cli" in imported
    assert imported & SLOW == set()
