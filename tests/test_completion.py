"""Complete the command in real shells, as the installed program."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from terminals import terminal
from wheel import Installation

CONFIGURATION = "[template.company]\nkeep = ['ProjectName']\n[stack.churn]\n[stack.clicks]\nunknown = 1\n"
SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"{name} is not installed"))
    for name in ("bash", "zsh", "fish")
]
# The function that the script registers runs as it does at the completion key, and the answers are printed.
ANSWERS = {
    "bash": """eval "$(smtemplates completion bash)"
complete -p smtemplates >/dev/null || exit 9
COMP_LINE="$1" COMP_POINT=${#1} _python_argcomplete smtemplates
printf '%s\\n' "${COMPREPLY[@]}" """,
    "zsh": """autoload -U compinit; compinit -D
eval "$(smtemplates completion zsh)"
[[ -n ${_comps[smtemplates]} ]] || exit 9
_describe() { print -l -- ${(P)2} }
BUFFER="$1" CURSOR=${#1} words=(${(z)1})
$_comps[smtemplates]""",
    "fish": "smtemplates completion fish | source; complete --do-complete $argv[1]",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a configuration file that has a problem, and with two other files."""
    created = tmp_path_factory.mktemp("project")
    (created / "smtemplates.toml").write_text(CONFIGURATION)
    (created / "cluster.yaml").touch()
    (created / "guards").mkdir()
    return created


def answers(shell: str, line: str, installation: Installation, folder: Path) -> list[str]:
    """Return the completions of a line in a shell, without their descriptions."""
    words = ["-c", ANSWERS[shell], *([] if shell == "fish" else [shell]), line]
    path = f"{installation.programs}{os.pathsep}{os.environ['PATH']}"
    environment = {**installation.environment, "PATH": path}
    done = subprocess.run(
        [shell, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted({re.split(r"[\t:]", found)[0].strip() for found in done.stdout.splitlines()} - {""})


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("smtemplates re", ["reference", "render"]),
        ("smtemplates publish ver", ["version", "versions"]),
        ("smtemplates render work", ["workspace"]),
        ("smtemplates render c", ["company"]),
        ("smtemplates deploy c", ["churn", "clicks"]),
        ("smtemplates deploy churn --clear", ["--clear-studio"]),
        ("smtemplates deploy churn --template c", ["cluster.yaml", "company"]),
        ("smtemplates render --without stu", ["studio"]),
        ("smtemplates render --without studio,ml", ["studio,mlflow"]),
        ("smtemplates plan churn --region eu-central-", ["eu-central-1", "eu-central-2"]),
        ("smtemplates publish version 1.0.0 --staging-encryption A", ["AES256"]),
        ("smtemplates completion z", ["zsh"]),
    ],
)
def test_words_are_completed(
    shell: str, line: str, expected: list[str], installation: Installation, folder: Path
) -> None:
    """Commands, options, templates, stacks, features and Regions are completed, also after a comma."""
    assert answers(shell, line, installation, folder) == expected


def test_completion_key_of_an_interactive_bash(installation: Installation, folder: Path) -> None:
    """The key completes a line that is being written, and the shell runs the completed line."""
    environment = {**installation.environment, "PS1": "> ", "TERM": "dumb"}
    with terminal(["bash", "--norc", "-i"], environment, folder) as opened:
        opened.type('eval "$(smtemplates completion bash)"\nsmtemplates --ver\t; exit\n')
        written = opened.read_all()
        assert opened.process.wait(60) == 0
    assert re.search(r"^smtemplates \d+\.\d+", written, re.MULTILINE), written
