"""Each way to run the command starts fast: help, version and completion import no slow library."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from docs.text import PROGRAMS, every_help

from smtemplates.console import program

ROOT = Path(__file__).resolve().parent.parent
ENTRY_POINT = ["-c", "import sys; from smtemplates.cli.main import main; sys.exit(main())"]
WAYS = {
    program.PACKAGE: ENTRY_POINT,
    program.MODULE: ["-m", program.PACKAGE],
    **{name.rpartition("/")[2]: [str(ROOT / name)] for name in program.SCRIPTS.values()},
}
SLOW = {"awacs", "boto3", "botocore", "cfnlint", "cloudformation_validate", "jsonschema", "troposphere", "yaml"}
HELP = [
    (way, [*words.split(), "--help"])
    for way in WAYS
    for name, words in every_help()
    if name == (program.PACKAGE if way == program.MODULE else way)
]


# Modules of the standard library whose import takes longer than the rest of --help, and the options of a command.
LARGE = {"dataclasses", "difflib", "inspect", "logging", "pathlib", "smtemplates.cli.deploy_options"}


def imported(way: str, words: Sequence[str], folder: Path, **environment: str) -> tuple[str, set[str]]:
    """Run a command in another folder, and return its standard output and the modules that it imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *WAYS[way], *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout, {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize(("way", "words"), HELP, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_help_imports_no_slow_library(way: str, words: list[str], tmp_path: Path) -> None:
    """The help of each command appears before the AWS SDK, troposphere or cfn-lint would be loaded, from any folder."""
    printed, modules = imported(way, words, tmp_path)
    assert printed.startswith(f"usage: {' '.join([way, *words[:-1]])} ")
    assert "smtemplates.cli" in modules
    assert modules & SLOW == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"]], ids=" ".join)
def test_help_of_the_whole_command_imports_no_command(words: list[str], tmp_path: Path) -> None:
    """The list of all commands and the version need neither the options of a command nor large standard modules."""
    _, modules = imported(program.PACKAGE, words, tmp_path)
    assert "smtemplates.cli.deploy_commands" in modules
    assert modules & LARGE == set()


def test_calls_to_aws_import_only_botocore() -> None:
    """A client is one of botocore. The import of boto3 takes longer than the calls of a plan."""
    code = (
        "import sys; from smtemplates.aws.session import Cloud, Connection; "
        "Cloud(Connection(region='eu-west-1')).session.client('sts'); "
        "print({'boto3', 's3transfer'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("way", [program.PACKAGE, program.MODULE])
@pytest.mark.parametrize("words", [["--version"], ["completion", "bash"], ["completion", "fish"]], ids=" ".join)
def test_version_and_completion_import_no_slow_library(way: str, words: list[str], tmp_path: Path) -> None:
    """The version and the script of a shell need only the standard library and argcomplete."""
    printed, modules = imported(way, words, tmp_path)
    assert "smtemplates" in printed
    assert modules & SLOW == set()


def test_answers_of_the_completion_import_no_slow_library(tmp_path: Path) -> None:
    """An answer reads the configuration file, but neither its schema nor the templates."""
    (tmp_path / "smtemplates.toml").write_text("[stack.churn]\n")
    line, answer = "smtemplates deploy ch", tmp_path / "answer"
    code = ENTRY_POINT[1].replace("sys.exit(main())", "main(['unused'])")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code],
        cwd=tmp_path,
        env={
            "PYTHONPATH": str(ROOT),
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.read_text().strip() == "churn"
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "argcomplete" in modules
    assert modules & SLOW == set()


def test_rendering_imports_only_the_libraries_that_build_a_template(tmp_path: Path) -> None:
    """A template is rendered where only the libraries that build and check it are installed."""
    words = ["render", "launch-role", "--no-lint", "-o", str(tmp_path / "role.yaml")]
    _, modules = imported(program.PACKAGE, words, tmp_path)
    assert "troposphere" in modules
    assert modules & {"tomli", "argcomplete", "boto3", "cfnlint"} == set()


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_without_a_command_prints_its_help(name: str, tmp_path: Path) -> None:
    """A program without a command prints its help to standard error, and exits with 2."""
    words = [sys.executable, *WAYS[name]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: {name} ")
    assert "\nexamples:\n" in done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["deplyo", "churn"], "Did you mean deploy?"),
        (["publish", "lnik"], "Did you mean link?"),
        (["deploy", "churn", "--allow-destruct"], "unrecognized arguments: --allow-destruct. Did you mean"),
        (["render", "--all-reg"], "unrecognized arguments: --all-reg. Did you mean --all-regions?"),
        (["status", "churn", "--jsno"], "Did you mean --json?"),
        (["status", "churn", "other-word-entirely", "--zzz"], "unrecognized arguments: --zzz\n"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_misspelled_words_are_rejected_with_the_nearest_name(words: list[str], hint: str, tmp_path: Path) -> None:
    """A wrong command or option exits with 2 and names the nearest one, if one is near. It never acts as another."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *ENTRY_POINT, *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert hint in done.stderr
