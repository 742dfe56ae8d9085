"""Check the pipelines of a new project."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from docs.pipelines import WorkflowReader
from docs.text import sections

from config.projects import (
    GITLAB,
    WORKFLOW,
)
from smtemplates.config.init.project_files import create_project
from smtemplates.synth.loader import load

PLANNING = next(dict(section.fences)["json"] for section in sections("docs/project.md") if section.title == "Roles")


def check_schema(schema: str, path: Path) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pipelines_are_valid_and_pass_the_linters(github: WorkflowReader, tmp_path: Path) -> None:
    """The pipelines follow their schemas. GitHub knows each name, and zizmor reports no finding."""
    create_project(tmp_path, "both")
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        check_schema(schema, tmp_path / WORKFLOW)
    check_schema("vendor.gitlab-ci", tmp_path / GITLAB)
    check_schema("vendor.dependabot", tmp_path / ".github" / "dependabot.yml")
    assert github.errors(tmp_path / WORKFLOW, (tmp_path / WORKFLOW).read_text()) == []
    words = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--no-progress", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_pipelines_run_the_same_commands(tmp_path: Path) -> None:
    """Each job of the two pipelines runs the same commands, so the test of one applies to the other."""
    create_project(tmp_path, "both")
    github, gitlab = (load((tmp_path / name).read_text()) for name in (WORKFLOW, GITLAB))
    for name, job in github["jobs"].items():
        steps = [step["run"] for step in job["steps"] if "run" in step]
        other = {**gitlab["default"], **gitlab.get(gitlab[name].get("extends"), {}), **gitlab[name]}
        lines = [line for line in (*other["before_script"], *other["script"]) if not re.match(r"export|\(", line)]
        assert steps == [line.replace("CI_COMMIT_TAG", "GITHUB_REF_NAME") for line in lines]
