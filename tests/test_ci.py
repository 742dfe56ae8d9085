"""What runs elsewhere, GitHub's workflow and pre-commit's hooks, is valid and names what is here."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_follow_their_schema(schema: str) -> None:
    """Each workflow is what GitHub expects, by the schema that the checker carries, and none runs for hours."""
    files = [str(path) for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    assert files
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_run_what_is_here_and_take_no_text_from_outside() -> None:
    """Every script that a workflow runs exists, and none has an expression in it, which a branch's name could fill."""
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        lines = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
        assert lines
        for line in lines:
            assert "${{" not in line
            for sourced, script in re.findall(r"(\. )?((?:scripts|\.ci)/[\w.]+)", line):
                assert (ROOT / script).stat().st_mode & (0o400 if sourced else 0o100), line


def test_each_hook_runs_a_script_of_this_checkout() -> None:
    """Each pre-commit hook runs a script that exists and can be executed."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    scripts = [hook["entry"].split()[0] for repository in config["repos"] for hook in repository["hooks"]]
    assert scripts
    assert all((ROOT / script).stat().st_mode & 0o100 for script in scripts)
