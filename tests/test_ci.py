"""Test the workflows of GitHub and the hooks of pre-commit: they are valid, and their scripts exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from schemas import check_schema

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_follow_their_schema(schema: str) -> None:
    """Each workflow is valid by the schema of check-jsonschema, and each job has a timeout."""
    files = [*(ROOT / ".github" / "workflows").glob("*.yml")]
    assert files
    check_schema(schema, *files)


def test_workflows_run_existing_scripts_without_expressions() -> None:
    """The scripts that a workflow runs exist. No command contains an expression: a branch name could inject code."""
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        lines = [step["run"] for job in jobs.values() for step in job.get("steps", ()) if "run" in step]
        assert lines
        for line in lines:
            assert "${{" not in line
            for sourced, script in re.findall(r"(\. )?((?:scripts|\.ci)/[\w.]+)", line):
                assert (ROOT / script).stat().st_mode & (0o400 if sourced else 0o100), line


def test_hooks_run_existing_scripts() -> None:
    """Each pre-commit hook runs an executable script of the checkout."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    scripts = [hook["entry"].split()[0] for repository in config["repos"] for hook in repository["hooks"]]
    assert scripts
    assert all((ROOT / script).stat().st_mode & 0o100 for script in scripts)


def scripts_test(folder: Path, *arguments: str, failing: str = "", **variables: str) -> int:
    """Run scripts/test with programs that only return a code, and return its exit code."""
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts" / "venv").touch()
    shutil.copy(ROOT / "scripts" / "test", folder / "scripts")
    (folder / ".venv" / "bin").mkdir(parents=True)
    programs = [folder / ".venv" / "bin" / name for name in ("python", "ruff", "lint-imports", "mypy", "pytest")]
    for program in (*programs, folder / "scripts" / "docs"):
        program.write_text(f"#!/bin/sh\necho 2\nexit {int(program.name == failing)}\n")
        program.chmod(0o755)
    environment = {**{name: value for name, value in os.environ.items() if name != "CI"}, **variables}
    return subprocess.run([folder / "scripts" / "test", *arguments], env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("failing", "arguments"),
    [(name, words) for name in ("", "ruff", "lint-imports", "mypy", "pytest", "python") for words in ([], ["--fast"])]
    + [("docs", [])],
)
def test_the_exit_code_of_scripts_test_is_that_of_its_checks(
    tmp_path: Path, failing: str, arguments: list[str]
) -> None:
    """scripts/test succeeds if all checks succeed, and fails with any of them."""
    assert scripts_test(tmp_path, *arguments, failing=failing) == int(bool(failing))


def test_ci_uses_no_findings_of_an_earlier_run(tmp_path: Path) -> None:
    """In CI, stored findings are deleted first, also if a cache directory was restored. Elsewhere they are kept."""
    for number, variables in enumerate(({"CI": "true"}, {})):
        stored = tmp_path / f"cache{number}" / "smtemplates" / "findings.json"
        stored.parent.mkdir(parents=True)
        stored.touch()
        assert scripts_test(tmp_path / str(number), XDG_CACHE_HOME=str(stored.parents[1]), **variables) == 0
        assert stored.exists() is not bool(variables)
