"""Test the files for people who contribute: forms, owners, hooks, and the updates of dependencies."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from schemas import check_schema
from wheel import Installation

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
FORMS = GITHUB / "ISSUE_TEMPLATE"
BAD = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: 1, Unknown: 2}}}\n"
GOOD = "Resources: {Handle: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-issue-forms", [FORMS / "bug.yml", FORMS / "proposal.yml"]),
        ("github-issue-config", [FORMS / "config.yml"]),
        ("dependabot", [GITHUB / "dependabot.yml"]),
    ],
)
def test_forms_follow_their_schema(schema: str, files: list[Path]) -> None:
    """GitHub shows no form that does not follow its schema."""
    check_schema(f"vendor.{schema}", *files)


def test_owner_is_that_of_the_repository() -> None:
    """CODEOWNERS has a team of the owner in pyproject.toml."""
    (owner,) = re.findall(r'(?m)^Repository = ".*/([\w-]+)/smtemplates"$', (ROOT / "pyproject.toml").read_text("utf-8"))
    rules = [line.split() for line in (GITHUB / "CODEOWNERS").read_text("utf-8").splitlines() if line[0] != "#"]
    assert [rule[0] for rule in rules] == ["*"]
    assert all(name.startswith(f"@{owner}/") for rule in rules for name in rule[1:])


def test_every_dependency_is_updated() -> None:
    """Dependabot covers actions and every npm project. The monthly workflow covers every file of scripts/lock."""
    updates = {(each["package-ecosystem"], each["directory"]) for each in read(GITHUB / "dependabot.yml")["updates"]}
    files = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True, capture_output=True, text=True).stdout
    npm = {("npm", f"/{Path(name).parent}") for name in files.splitlines() if Path(name).name == "package.json"}
    assert npm
    assert updates == {("github-actions", "/"), *npm}
    locks = re.findall(r"-o (\S+)", (ROOT / "scripts" / "lock").read_text("utf-8"))
    steps = read(GITHUB / "workflows" / "dependencies.yml")["jobs"]["propose"]["steps"]
    included = re.findall(r"--include='(\S+)'", steps[-1]["run"])
    assert len(locks) > 5
    assert [lock for lock in locks if not any(fnmatch.fnmatch(lock.strip('"'), each) for each in included)] == []


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("changed", [True, False], ids=["newer versions", "up to date"])
def test_newer_locks_are_proposed(tmp_path: Path, changed: bool) -> None:  # noqa: FBT001  pytest passes it by name
    """The job commits the locks only, and opens a pull request if there is a change."""
    origin, clone, programs = tmp_path / "origin", tmp_path / "clone", tmp_path / "bin"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    for name, value in {"user.name": "test", "user.email": "test@example.com"}.items():
        git(clone, "config", name, value)
    (clone / "requirements").mkdir()
    for name in ("requirements/dev.txt", "setup.py"):
        (clone / name).write_text("one\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Begin")
    if changed:
        for name in ("requirements/dev.txt", "setup.py"):
            (clone / name).write_text("two\n")
    (tmp_path / "locks.patch").write_text(git(clone, "diff"))
    git(clone, "checkout", "--quiet", ".")
    (tmp_path / "locks.patch").rename(clone / "locks.patch")
    programs.mkdir()
    (programs / "gh").write_text(f'#!/bin/sh\necho "$1 $2" >>{tmp_path}/calls\n')
    (programs / "gh").chmod(0o755)
    step = read(GITHUB / "workflows" / "dependencies.yml")["jobs"]["propose"]["steps"][-1]
    variables = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    subprocess.run(["/bin/bash", "-e", "-c", step["run"]], cwd=clone, env=variables, check=True, capture_output=True)
    assert (tmp_path / "calls").exists() == changed
    if changed:
        assert (tmp_path / "calls").read_text() == "auth setup-git\npr create\n"
        assert git(origin, "diff", "--name-only", "dependencies~", "dependencies") == "requirements/dev.txt\n"


@pytest.mark.slow
def test_the_hook_for_users_lints_their_templates(installation: Installation, tmp_path: Path) -> None:
    """The entry fails with the finding of a wrong template only. Files of other folders are not passed to it.

    pre-commit installs the package from its repository, with the library of the extra that policy rules need.
    """
    (hook,) = read(ROOT / ".pre-commit-hooks.yaml")
    declared = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"policy = {json.dumps(hook['additional_dependencies'])}\n" in declared
    assert (hook["id"], hook["language"]) == ("smtemplates-lint", "python")
    names = ["templates/a.yaml", "templates/deep/b.json", "docs/c.yaml", "templates/README.md", "my/templates/d.yaml"]
    assert [name for name in names if re.search(hook["files"], name)] == names[:2]
    for name, text in {"good.yaml": GOOD, "bad.yaml": BAD}.items():
        (tmp_path / name).write_text(text)
    words = hook["entry"].split()
    good = installation.run(*words, "good.yaml", cwd=tmp_path)
    both = installation.run(*words, "good.yaml", "bad.yaml", cwd=tmp_path)
    assert (good.returncode, both.returncode) == (0, 1), good.stderr + both.stderr
    assert "bad.yaml" in both.stdout
    assert "Unknown" in both.stdout
    assert "good.yaml" not in both.stdout
