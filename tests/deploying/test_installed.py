"""The life of a stack with the installed command, in an empty folder outside the checkout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import processes
import pytest
from cloud_cache import share_findings
from forked import Server
from wheel import Installation

from deploying.local_aws import Aws


@dataclass(frozen=True)
class User:
    """A user in an empty folder, with the installed command and the local cloud."""

    installation: Installation
    program: Path
    folder: Path
    aws: Aws

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run smtemplates. Its messages do not name files of a checkout."""
        cache = {"XDG_CACHE_HOME": str(self.program.parent / "cache")}
        variables = {**self.aws.environment, **self.installation.environment, **cache}
        done = processes.run([str(self.program), *words], variables, self.folder)
        assert not [name for name in ("scripts/", ".venv", "deploy.py") if name in done.stdout + done.stderr], done
        return done


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    """Return a process that forks commands of the installed package."""
    server = Server(installation.programs / "python", installation.environment)
    yield server
    server.stop()


@pytest.fixture
def user(installation: Installation, server: Server, aws: Aws, tmp_path: Path) -> User:
    account = Aws(aws.url, ("333344445555", "test"))  # other tests expect the default retention of shared log groups
    program, folder = tmp_path / "smtemplates", tmp_path / "empty"
    server.write_program(program, [installation.programs / "smtemplates"])
    folder.mkdir()
    (tmp_path / "cache" / "smtemplates").mkdir(parents=True)
    share_findings(tmp_path / "cache")
    return User(installation, program, folder, account)


def test_whole_life_of_a_stack(user: User, name: str) -> None:
    """Every step from the template to the deletion of the stack succeeds, and leaves only the requested file."""
    staged = "--create-staging-bucket"
    for code, *words in (
        (0, "render", "workspace", "-o", "workspace.yaml"),
        (0, "lint", "workspace.yaml"),
        (3, "plan", name, staged, "--detailed-exitcode"),
        (0, "deploy", name, staged, "--yes", "--set", "CreateNotebook=true"),
        (0, "status", name),
        (0, "drift", name),
        (0, "plan", name, staged, "--template", "workspace.yaml", "--detailed-exitcode"),
        (0, "deploy", name, staged, "--yes", "--set", "LogRetentionDays=60"),
        (4, "deploy", name, staged, "--yes", "--set", "CreateNotebook=false"),
        (2, "destroy", name),
    ):
        done = user.run(*words)
        assert done.returncode == code, (words, done.stdout, done.stderr)
    outputs = json.loads(user.run("outputs", name, "--json").stdout)
    assert user.aws.client("s3").list_objects_v2(Bucket=outputs["InputBucketName"])["KeyCount"] > 0
    assert user.run("destroy", name, "--confirm", name, "--delete-data").returncode == 0
    assert user.aws.status(name) is None
    assert [path.name for path in user.folder.iterdir()] == ["workspace.yaml"]


def test_link_to_a_template(user: User) -> None:
    """The installed command, in a new process, stages the template that it contains, and prints the link."""
    user.aws.client("s3").create_bucket(Bucket="linked-templates")
    words = ["publish", "link", "--staging-bucket", "linked-templates", "--set", "ProjectName=churn"]
    done = user.installation.run("smtemplates", *words, cwd=user.folder, env=user.aws.environment)
    assert done.returncode == 0, done.stderr
    assert "linked-templates" in done.stdout
    assert "param_ProjectName=churn" in done.stdout


@pytest.mark.parametrize("words", [["smtemplates"], ["python", "-m", "smtemplates"]], ids=" ".join)
def test_installed_programs_print_the_version(installation: Installation, tmp_path: Path, words: list[str]) -> None:
    """The entry point and the module are the same program. pip, pipx and uvx create the same entry point."""
    versions = [installation.run(*words, option, cwd=tmp_path) for option in ("--version", "--help")]
    assert [done.returncode for done in versions] == [0, 0]
    assert versions[0].stdout.startswith("smtemplates ")
    assert versions[1].stdout.startswith(f"usage: {' '.join(words)} ")
